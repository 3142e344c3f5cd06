import { receiveText } from '../receive-body';
import { answerEmpty, answerXml, isoSeconds, type S3Call } from '../s3-call';

/** The local account; the same everywhere in the local stack. */
const OWNER = { ID: '000000000000', DisplayName: 'headrace' };
const REGION = 'us-east-1';

export async function listBuckets(call: S3Call): Promise<void> {
  const buckets = call.storage.listBuckets();
  answerXml(call, 'ListAllMyBucketsResult', {
    Owner: OWNER,
    Buckets: { Bucket: buckets.map((bucket) => ({ Name: bucket.name, CreationDate: isoSeconds(bucket.createdAt) })) },
  });
}

export async function createBucket(call: S3Call): Promise<void> {
  call.acceptBody();
  await receiveText(call.request, call.headers, 64 * 1024);
  // In us-east-1 creating a bucket that one owns already succeeds.
  call.storage.createBucket(call.bucket);
  answerEmpty(call, 200, { location: `/${call.bucket}` });
}

export async function deleteBucket(call: S3Call): Promise<void> {
  call.storage.deleteBucket(call.bucket);
  answerEmpty(call, 204);
}

export async function headBucket(call: S3Call): Promise<void> {
  call.storage.bucket(call.bucket);
  answerEmpty(call, 200, { 'x-amz-bucket-region': REGION, 'content-type': 'application/xml' });
}

export async function getBucketLocation(call: S3Call): Promise<void> {
  call.storage.bucket(call.bucket);
  // us-east-1 is the empty location.
  answerXml(call, 'LocationConstraint', {});
}
