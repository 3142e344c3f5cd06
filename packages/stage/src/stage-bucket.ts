import { aws_s3 as s3, Duration, RemovalPolicy } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { explain } from './exception';

/** Work documents are of use as long as an execution can be resumed. */
const WORK_EXPIRES = Duration.days(14);
const UNFINISHED_UPLOADS_EXPIRE = Duration.days(7);

export interface StageBucketProps {
  readonly pipeline: string;
  /** Further prefixes below the pipeline's that expire. */
  readonly expiring?: Record<string, Duration>;
}

/** A private bucket that outlives the stack, for data and commit logs. */
export function stageBucket(scope: Construct, id: string, props: StageBucketProps): s3.Bucket {
  const expiring = { work: WORK_EXPIRES, ...props.expiring };
  const bucket = new s3.Bucket(scope, id, {
    blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
    enforceSSL: true,
    minimumTLSVersion: 1.2,
    encryption: s3.BucketEncryption.S3_MANAGED,
    objectOwnership: s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
    removalPolicy: RemovalPolicy.RETAIN,
    // Not versioned: every object of data is written once, under a name that is never used again.
    lifecycleRules: [
      { id: 'UnfinishedUploads', abortIncompleteMultipartUploadAfter: UNFINISHED_UPLOADS_EXPIRE },
      ...Object.entries(expiring).map(([folder, expiration]) => ({
        id: `Expire-${folder}`,
        prefix: `${props.pipeline}/${folder}/`,
        expiration,
      })),
    ],
  });
  explain(bucket, { 'AwsSolutions-S1': 'access logs need a bucket that belongs to the account, not to a stage; pass a bucket that has them' });
  return bucket;
}
