import { numericSize, writeNumeric } from './numeric-wire';
import type { Slice, SliceColumn } from './slice';

/** Signature, flags and extension length: what a binary COPY stream begins with. */
export const COPY_HEADER = Buffer.from('PGCOPY\n\u00ff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');
/** The field count -1: what it ends with. */
export const COPY_TRAILER = Buffer.from([0xff, 0xff]);

/** Texts up to this long are copied in a loop; a call of `copy` costs more than that. */
const LOOP_BYTES = 32;

/**
 * Writes the rows of a slice in PostgreSQL's binary COPY format.
 *
 * Column by column and not row by row: first each row's length, then each row's bytes at its own cursor. Loops over
 * one column of one form stay small enough for the compiler, and that is where the time goes.
 */
export function encodeSlice({ rows, columns }: Pick<Slice, 'rows' | 'columns'>): Buffer {
  const cursors = new Float64Array(rows);
  for (const column of columns) addSizes(cursors, column, rows);
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
  for (const column of columns) writeColumn(out, cursors, column, rows);
  return out;
}

function isNull(validity: Uint8Array | null, row: number): boolean {
  return validity !== null && ((validity[row >> 3] as number) & (1 << (row & 7))) === 0;
}

function lengthsOf(column: SliceColumn, rows: number): Int32Array {
  const { buffer, byteOffset } = column.values;
  // DuckDB aligns vectors to their type, but a copy costs nothing next to a crash where it once does not.
  return byteOffset % 4 === 0 ? new Int32Array(buffer, byteOffset, rows) : new Int32Array(column.values.slice().buffer, 0, rows);
}

function addSizes(sizes: Float64Array, column: SliceColumn, rows: number): void {
  const { validity, bytes } = column;
  const { form } = column.column;
  if (form === 'fixed' || form === 'uuid') {
    const { width } = column.column;
    for (let row = 0; row < rows; row += 1) if (!isNull(validity, row)) sizes[row] = (sizes[row] as number) + width;
    return;
  }
  const lengths = lengthsOf(column, rows);
  let start = 0;
  for (let row = 0; row < rows; row += 1) {
    if (isNull(validity, row)) continue;
    const length = lengths[row] as number;
    const size = form === 'text' ? length : form === 'hex' ? length >> 1 : numericSize(bytes, start, start + length);
    sizes[row] = (sizes[row] as number) + size;
    start += length;
  }
  if (start !== bytes.length) throw new Error(`texts of a slice have ${bytes.length} bytes, their lengths add up to ${start}`);
}

function writeColumn(out: Buffer, cursors: Float64Array, column: SliceColumn, rows: number): void {
  const { form } = column.column;
  if (form === 'fixed' || form === 'uuid') writeSized(out, cursors, column, column.column.width, form === 'uuid' ? 0x80 : 0, rows);
  else if (form === 'text') writeTexts(out, cursors, column, rows);
  else if (form === 'hex') writeHex(out, cursors, column, rows);
  else writeDecimals(out, cursors, column, rows);
}

/** Reverses the bytes of each value; a DuckDB UUID also has its first bit flipped, so that it sorts as a number. */
function writeSized(out: Buffer, cursors: Float64Array, column: SliceColumn, width: number, flip: number, rows: number): void {
  const { validity, values } = column;
  for (let row = 0; row < rows; row += 1) {
    let at = cursors[row] as number;
    if (isNull(validity, row)) {
      cursors[row] = writeLength(out, at, -1);
      continue;
    }
    at = writeLength(out, at, width);
    for (let from = (row + 1) * width - 1, to = at; to < at + width; from -= 1, to += 1) out[to] = values[from] as number;
    if (flip !== 0) out[at] = (out[at] as number) ^ flip;
    cursors[row] = at + width;
  }
}

function writeTexts(out: Buffer, cursors: Float64Array, column: SliceColumn, rows: number): void {
  const { validity, bytes } = column;
  const lengths = lengthsOf(column, rows);
  const source = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  let start = 0;
  for (let row = 0; row < rows; row += 1) {
    let at = cursors[row] as number;
    if (isNull(validity, row)) {
      cursors[row] = writeLength(out, at, -1);
      continue;
    }
    const length = lengths[row] as number;
    at = writeLength(out, at, length);
    if (length <= LOOP_BYTES) for (let index = 0; index < length; index += 1) out[at + index] = source[start + index] as number;
    else source.copy(out, at, start, start + length);
    cursors[row] = at + length;
    start += length;
  }
}

function writeHex(out: Buffer, cursors: Float64Array, column: SliceColumn, rows: number): void {
  const { validity, bytes } = column;
  const lengths = lengthsOf(column, rows);
  let start = 0;
  for (let row = 0; row < rows; row += 1) {
    let at = cursors[row] as number;
    if (isNull(validity, row)) {
      cursors[row] = writeLength(out, at, -1);
      continue;
    }
    const end = start + (lengths[row] as number);
    at = writeLength(out, at, (end - start) >> 1);
    for (; start < end; start += 2, at += 1) out[at] = (nibble(bytes[start] as number) << 4) | nibble(bytes[start + 1] as number);
    cursors[row] = at;
  }
}

function nibble(digit: number): number {
  return digit <= 0x39 ? digit - 0x30 : digit - 0x37;
}

function writeDecimals(out: Buffer, cursors: Float64Array, column: SliceColumn, rows: number): void {
  const { validity, bytes } = column;
  const lengths = lengthsOf(column, rows);
  let start = 0;
  for (let row = 0; row < rows; row += 1) {
    const at = cursors[row] as number;
    if (isNull(validity, row)) {
      cursors[row] = writeLength(out, at, -1);
      continue;
    }
    const end = start + (lengths[row] as number);
    const after = writeNumeric(out, at + 4, bytes, start, end);
    writeLength(out, at, after - at - 4);
    cursors[row] = after;
    start = end;
  }
}

function writeLength(out: Buffer, at: number, length: number): number {
  out[at] = length >> 24;
  out[at + 1] = length >> 16;
  out[at + 2] = length >> 8;
  out[at + 3] = length;
  return at + 4;
}
