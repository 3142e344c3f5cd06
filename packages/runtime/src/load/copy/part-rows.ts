import type { DuckDBConnection } from '@duckdb/node-api';
import type { Slice } from './slice';

/** Some whole rows in the format of the target. */
export interface EncodedRows {
  readonly rows: number;
  readonly bytes: Buffer;
}

/** Writes the rows of a slice in the target's format, message by message: what is done is sent meanwhile. */
export type EncodeSlice = (slice: Pick<Slice, 'rows' | 'columns'>) => Generator<EncodedRows, void, undefined>;

/** Encoded bytes that one slice aims at: a few slices in flight stay far below the smallest task's memory. */
const SLICE_BYTES = 8 * 1024 * 1024;
/** Rows of the first slice, which measures how long a row is. */
const FIRST_ROWS = 256;
const MIN_ROWS = 16;

export interface RowGroup {
  readonly first: number;
  readonly rows: number;
}

/** Reads the rows `[first, last)` of a file. */
export type ReadRows = (first: number, last: number) => Promise<Slice>;

/**
 * Reads all rows of a file and yields them in the format of the target.
 *
 * The next slice is read in DuckDB's thread while the current one is encoded and sent. The length of a slice follows
 * the rows seen so far, so memory depends on neither the file's size nor the length of its rows. A slice never
 * crosses a row group, which would make DuckDB decode one twice.
 */
export async function* encodedRows(read: ReadRows, groups: readonly RowGroup[], encode: EncodeSlice): AsyncGenerator<EncodedRows, void, undefined> {
  let rowBytes = 0;
  let groupIndex = 0;
  let done = 0;
  const next = (): Promise<Slice> | undefined => {
    const group = groups[groupIndex];
    if (group === undefined) return undefined;
    const left = group.rows - done;
    const wanted = rowBytes === 0 ? FIRST_ROWS : Math.max(MIN_ROWS, Math.floor(SLICE_BYTES / rowBytes));
    // Even shares: a tail of a few rows would cost as much as a full slice.
    const rows = Math.ceil(left / Math.ceil(left / wanted));
    const first = group.first + done;
    done += rows;
    if (done >= group.rows) {
      groupIndex += 1;
      done = 0;
    }
    const slice = read(first, first + rows);
    // A failure is seen where the slice is awaited; the consumer may have left before that.
    slice.catch(() => undefined);
    return slice;
  };
  let pending = next();
  let measured = false;
  while (pending !== undefined) {
    const slice: Slice = await pending;
    // The first slice is measured before another is asked for: rows may be a megabyte each.
    if (measured) pending = next();
    let bytes = 0;
    for (const encoded of encode(slice)) {
      bytes += encoded.bytes.length;
      yield encoded;
    }
    // Read after the bytes are copied out: until then the slice must be alive for the memory behind it to be.
    rowBytes = Math.max(bytes / slice.rows, rowBytes * 0.9);
    if (!measured) pending = next();
    measured = true;
  }
}

/** The row groups of a Parquet file, without those that are empty. */
export async function rowGroups(connection: DuckDBConnection, file: string): Promise<RowGroup[]> {
  const reader = await connection.runAndReadAll(
    'SELECT row_group_id, max(row_group_num_rows) FROM parquet_metadata(?) GROUP BY 1 ORDER BY 1', [file],
  );
  let first = 0;
  const groups: RowGroup[] = [];
  for (const [, count] of reader.getRows()) {
    const rows = Number(count);
    if (rows > 0) groups.push({ first, rows });
    first += rows;
  }
  return groups;
}
