import type { DuckDBConnection } from '@duckdb/node-api';
import duckdb from '@duckdb/node-bindings';

/**
 * How one column, or one line of several, travels from a Parquet file to the target.
 *
 * DuckDB turns the value into `width` bytes, or into a text or hex digits of any length; JavaScript only moves those
 * bytes. No value ever becomes a JavaScript number, date or string.
 */
export type WireColumn =
  | { readonly form: 'fixed'; readonly width: 1 | 2 | 4 | 8; readonly sql: string }
  | { readonly form: 'uuid'; readonly width: 16; readonly sql: string }
  | { readonly form: 'text'; readonly sql: string }
  | { readonly form: 'hex'; readonly sql: string }
  | { readonly form: 'decimal'; readonly scale: number; readonly sql: string };

/** One column of a slice, as bytes that DuckDB owns or that were copied out of it. */
export interface SliceColumn {
  readonly column: WireColumn;
  /** One bit per row, least significant first; null when no value is NULL. */
  readonly validity: Uint8Array | null;
  /** `fixed` and `uuid`: the values, little-endian. Other forms: lengths in bytes, one 32-bit integer per row. */
  readonly values: Uint8Array;
  /** Texts of all rows, one after the other; empty for `fixed` and `uuid`. */
  readonly bytes: Uint8Array;
}

/** Some consecutive rows of a part, column by column. */
export interface Slice {
  readonly rows: number;
  readonly columns: readonly SliceColumn[];
  /** Owns the memory that `columns` points into, so it must outlive their use. */
  readonly owner: unknown;
}

const NONE = new Uint8Array(0);

/**
 * Statement that returns the rows `[first, last)` of a file as one row of lists.
 *
 * Lists, because a list's child is one contiguous array, which JavaScript can read as bytes without a call per value.
 */
export function sliceSql(columns: readonly WireColumn[], relation: string, first: number, last: number): string {
  const inner = columns.map((column, index) => `${column.sql} AS v${index}`);
  const outer = columns.flatMap((column, index) => (isSized(column)
    ? [`list(v${index})`]
    : [`list(CAST(strlen(v${index}) AS INTEGER))`, `encode(coalesce(string_agg(v${index}, ''), ''))`]));
  return `SELECT count(*), ${outer.join(', ')} FROM (SELECT ${inner.join(', ')} FROM ${relation} `
    + `WHERE file_row_number >= ${first} AND file_row_number < ${last})`;
}

/** Runs the statement of {@link sliceSql}; the answer has no rows where the file has none in that range. */
export async function readSlice(connection: DuckDBConnection, sql: string, columns: readonly WireColumn[]): Promise<Slice> {
  const result = await connection.run(sql);
  const chunk = await result.fetchChunk();
  if (chunk === null || chunk.rowCount !== 1) throw new Error('an aggregate without groups returned no row');
  const rows = Number(chunk.getColumnVector(0).getItem(0));
  if (rows === 0) return { rows, columns: [], owner: [result, chunk] };
  let index = 1;
  const read = columns.map((column): SliceColumn => {
    const list = duckdb.list_vector_get_child(duckdb.data_chunk_get_vector(chunk.chunk, index));
    const size = duckdb.list_vector_get_size(duckdb.data_chunk_get_vector(chunk.chunk, index));
    if (size !== rows) throw new Error(`column ${index} of a slice has ${size} values for ${rows} rows`);
    index += 1;
    const validity = duckdb.vector_get_validity(list, Math.ceil(rows / 64) * 8) as Uint8Array | null;
    const values = duckdb.vector_get_data(list, rows * (isSized(column) ? column.width : 4));
    if (isSized(column)) return { column, validity, values, bytes: NONE };
    const blob = chunk.getColumnVector(index).getItem(0) as { readonly bytes: Uint8Array };
    index += 1;
    return { column, validity, values, bytes: blob.bytes };
  });
  return { rows, columns: read, owner: [result, chunk] };
}

function isSized(column: WireColumn): column is Extract<WireColumn, { width: number }> {
  return 'width' in column;
}
