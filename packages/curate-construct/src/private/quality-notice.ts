import { Aws } from 'aws-cdk-lib';
import { jsonata } from './stage/jsonata';
import { goOn, goOnAnyway, plain, type Step } from './stage/step';

export interface NoticeProps {
  readonly topicArn: string;
  readonly pipeline: string;
  /** Where the machine goes on; it ends without. */
  readonly next?: string;
}

export const NOTICE_NEEDED = 'NoticeNeeded';
const NOTICE = 'WarnOfQuality';
const END = 'Published';

/**
 * Publishes what Publish says of quality rules that warn, and takes it out of the stage's output.
 *
 * The batches are published by then: a notice that cannot be sent is tried for a while, and never fails the run.
 */
export function qualityNotice({ topicArn, pipeline, next }: NoticeProps): Record<string, Step> {
  return {
    [NOTICE_NEEDED]: plain({
      Type: 'Choice',
      Choices: [{ Condition: jsonata('$exists($states.input.notice)'), Next: NOTICE }],
      Default: END,
    }),
    [NOTICE]: plain({
      Type: 'Task',
      Resource: `arn:${Aws.PARTITION}:states:::sns:publish`,
      Arguments: {
        TopicArn: topicArn,
        Subject: jsonata('$states.input.notice.subject'),
        Message: jsonata('$states.input.notice.message'),
        MessageAttributes: {
          pipeline: { DataType: 'String', StringValue: pipeline },
          stage: { DataType: 'String', StringValue: 'curate' },
        },
      },
      Output: jsonata('$states.input'),
      TimeoutSeconds: 60,
      Retry: [{ ErrorEquals: ['Sns.SnsException', 'Sns.SdkClientException', 'Sns.ThrottledException'], IntervalSeconds: 2, MaxAttempts: 5, BackoffRate: 2, JitterStrategy: 'FULL' }],
      Catch: goOnAnyway(END),
      Next: END,
    }),
    [END]: plain({ Type: 'Pass', Output: jsonata('$sift($states.input, function($value, $key) { $key != "notice" })'), ...goOn(next) }),
  };
}
