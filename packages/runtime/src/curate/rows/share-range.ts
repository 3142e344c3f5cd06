import type { RecordFormat } from '../../contract/contract';
import { PipelineError } from '../../errors/pipeline-error';
import type { RecordIndexDocument, RecordIndexEntry } from '../../ingest/record-index';
import { requireSchemaVersion } from '../../run/manifest';
import type { Abortable, ObjectRef, ObjectStore } from '../../stores/object-store';
import type { RowsItem } from '../documents';
import { headerBytes, mostHeaderBytes, noHeader } from './record-blocks';

/** The stretch of a part that a task reads; without `end` up to its end. */
export interface ShareRange {
  /** Where the stretch begins; absent at the part's own beginning, where a header stands. */
  readonly start?: RecordIndexEntry;
  /** Of the first byte that is another task's. */
  readonly end?: number;
}

/** A whole part, which is one task's. */
export const WHOLE_PART: ShareRange = {};

/**
 * Which stretch of its part an item stands for; undefined for none.
 *
 * All items of a part read the same index, so they agree. One that was made with another quote says nothing of these records: the first
 * item then reads all of the part.
 */
export async function shareRange(
  item: RowsItem, record: RecordFormat, bucket: string, store: ObjectStore, options: Abortable = {},
): Promise<ShareRange | undefined> {
  const { share, key, bytes } = item;
  if (share === undefined) return WHOLE_PART;
  const index = (await store.getJson<RecordIndexDocument>({ bucket, key: share.index }, options))?.value;
  const where = `s3://${bucket}/${share.index}`;
  if (index === undefined) throw new PipelineError('RECORD_INDEX', `${where}, which tells where records of ${key} begin, is missing; restore the object and start a new attempt, or land the source again`, { facts: { key } });
  requireSchemaVersion(index, where);
  const { part, framing } = index;
  if (part.key !== key || part.bytes !== bytes) {
    throw new PipelineError('RECORD_INDEX', `${where} is of ${part.key} with ${part.bytes} bytes, not of ${key} with ${bytes} bytes; restore the version that ingest wrote and start a new attempt, or land the source again`, { facts: { key } });
  }
  if (framing.quote !== (record.multiline ? record.quote : '')) return share.number === 0 ? WHOLE_PART : undefined;
  const from = (number: number): RecordIndexEntry | undefined => index.entries.find(({ offset }) => offset >= (bytes * number) / share.of);
  const [start, next] = [share.number === 0 ? undefined : from(share.number), from(share.number + 1)];
  if (share.number > 0 && (start === undefined || start.offset === next?.offset)) return undefined;
  return { start, end: share.number + 1 === share.of ? undefined : next?.offset };
}

/** The header of a part, without its line end, for a task that begins behind it. */
export async function readHeader(ref: ObjectRef, { record, source, store, signal }: {
  readonly record: RecordFormat;
  /** Names the part in errors. */
  readonly source: string;
  readonly store: ObjectStore;
  readonly signal?: AbortSignal;
}): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  const most = mostHeaderBytes(record.maxRecordBytes);
  // A byte order mark stands before it, and CR LF behind it.
  const beginning = await store.getStream(ref, { start: 0, end: most + 4 }, { signal });
  for await (const chunk of beginning as AsyncIterable<Uint8Array>) chunks.push(chunk);
  const header = headerBytes(Buffer.concat(chunks), record.multiline ? record.quote.charCodeAt(0) : -1);
  if (header === undefined) throw noHeader(source, most, record.maxRecordBytes);
  return header;
}
