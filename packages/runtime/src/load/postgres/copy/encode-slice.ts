import type { EncodedRows } from '../../copy/part-rows';
import type { Slice } from '../../copy/slice';
import { addSizes, lengthsOf, writeColumn, type ColumnReader } from './column-bytes';

/** Signature, flags and extension length: what a binary COPY stream begins with. */
export const COPY_HEADER = Buffer.from('PGCOPY\n\u00ff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');
/** The field count -1: what it ends with. */
export const COPY_TRAILER = Buffer.from([0xff, 0xff]);

/**
 * Bytes that one message aims at. The server takes nothing out of a message before all of it has arrived, so a long one
 * makes it wait; and what is this short is still in the processor's cache when the next column is written into it.
 */
const MESSAGE_BYTES = 64 * 1024;

/** Writes the rows of a slice in PostgreSQL's binary COPY format, message by message: what is done is sent meanwhile. */
export function* encodeSlice({ rows, columns }: Pick<Slice, 'rows' | 'columns'>): Generator<EncodedRows, void, undefined> {
  const readers = columns.map((column): ColumnReader => ({ ...column, lengths: lengthsOf(column, rows), start: 0 }));
  const bytes = readers.reduce((sum, { values, bytes: texts }) => sum + values.length + texts.length, rows);
  const step = Math.max(1, Math.floor(MESSAGE_BYTES / (bytes / rows)));
  const cursors = new Uint32Array(Math.min(step, rows));
  for (let first = 0; first < rows; first += step) {
    const last = Math.min(rows, first + step);
    yield { rows: last - first, bytes: encodeRows(readers, cursors, first, last) };
  }
  for (const { bytes: texts, start } of readers) {
    if (start !== texts.length) throw new Error(`texts of a slice have ${texts.length} bytes, their lengths add up to ${start}`);
  }
}

/**
 * Column by column and not row by row: first each row's length, then each row's bytes at its own cursor. Loops over one
 * column of one form stay small enough for the compiler, and that is where the time goes.
 */
function encodeRows(columns: readonly ColumnReader[], cursors: Uint32Array, first: number, last: number): Buffer {
  const rows = last - first;
  cursors.fill(0);
  for (const column of columns) addSizes(cursors, column, first, last);
  let at = 0;
  for (let row = 0; row < rows; row += 1) {
    const size = (cursors[row] as number) + 2 + 4 * columns.length;
    cursors[row] = at + 2;
    at += size;
  }
  const out = Buffer.allocUnsafe(at);
  for (let row = 0; row < rows; row += 1) {
    const head = (cursors[row] as number) - 2;
    out[head] = columns.length >> 8;
    out[head + 1] = columns.length;
  }
  for (const column of columns) writeColumn(out, cursors, column, first, last);
  return out;
}
