import { Aws, type aws_s3 as s3 } from 'aws-cdk-lib';
import { jsonata } from './jsonata';
import type { Retrier, Step } from './step';

/** Failures of the S3 service itself. */
export const S3_FAILED: Retrier = {
  ErrorEquals: ['S3.SdkClientException', 'S3.S3Exception'], IntervalSeconds: 2, MaxAttempts: 3, BackoffRate: 2, JitterStrategy: 'FULL',
};

export interface RecordFailureProps {
  readonly bucket: s3.IBucket;
  readonly workPrefix: string;
  /** The step that the container did. */
  readonly step: string;
  /** What the document's name begins with. */
  readonly mark: string;
  /** Code, kind, fault, message and facts, as a container would write them. */
  readonly failure: Record<string, unknown>;
  /** Whether the document was written or not. */
  readonly next: string;
}

/** Leaves the error document of an item that its container has not left. */
export function recordFailure({ bucket, workPrefix, step, mark, failure, next }: RecordFailureProps): Step {
  return {
    state: {
      Type: 'Task',
      Resource: `arn:${Aws.PARTITION}:states:::aws-sdk:s3:putObject`,
      Arguments: {
        Bucket: bucket.bucketName,
        Key: jsonata(`$replace($states.input.plan.key, /plan\\.json$/, "errors/${mark}${step}-" & $string($states.input.index) & ".json")`),
        Body: { schemaVersion: 1, step, index: jsonata('$states.input.index'), at: jsonata('$now()'), ...failure },
      },
      Output: jsonata('$states.input'),
      TimeoutSeconds: 60,
      Retry: [S3_FAILED],
      Catch: [{ ErrorEquals: ['States.ALL'], Output: jsonata('$states.input'), Next: next }],
      Next: next,
    },
    allow: [{ actions: ['s3:PutObject'], resources: [bucket.arnForObjects(`${workPrefix}*`)], wildcardReason: 'objects below folders of this pipeline' }],
  };
}
