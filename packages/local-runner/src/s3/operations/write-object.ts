import { rm } from 'node:fs/promises';
import { checksumHeader } from '../checksum';
import { checkWriteConditions, readWriteConditions } from '../conditions';
import { readKeptHeaders, readMetadata } from '../object-headers';
import type { ObjectRecord } from '../object-record';
import { receiveBody } from '../receive-body';
import { answerEmpty, type S3Call, type S3Event } from '../s3-call';

export async function putObject(call: S3Call): Promise<void> {
  const bucket = call.storage.bucket(call.bucket);
  const conditions = readWriteConditions(call.headers);
  const headers = readKeptHeaders(call.headers);
  const metadata = readMetadata(call.headers);
  // A writer that has lost already need not send its bytes; what decides is the check at the commit.
  checkWriteConditions(conditions, call.key, bucket.get(call.key));
  call.acceptBody();
  const body = await receiveBody(call.request, call.headers, call.storage.temporaryFile());
  try {
    const record = bucket.commit(
      body.path,
      { key: call.key, bytes: body.bytes, etag: body.md5.toString('hex'), headers, metadata, checksum: body.checksum },
      conditions,
    );
    call.emit(eventOf('ObjectCreated:Put', call.bucket, record));
    answerEmpty(call, 200, writtenHeaders(record));
  } finally {
    await rm(body.path, { force: true });
  }
}

export async function deleteObject(call: S3Call): Promise<void> {
  const removed = call.storage.bucket(call.bucket).delete(call.key, { ifMatch: call.headers['if-match'] });
  if (removed) call.emit(eventOf('ObjectRemoved:Delete', call.bucket, removed));
  answerEmpty(call, 204);
}

export function eventOf(name: S3Event['name'], bucket: string, record: ObjectRecord): S3Event {
  const time = new Date(name === 'ObjectRemoved:Delete' ? Date.now() : record.modifiedAt).toISOString();
  return { name, bucket, key: record.key, bytes: record.bytes, etag: record.etag, time };
}

export function writtenHeaders(record: ObjectRecord): Record<string, string> {
  const headers: Record<string, string> = { 'etag': `"${record.etag}"`, 'x-amz-server-side-encryption': 'AES256' };
  if (record.checksum) {
    headers[checksumHeader(record.checksum.name)] = record.checksum.value;
    headers['x-amz-checksum-type'] = record.checksum.type;
  }
  return headers;
}
