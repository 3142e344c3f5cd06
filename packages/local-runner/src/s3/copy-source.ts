import { closeSync } from 'node:fs';
import { matchesEtag } from './conditions';
import type { ObjectRecord } from './object-record';
import { requireVisible } from './operations/read-object';
import type { S3Call } from './s3-call';
import { invalidArgument, preconditionFailed } from './s3-error';

export interface CopyFrom { readonly bucket: string; readonly key: string }

/** Reads `x-amz-copy-source`: percent-encoded, with or without a leading slash. */
export function readCopySource(header: string): CopyFrom {
  const [path, version] = header.split('?versionId=');
  let decoded: string;
  try {
    decoded = decodeURIComponent(path!);
  } catch {
    throw badSource(header);
  }
  const match = /^\/?([^/]+)\/(.+)$/s.exec(decoded);
  if (!match || (version !== undefined && version !== 'null')) throw badSource(header);
  return { bucket: match[1]!, key: match[2]! };
}

/** Opens the object to copy from, if its `x-amz-copy-source-if-*` conditions hold, and closes it afterwards. */
export async function withCopySource<T>(
  call: S3Call, use: (record: ObjectRecord, descriptor: number) => Promise<T>,
): Promise<T> {
  const from = readCopySource(call.headers['x-amz-copy-source']!);
  await requireVisible(call, from.bucket, from.key);
  const { record, descriptor } = call.storage.bucket(from.bucket).open(from.key);
  try {
    checkSourceConditions(call.headers, record);
    return await use(record, descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function checkSourceConditions(headers: S3Call['headers'], record: ObjectRecord): void {
  const prefix = 'x-amz-copy-source-if-';
  const match = headers[`${prefix}match`];
  const noneMatch = headers[`${prefix}none-match`];
  const modified = Math.floor(record.modifiedAt / 1000) * 1000;
  const since = Date.parse(headers[`${prefix}modified-since`] ?? '');
  const unmodified = Date.parse(headers[`${prefix}unmodified-since`] ?? '');
  if (match !== undefined && !matchesEtag(match, record.etag)) throw preconditionFailed(`${prefix}match`);
  if (match === undefined && modified > unmodified) throw preconditionFailed(`${prefix}unmodified-since`);
  if (noneMatch !== undefined && matchesEtag(noneMatch, record.etag)) throw preconditionFailed(`${prefix}none-match`);
  if (noneMatch === undefined && modified <= since) throw preconditionFailed(`${prefix}modified-since`);
}

function badSource(header: string): Error {
  return invalidArgument(
    'Copy Source must mention the source bucket and key: sourcebucket/sourcekey', 'x-amz-copy-source', header,
  );
}
