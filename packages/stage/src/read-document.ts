import { Aws, type aws_s3 as s3 } from 'aws-cdk-lib';
import { jsonata } from './jsonata';
import { readWork } from './prefix-grants';
import { goOn, type Step } from './step';

export interface ReadDocumentProps {
  readonly bucket: s3.IBucket;
  readonly workPrefix: string;
  /** JSONata of the key. */
  readonly key: string;
  readonly next?: string;
}

/** Passes on a small JSON document of the work prefix as the state's output. */
export function readDocument(props: ReadDocumentProps): Step {
  return {
    state: {
      Type: 'Task',
      Resource: `arn:${Aws.PARTITION}:states:::aws-sdk:s3:getObject`,
      Arguments: { Bucket: props.bucket.bucketName, Key: jsonata(props.key) },
      Output: jsonata('$parse($states.result.Body)'),
      TimeoutSeconds: 60,
      Retry: [{
        ErrorEquals: ['S3.SdkClientException', 'S3.S3Exception'],
        IntervalSeconds: 2,
        MaxAttempts: 4,
        BackoffRate: 2,
        JitterStrategy: 'FULL',
      }],
      ...goOn(props.next),
    },
    allow: [readWork(props.bucket, props.workPrefix)],
  };
}
