import type { AccessNeed } from '../iam/access';
import { readCopySource } from './copy-source';
import type { Route } from './route';
import { bucketArn, objectArn } from './s3-call';

type Headers = Readonly<Record<string, string | undefined>>;

/** Operations on an object that need one action on it. */
const OBJECT_ACTIONS: Record<string, string> = {
  GetObject: 's3:GetObject',
  HeadObject: 's3:GetObject',
  PutObject: 's3:PutObject',
  CopyObject: 's3:PutObject',
  DeleteObject: 's3:DeleteObject',
  CreateMultipartUpload: 's3:PutObject',
  UploadPart: 's3:PutObject',
  UploadPartCopy: 's3:PutObject',
  CompleteMultipartUpload: 's3:PutObject',
  AbortMultipartUpload: 's3:AbortMultipartUpload',
  ListParts: 's3:ListMultipartUploadParts',
};

const BUCKET_ACTIONS: Record<string, string> = {
  ListObjectsV2: 's3:ListBucket',
  ListObjects: 's3:ListBucket',
  HeadBucket: 's3:ListBucket',
  ListMultipartUploads: 's3:ListBucketMultipartUploads',
  GetBucketLocation: 's3:GetBucketLocation',
  CreateBucket: 's3:CreateBucket',
  DeleteBucket: 's3:DeleteBucket',
};

/** What a request must be allowed to do. DeleteObjects asks per key while it is served, and needs nothing here. */
export function neededPermissions(route: Route, query: URLSearchParams, headers: Headers): AccessNeed[] {
  const { operation, bucket, key } = route;
  if (operation === 'ListBuckets') return [{ action: 's3:ListAllMyBuckets', resource: '*' }];
  const bucketAction = BUCKET_ACTIONS[operation];
  if (bucketAction) return [{ action: bucketAction, resource: bucketArn(bucket), context: listContext(operation, query) }];
  const objectAction = OBJECT_ACTIONS[operation];
  if (!objectAction) return [];
  const needs: AccessNeed[] = [{ action: objectAction, resource: objectArn(bucket, key), context: objectContext(operation, headers) }];
  if (headers['x-amz-tagging'] !== undefined) needs.push({ action: 's3:PutObjectTagging', resource: objectArn(bucket, key) });
  // A comparison with the object that is there tells something about it, so S3 wants the right to read it.
  const comparesEtag = headers['if-match'] !== undefined && headers['if-match'] !== '*';
  if (comparesEtag && /^(PutObject|CopyObject|CompleteMultipartUpload|DeleteObject)$/.test(operation)) {
    needs.push({ action: 's3:GetObject', resource: objectArn(bucket, key) });
  }
  if (operation === 'CopyObject' || operation === 'UploadPartCopy') {
    const from = readCopySource(headers['x-amz-copy-source'] ?? '');
    needs.unshift({ action: 's3:GetObject', resource: objectArn(from.bucket, from.key) });
  }
  return needs;
}

function listContext(operation: string, query: URLSearchParams): Record<string, string[]> | undefined {
  if (!operation.startsWith('ListObjects')) return undefined;
  const context: Record<string, string[]> = {};
  for (const name of ['prefix', 'delimiter', 'max-keys']) {
    const value = query.get(name);
    if (value !== null) context[`s3:${name}`] = [value];
  }
  return context;
}

/** Request headers that S3 offers as condition keys. */
function objectContext(operation: string, headers: Headers): Record<string, string[]> {
  const context: Record<string, string[]> = {};
  if (OBJECT_ACTIONS[operation] === 's3:PutObject') {
    // By this key policies exempt the steps of an upload that cannot carry a condition of their own.
    context['s3:ObjectCreationOperation'] = [String(/^(PutObject|CopyObject|CompleteMultipartUpload)$/.test(operation))];
  }
  for (const name of ['x-amz-acl', 'x-amz-server-side-encryption', 'x-amz-storage-class', 'x-amz-copy-source', 'x-amz-content-sha256', 'if-none-match', 'if-match']) {
    const value = headers[name];
    if (value !== undefined) context[`s3:${name}`] = [value];
  }
  return context;
}
