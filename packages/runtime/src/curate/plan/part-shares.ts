import type { RecordFormat } from '../../contract/contract';
import { isLines } from '../../contract/record-formats';
import type { RawPart } from '../../run/manifest';
import type { RowsItem } from '../documents';
import { compressionOf } from '../rows/packed/packed-source';

/** Bytes worth a task of their own, which takes most of a minute to start: some one to three minutes of work. */
const SHARE_BYTES = 8 * 1024 * 1024 * 1024;

/**
 * The items that a raw part becomes: one, or several shares of a large one where ingest noted the beginnings of its records.
 *
 * Places in a source of another encoding are those of its bytes, and are found only by reading from its beginning. A part that landed
 * under another format may have an index, which says nothing of documents and typed values.
 */
export function partShares(record: RecordFormat, part: RawPart, shareBytes = SHARE_BYTES): readonly Pick<RowsItem, 'share'>[] {
  const { recordIndex: index, bytes } = part;
  if (index === undefined || !isLines(record) || record.encoding !== 'utf-8' || compressionOf(record, part) !== 'none') return [{}];
  const of = Math.min(Math.floor(bytes / shareBytes), index.entries + 1);
  return of < 2 ? [{}] : Array.from({ length: of }, (_, number) => ({ share: { number, of, index: index.key } }));
}
