import { numericSize, writeNumeric } from './numeric-wire';
import type { SliceColumn } from '../../copy/slice';

/** Texts up to this long are copied in a loop; a call of `copy` costs more than that. */
const LOOP_BYTES = 32;

/** A column of a slice, and where in its texts the next row begins. */
export interface ColumnReader extends SliceColumn {
  /** Bytes of each row's text. */
  readonly lengths: Int32Array;
  start: number;
}

/** The lengths of texts; meaningless for forms of a fixed width. */
export function lengthsOf({ column, values }: SliceColumn, rows: number): Int32Array {
  if ('width' in column) return new Int32Array(0);
  const { buffer, byteOffset } = values;
  // DuckDB aligns vectors to their type, but a copy costs nothing next to a crash where it once does not.
  return byteOffset % 4 === 0 ? new Int32Array(buffer, byteOffset, rows) : new Int32Array(values.slice().buffer, 0, rows);
}

/** Adds what the values of the rows `[first, last)` take to `sizes`, whose first element is that of `first`. */
export function addSizes(sizes: Uint32Array, reader: ColumnReader, first: number, last: number): void {
  const { column, validity, bytes, lengths } = reader;
  if ('width' in column) {
    for (let row = first; row < last; row += 1) if (!isNull(validity, row)) sizes[row - first] = (sizes[row - first] as number) + column.width;
    return;
  }
  let { start } = reader;
  for (let row = first; row < last; row += 1) {
    if (isNull(validity, row)) continue;
    const length = lengths[row] as number;
    const size = column.form === 'text' ? length : column.form === 'hex' ? length >> 1 : numericSize(bytes, start, start + length, column.scale);
    sizes[row - first] = (sizes[row - first] as number) + size;
    start += length;
  }
}

/** Writes length and value of the rows `[first, last)`, each at its own cursor, and moves the cursors on. */
export function writeColumn(out: Buffer, cursors: Uint32Array, reader: ColumnReader, first: number, last: number): void {
  const { column } = reader;
  switch (column.form) {
    case 'fixed': return writeSized(out, cursors, reader, column.width, 0, first, last);
    // The first bit of DuckDB's UUID is flipped, so that it sorts as a number.
    case 'uuid': return writeSized(out, cursors, reader, column.width, 0x80, first, last);
    case 'text': return writeTexts(out, cursors, reader, first, last);
    case 'hex': return writeHex(out, cursors, reader, first, last);
    case 'decimal': return writeDecimals(out, cursors, reader, column.scale, first, last);
  }
}

function isNull(validity: Uint8Array | null, row: number): boolean {
  return validity !== null && ((validity[row >> 3] as number) & (1 << (row & 7))) === 0;
}

/** Reverses the bytes of each value. */
function writeSized(out: Buffer, cursors: Uint32Array, reader: ColumnReader, width: number, flip: number, first: number, last: number): void {
  const { validity, values } = reader;
  for (let row = first; row < last; row += 1) {
    let at = cursors[row - first] as number;
    if (isNull(validity, row)) {
      cursors[row - first] = writeLength(out, at, -1);
      continue;
    }
    at = writeLength(out, at, width);
    for (let from = (row + 1) * width - 1, to = at; to < at + width; from -= 1, to += 1) out[to] = values[from] as number;
    if (flip !== 0) out[at] = (out[at] as number) ^ flip;
    cursors[row - first] = at + width;
  }
}

function writeTexts(out: Buffer, cursors: Uint32Array, reader: ColumnReader, first: number, last: number): void {
  const { validity, bytes, lengths } = reader;
  const source = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  let { start } = reader;
  for (let row = first; row < last; row += 1) {
    let at = cursors[row - first] as number;
    if (isNull(validity, row)) {
      cursors[row - first] = writeLength(out, at, -1);
      continue;
    }
    const length = lengths[row] as number;
    at = writeLength(out, at, length);
    if (length <= LOOP_BYTES) for (let index = 0; index < length; index += 1) out[at + index] = source[start + index] as number;
    else source.copy(out, at, start, start + length);
    cursors[row - first] = at + length;
    start += length;
  }
  reader.start = start;
}

function writeHex(out: Buffer, cursors: Uint32Array, reader: ColumnReader, first: number, last: number): void {
  const { validity, bytes, lengths } = reader;
  let { start } = reader;
  for (let row = first; row < last; row += 1) {
    let at = cursors[row - first] as number;
    if (isNull(validity, row)) {
      cursors[row - first] = writeLength(out, at, -1);
      continue;
    }
    const end = start + (lengths[row] as number);
    at = writeLength(out, at, (end - start) >> 1);
    for (; start < end; start += 2, at += 1) out[at] = (nibble(bytes[start] as number) << 4) | nibble(bytes[start + 1] as number);
    cursors[row - first] = at;
  }
  reader.start = start;
}

function nibble(digit: number): number {
  return digit <= 0x39 ? digit - 0x30 : digit - 0x37;
}

function writeDecimals(out: Buffer, cursors: Uint32Array, reader: ColumnReader, scale: number, first: number, last: number): void {
  const { validity, bytes, lengths } = reader;
  let { start } = reader;
  for (let row = first; row < last; row += 1) {
    const at = cursors[row - first] as number;
    if (isNull(validity, row)) {
      cursors[row - first] = writeLength(out, at, -1);
      continue;
    }
    const end = start + (lengths[row] as number);
    const after = writeNumeric(out, at + 4, bytes, start, end, scale);
    writeLength(out, at, after - at - 4);
    cursors[row - first] = after;
    start = end;
  }
  reader.start = start;
}

function writeLength(out: Buffer, at: number, length: number): number {
  out[at] = length >> 24;
  out[at + 1] = length >> 16;
  out[at + 2] = length >> 8;
  out[at + 3] = length;
  return at + 4;
}
