import type { aws_iam as iam, aws_s3 as s3 } from 'aws-cdk-lib';
import { allow, type Permission } from './permission';

export interface PrefixGrant {
  readonly bucket: s3.IBucket;
  /** Prefixes that end with a slash. */
  readonly read?: string[];
  readonly write?: string[];
  /** Only their names. */
  readonly list?: string[];
}

const BELOW = 'objects below folders of this pipeline';

/**
 * Lets a role read and write below named prefixes of a bucket, and nothing else.
 *
 * Listing goes with reading: without it S3 answers 403 and not 404 for an object that does not exist yet, and the commit
 * logs live on that answer. `IfExists`, because such a question names no prefix.
 */
export function grantPrefixes(role: iam.IRole, grant: PrefixGrant): void {
  const { bucket, read = [], write = [], list = [] } = grant;
  const listed = [...read, ...list];
  const objects = (prefixes: string[]) => prefixes.map((prefix) => bucket.arnForObjects(`${prefix}*`));
  if (read.length > 0) {
    allow(role, { actions: ['s3:GetObject'], resources: objects(read), wildcardReason: BELOW });
  }
  if (listed.length > 0) {
    allow(role, {
      actions: ['s3:ListBucket'],
      resources: [bucket.bucketArn],
      conditions: { StringLikeIfExists: { 's3:prefix': listed.map((prefix) => `${prefix}*`) } },
    });
  }
  if (write.length > 0) {
    allow(role, { actions: ['s3:PutObject', 's3:AbortMultipartUpload'], resources: objects(write), wildcardReason: BELOW });
  }
  if (write.length > 0) bucket.encryptionKey?.grantEncryptDecrypt(role);
  else if (read.length > 0) bucket.encryptionKey?.grantDecrypt(role);
}

/** Reading the work documents of one stage. */
export function readWork(bucket: s3.IBucket, workPrefix: string): Permission {
  return { actions: ['s3:GetObject'], resources: [bucket.arnForObjects(`${workPrefix}*`)], wildcardReason: BELOW };
}
