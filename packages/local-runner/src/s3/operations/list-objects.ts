import { checksumElement } from '../checksum';
import { compareKeys, type SortedKeys } from '../key-order';
import type { ObjectRecord } from '../object-record';
import { answerXml, isoSeconds, type S3Call } from '../s3-call';
import { invalidArgument } from '../s3-error';
import type { XmlTree } from '../xml';

const MAX_KEYS = 1000;

/** One page: keys and common prefixes in the order of the bucket, and where the next page starts. */
interface Page {
  readonly keys: string[];
  readonly prefixes: string[];
  /** Last key or common prefix of a page that has more after it. */
  readonly last?: string;
}

export async function listObjectsV2(call: S3Call): Promise<void> {
  const { query } = call;
  const bucket = call.storage.bucket(call.bucket);
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') ?? '';
  const limit = readMaxKeys(query);
  const token = query.get('continuation-token');
  const after = token === null ? query.get('start-after') ?? '' : readToken(token);
  const page = listPage(bucket.keys, prefix, delimiter, after, limit);
  const encode = keyEncoder(query);
  answerXml(call, 'ListBucketResult', {
    Name: call.bucket,
    Prefix: encode(prefix),
    Delimiter: delimiter === '' ? undefined : encode(delimiter),
    StartAfter: query.has('start-after') ? encode(query.get('start-after')!) : undefined,
    ContinuationToken: token ?? undefined,
    NextContinuationToken: page.last === undefined ? undefined : Buffer.from(page.last).toString('base64url'),
    KeyCount: page.keys.length + page.prefixes.length,
    MaxKeys: limit,
    EncodingType: query.get('encoding-type') ?? undefined,
    IsTruncated: page.last !== undefined,
    Contents: page.keys.map((key) => describe(bucket.get(key)!, encode)),
    CommonPrefixes: page.prefixes.map((common) => ({ Prefix: encode(common) })),
  });
}

/** The first version of the call, for clients that still use it: a marker in place of the token. */
export async function listObjects(call: S3Call): Promise<void> {
  const { query } = call;
  const bucket = call.storage.bucket(call.bucket);
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') ?? '';
  const marker = query.get('marker') ?? '';
  const limit = readMaxKeys(query);
  const page = listPage(bucket.keys, prefix, delimiter, marker, limit);
  const encode = keyEncoder(query);
  answerXml(call, 'ListBucketResult', {
    Name: call.bucket,
    Prefix: encode(prefix),
    Marker: encode(marker),
    // S3 gives the next marker only when grouping; otherwise it is the last key, which the client has.
    NextMarker: page.last === undefined || delimiter === '' ? undefined : encode(page.last),
    Delimiter: delimiter === '' ? undefined : encode(delimiter),
    MaxKeys: limit,
    EncodingType: query.get('encoding-type') ?? undefined,
    IsTruncated: page.last !== undefined,
    Contents: page.keys.map((key) => describe(bucket.get(key)!, encode)),
    CommonPrefixes: page.prefixes.map((common) => ({ Prefix: encode(common) })),
  });
}

export function listPage(sorted: SortedKeys, prefix: string, delimiter: string, after: string, limit: number): Page {
  const keys: string[] = [];
  const prefixes: string[] = [];
  let last: string | undefined;
  let index = startIndex(sorted, prefix, delimiter, after);
  for (;;) {
    const key = sorted.at(index);
    if (key === undefined || !key.startsWith(prefix)) return { keys, prefixes };
    if (keys.length + prefixes.length >= limit) return { keys, prefixes, last: limit === 0 ? undefined : last };
    const common = commonPrefix(key, prefix, delimiter);
    if (common === undefined) {
      keys.push(key);
      index += 1;
    } else {
      prefixes.push(common);
      index = sorted.firstBeyondPrefix(common);
    }
    last = common ?? key;
  }
}

function startIndex(sorted: SortedKeys, prefix: string, delimiter: string, after: string): number {
  if (after === '' || compareKeys(after, prefix) < 0) return sorted.firstNotBelow(prefix);
  // Everything under a common prefix that was already given is behind us.
  if (after.startsWith(prefix) && commonPrefix(after, prefix, delimiter) === after) return sorted.firstBeyondPrefix(after);
  return sorted.firstAbove(after);
}

function commonPrefix(key: string, prefix: string, delimiter: string): string | undefined {
  if (delimiter === '') return undefined;
  const at = key.indexOf(delimiter, prefix.length);
  return at < 0 ? undefined : key.slice(0, at + delimiter.length);
}

function describe(record: ObjectRecord, encode: (text: string) => string): XmlTree {
  return {
    Key: encode(record.key),
    LastModified: isoSeconds(record.modifiedAt),
    ETag: `"${record.etag}"`,
    ChecksumAlgorithm: record.checksum && checksumElement(record.checksum.name).slice('Checksum'.length),
    ChecksumType: record.checksum?.type,
    Size: record.bytes,
    StorageClass: record.headers['x-amz-storage-class'] ?? 'STANDARD',
  };
}

function readMaxKeys(query: URLSearchParams): number {
  const text = query.get('max-keys');
  if (text === null || text === '') return MAX_KEYS;
  if (!/^\d{1,10}$/.test(text)) throw invalidArgument('Provided max-keys not an integer or within integer range', 'max-keys', text);
  return Math.min(Number(text), MAX_KEYS);
}

function readToken(token: string): string {
  const key = Buffer.from(token, 'base64url');
  if (token === '' || key.toString('base64url') !== token) {
    throw invalidArgument('The continuation token provided is incorrect', 'continuation-token', token);
  }
  return key.toString();
}

/** With `encoding-type=url` keys are percent-encoded, so that any of them fits XML. */
export function keyEncoder(query: URLSearchParams): (text: string) => string {
  const kind = query.get('encoding-type');
  if (kind === null) return (text) => text;
  if (kind !== 'url') throw invalidArgument('Invalid Encoding Method specified in Request', 'encoding-type', kind);
  return (text) => encodeURIComponent(text).replace(/%2F/g, '/').replace(/%20/g, '+').replace(/[!'()]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}
