import { unlink } from 'node:fs/promises';
import type { Dataset, OrderKey } from '../../contract/contract';
import { quoteIdentifier, quoteLiteral } from '../../contract/quote-identifier';
import type { EngineSession } from '../engine/duckdb-engine';
import { VECTOR_ROWS, type WrittenFile } from './parquet-files';

export interface SortedFilesOptions {
  /** A query that ends in an `ORDER BY`. */
  readonly ordered: string;
  /** Quoted, as the files have them. */
  readonly columns: readonly string[];
  /** Rows of each file; all rows of the query together. */
  readonly lengths: readonly number[];
  /** Without suffix: a file is called by it and its number. */
  readonly target: string;
  /** Options of COPY. */
  readonly options: string;
  /** Most rows of a row group. */
  readonly groupRows: number;
}

/**
 * Keys as ORDER BY takes them: texts by the bytes of their UTF-8, NaN after all numbers, both zeros in one place, instants whatever
 * their zone was.
 */
export function orderKeys(keys: readonly OrderKey[], value: (column: string) => string = quoteIdentifier): string {
  const words = ({ direction, nulls }: OrderKey): string => `${direction === 'asc' ? 'ASC' : 'DESC'} NULLS ${nulls === 'first' ? 'FIRST' : 'LAST'}`;
  return keys.map((key) => `${value(key.column)} ${words(key)}`).join(', ');
}

/** ORDER BY of a dataset's files, after other keys; empty without a sort. */
export function sortClause({ columns, sort }: Pick<Dataset, 'columns' | 'sort'>, options: { readonly table?: string; readonly first?: string } = {}): string {
  if (sort === undefined) return '';
  const keys = orderKeys(sort, (name) => {
    const value = `${options.table === undefined ? '' : `${options.table}.`}${quoteIdentifier(name)}`;
    // The engine gives sorted columns back from its keys, in which -0.0 is 0.0; so the key is another value.
    return columns.find((column) => column.name === name)?.type.kind === 'float' ? `CASE WHEN ${value} = 0 THEN 0 ELSE ${value} END` : value;
  });
  return ` ORDER BY ${options.first === undefined ? '' : `${options.first}, `}${keys}`;
}

/** The numbers of rows of files that share so many. */
export function evenLengths(rows: number, files: number): number[] {
  const end = (file: number): number => Math.floor((rows / files) * file);
  return Array.from({ length: files }, (_, file) => (file === files - 1 ? rows : end(file + 1)) - end(file));
}

/**
 * Sorts rows once, on disk, and cuts the result into files, which are ranges of the order and in it.
 *
 * The engine promises the order of rows only for a COPY into one file. What it writes into several by itself is mixed by its threads.
 */
export async function writeSortedFiles(session: EngineSession, files: SortedFilesOptions): Promise<WrittenFile[]> {
  const { ordered, columns, target, options, groupRows } = files;
  const lengths = files.lengths.filter((length) => length > 0);
  const all = `${target}-sorted.parquet`;
  // A file reads whole groups, so they are not much longer than the files.
  const mean = Math.floor(sum(lengths) / lengths.length / VECTOR_ROWS) * VECTOR_ROWS;
  await session.run(`COPY (${ordered}) TO ${quoteLiteral(all)} (FORMAT parquet, COMPRESSION lz4, ROW_GROUP_SIZE ${Math.min(groupRows, Math.max(VECTOR_ROWS, mean))}, DICTIONARY_SIZE_LIMIT 0)`);
  await session.run('SET preserve_insertion_order = true');
  await session.run('SET parquet_metadata_cache = true');
  const written: WrittenFile[] = [];
  let from = 0;
  for (const [number, length] of lengths.entries()) {
    const range = `SELECT ${columns.join(', ')} FROM read_parquet(${quoteLiteral(all)}, file_row_number = true, hive_partitioning = false) WHERE file_row_number >= ${from} AND file_row_number < ${from + length}`;
    const path = `${target}-${number}.parquet`;
    written.push({ path, records: await session.run(`COPY (${range}) TO ${quoteLiteral(path)} (${options})`) });
    from += length;
  }
  await unlink(all);
  return written;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
