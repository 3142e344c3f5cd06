import { S3Error } from './s3-error';

/** Which operation a request is: bucket and key are decoded. */
export interface Route { readonly operation: string; readonly bucket: string; readonly key: string }

/** Longest key of S3, in bytes of UTF-8. */
const MAX_KEY_BYTES = 1024;

/** Parameters that select an operation, in the order in which S3's own routing prefers them. */
const SUBRESOURCES: ReadonlyArray<readonly [parameter: string, noun: string]> = [
  ['acl', 'Acl'], ['tagging', 'Tagging'], ['versioning', 'Versioning'], ['versions', 'ObjectVersions'], ['policy', 'Policy'],
  ['policyStatus', 'PolicyStatus'], ['lifecycle', 'LifecycleConfiguration'], ['notification', 'NotificationConfiguration'],
  ['encryption', 'Encryption'], ['cors', 'Cors'], ['website', 'Website'], ['logging', 'Logging'], ['replication', 'Replication'],
  ['publicAccessBlock', 'PublicAccessBlock'], ['ownershipControls', 'OwnershipControls'], ['object-lock', 'ObjectLockConfiguration'],
  ['accelerate', 'AccelerateConfiguration'], ['inventory', 'InventoryConfiguration'], ['metrics', 'MetricsConfiguration'],
  ['analytics', 'AnalyticsConfiguration'], ['intelligent-tiering', 'IntelligentTieringConfiguration'],
  ['requestPayment', 'RequestPayment'], ['retention', 'ObjectRetention'], ['legal-hold', 'ObjectLegalHold'],
  ['attributes', 'ObjectAttributes'], ['torrent', 'ObjectTorrent'], ['restore', 'RestoreObject'], ['select', 'SelectObjectContent'],
  ['session', 'Session'], ['append', 'Append'],
];

/** @throws S3Error when the path cannot be decoded, or a key is too long */
export function routeRequest(
  method: string, rawPath: string, query: URLSearchParams, headers: Readonly<Record<string, string | undefined>>,
): Route {
  const { bucket, key } = splitPath(rawPath);
  const operation = nameOperation(method, bucket, key, query, headers);
  return { operation, bucket, key };
}

function splitPath(rawPath: string): { bucket: string; key: string } {
  const slash = rawPath.indexOf('/', 1);
  const bucket = slash < 0 ? rawPath.slice(1) : rawPath.slice(1, slash);
  const key = slash < 0 ? '' : rawPath.slice(slash + 1);
  try {
    const decoded = decodeURIComponent(key);
    if (Buffer.byteLength(decoded) > MAX_KEY_BYTES) {
      throw new S3Error(400, 'KeyTooLongError', 'Your key is too long', {
        Size: String(Buffer.byteLength(decoded)), MaxSizeAllowed: String(MAX_KEY_BYTES),
      });
    }
    return { bucket: decodeURIComponent(bucket), key: decoded };
  } catch (error) {
    if (error instanceof S3Error) throw error;
    throw new S3Error(400, 'InvalidURI', "Couldn't parse the specified URI.", { URI: rawPath });
  }
}

function nameOperation(
  method: string, bucket: string, key: string, query: URLSearchParams, headers: Readonly<Record<string, string | undefined>>,
): string {
  if (bucket === '') return method === 'GET' ? 'ListBuckets' : unknownMethod(method);
  const subresource = SUBRESOURCES.find(([parameter]) => query.has(parameter));
  if (subresource) return nameSubresource(method, key, subresource[1]);
  return key === '' ? nameBucketOperation(method, query) : nameObjectOperation(method, query, headers);
}

function nameBucketOperation(method: string, query: URLSearchParams): string {
  if (method === 'GET' && query.has('location')) return 'GetBucketLocation';
  if (method === 'GET' && query.has('uploads')) return 'ListMultipartUploads';
  if (method === 'POST' && query.has('delete')) return 'DeleteObjects';
  switch (method) {
    case 'GET': return query.get('list-type') === '2' ? 'ListObjectsV2' : 'ListObjects';
    case 'HEAD': return 'HeadBucket';
    case 'PUT': return 'CreateBucket';
    case 'DELETE': return 'DeleteBucket';
    case 'POST': return 'PostObject';
    default: return unknownMethod(method);
  }
}

function nameObjectOperation(method: string, query: URLSearchParams, headers: Readonly<Record<string, string | undefined>>): string {
  const isCopy = headers['x-amz-copy-source'] !== undefined;
  const inUpload = query.has('uploadId');
  switch (method) {
    case 'GET': return inUpload ? 'ListParts' : 'GetObject';
    case 'HEAD': return 'HeadObject';
    case 'PUT':
      if (inUpload || query.has('partNumber')) return isCopy ? 'UploadPartCopy' : 'UploadPart';
      return isCopy ? 'CopyObject' : 'PutObject';
    case 'POST':
      if (query.has('uploads')) return 'CreateMultipartUpload';
      return inUpload ? 'CompleteMultipartUpload' : unknownMethod(method);
    case 'DELETE': return inUpload ? 'AbortMultipartUpload' : 'DeleteObject';
    default: return unknownMethod(method);
  }
}

/** Names what is not served, such as `GetBucketLifecycleConfiguration`, so that the refusal says it. */
function nameSubresource(method: string, key: string, noun: string): string {
  if (noun === 'ObjectVersions') return 'ListObjectVersions';
  if (/^(RestoreObject|SelectObjectContent)$/.test(noun)) return noun;
  const verb = { GET: 'Get', HEAD: 'Head', PUT: 'Put', POST: 'Post', DELETE: 'Delete' }[method] ?? unknownMethod(method);
  return `${verb}${noun.startsWith('Object') ? '' : key === '' ? 'Bucket' : 'Object'}${noun}`;
}

function unknownMethod(method: string): never {
  throw new S3Error(405, 'MethodNotAllowed', 'The specified method is not allowed against this resource.', { Method: method });
}
