import { closeSync } from 'node:fs';
import { readByteRange, type ByteRange } from '../byte-range';
import { checkReadConditions } from '../conditions';
import { describeObject } from '../object-headers';
import type { ObjectRecord } from '../object-record';
import { answerEmpty, bucketArn, type S3Call } from '../s3-call';
import { invalidArgument, noSuchKey, S3Error } from '../s3-error';
import { sendFile } from '../send-file';

const OVERRIDES = [
  'content-type', 'content-encoding', 'content-disposition', 'content-language', 'cache-control', 'expires',
];

export async function getObject(call: S3Call): Promise<void> {
  await requireVisible(call);
  const { record, descriptor } = call.storage.bucket(call.bucket).open(call.key);
  let handedOver = false;
  try {
    const answer = prepare(call, record);
    if (answer === undefined) return;
    const { status, headers, range } = answer;
    call.response.writeHead(status, headers);
    const length = range ? range.end - range.start + 1 : record.bytes;
    if (length === 0) {
      call.response.end();
      return;
    }
    handedOver = true;
    await sendFile(descriptor, range ?? { start: 0, end: record.bytes - 1 }, call.response);
  } finally {
    if (!handedOver) closeSync(descriptor);
  }
}

export async function headObject(call: S3Call): Promise<void> {
  await requireVisible(call);
  const record = call.storage.bucket(call.bucket).get(call.key);
  if (record === undefined) throw noSuchKey(call.key);
  const answer = prepare(call, record);
  if (answer === undefined) return;
  call.response.writeHead(answer.status, answer.headers);
  call.response.end();
}

/** To those who may not list the bucket, S3 does not tell that a key is missing: they get 403 for 404. */
export async function requireVisible(call: S3Call, bucket = call.bucket, key = call.key): Promise<void> {
  if (call.storage.bucket(bucket).get(key) !== undefined) return;
  const listing = await call.may({ action: 's3:ListBucket', resource: bucketArn(bucket) });
  if (!listing.allowed) throw new S3Error(403, 'AccessDenied', listing.message);
}

interface Answer { status: number; headers: Record<string, string>; range?: ByteRange }

function prepare(call: S3Call, record: ObjectRecord): Answer | undefined {
  if (checkReadConditions(call.headers, record) === 'notModified') {
    const { etag, 'last-modified': modified } = describeObject(record, false);
    answerEmpty(call, 304, { etag: etag!, 'last-modified': modified! });
    return undefined;
  }
  const part = readPart(call, record);
  const range = part?.range ?? readByteRange(call.headers.range, record.bytes);
  const wantsChecksum = call.headers['x-amz-checksum-mode']?.toUpperCase() === 'ENABLED' && range === undefined;
  const headers = { ...describeObject(record, wantsChecksum), ...readOverrides(call) };
  const length = range ? range.end - range.start + 1 : record.bytes;
  headers['content-length'] = String(length);
  if (range) headers['content-range'] = `bytes ${range.start}-${range.end}/${record.bytes}`;
  if (part?.count !== undefined) headers['x-amz-mp-parts-count'] = String(part.count);
  return { status: range ? 206 : 200, headers, range };
}

function readPart(call: S3Call, record: ObjectRecord): { range?: ByteRange; count?: number } | undefined {
  const text = call.query.get('partNumber');
  if (text === null) return undefined;
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1 || number > 10_000) {
    throw invalidArgument('Part number must be an integer between 1 and 10000, inclusive', 'partNumber', text);
  }
  const sizes = record.partBytes ?? [record.bytes];
  const size = sizes[number - 1];
  if (size === undefined) {
    throw new S3Error(416, 'InvalidPartNumber', 'The requested partnumber is not satisfiable', {
      PartNumberRequested: text, ActualPartCount: String(sizes.length),
    });
  }
  if (record.bytes === 0) return {};
  const start = sizes.slice(0, number - 1).reduce((sum, bytes) => sum + bytes, 0);
  return { range: { start, end: start + size - 1 }, count: record.partBytes?.length };
}

function readOverrides(call: S3Call): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of OVERRIDES) {
    const value = call.query.get(`response-${name}`);
    if (value !== null) found[name] = value;
  }
  return found;
}
