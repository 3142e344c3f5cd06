import { quoteLiteral } from '../../contract/quote-identifier';
import type { EngineSession } from '../engine/duckdb-engine';

/** Rows that the engine handles at once. */
export const VECTOR_ROWS = 2_048;

/** The engine's own default; rows of more than some 270 bytes have fewer in a group. */
export const MOST_GROUP_ROWS = 60 * VECTOR_ROWS;

/**
 * Values that a column may have in a row group to be kept as a dictionary.
 *
 * The engine's default is far larger; measured, it made files larger and took twice the time for columns of numbers.
 */
const DICTIONARY_VALUES = 8_192;

/** The engine's dictionary holds 0.0 and -0.0 as one value, whichever came first: with both, there must be none. */
const NO_DICTIONARY = 0;

/** A file as the engine tells of it. */
export interface WrittenFile { readonly path: string; readonly records: number }

/**
 * Options of COPY for curated files.
 *
 * @param negativeZeros a query whose `found` says whether there are zeros with a minus sign; undefined where there can be none
 */
export async function parquetFormat(session: EngineSession, negativeZeros: string | undefined, groupRows: number): Promise<string> {
  const found = negativeZeros !== undefined && (await session.rows(negativeZeros))[0]?.found === true;
  return `FORMAT parquet, COMPRESSION zstd, DICTIONARY_SIZE_LIMIT ${found ? NO_DICTIONARY : DICTIONARY_VALUES}, ROW_GROUP_SIZE ${groupRows}`;
}

/** Writes a query into a file, or into several of a folder; gives those with rows. */
export async function copyFiles(session: EngineSession, query: string, target: string, options: string): Promise<WrittenFile[]> {
  const rows = await session.rows(`COPY (${query}) TO ${quoteLiteral(target)} (${options}, RETURN_STATS)`);
  return rows.map((row) => ({ path: String(row.filename), records: Number(row.count) })).filter(({ records }) => records > 0);
}
