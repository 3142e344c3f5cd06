import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { duckdbCast } from '../../contract/duckdb-cast';
import { duckdbType, typeName } from '../../contract/engine-types';
import { quoteIdentifier, quoteLiteral } from '../../contract/quote-identifier';
import { PipelineError, userError } from '../../errors/pipeline-error';
import type { CuratedPart } from '../../run/manifest';
import type { LoadColumn } from '../load-plan';
import { encodedRows, rowGroups, type EncodedRows, type EncodeSlice } from './part-rows';
import { readSlice, sliceSql, type Slice, type WireColumn } from './slice';

/** Enough for the slices in flight and a row group's pages; DuckDB then spills or fails, and does not take the task's memory. */
const DUCKDB_MEMORY = '1GB';

/** A column of the target, and SQL of its value in the contract's DuckDB type. */
export interface PartValue {
  readonly column: LoadColumn;
  readonly value: string;
}

/** The format in which a target takes rows. */
export interface PartFormat {
  /** What DuckDB makes of each row. */
  readonly wires: (values: readonly PartValue[]) => WireColumn[];
  readonly encode: EncodeSlice;
  /** SQL of the number of rows with a value that the target has no type for, by column; nothing where there can be none. */
  readonly unheld?: (values: readonly PartValue[]) => readonly { readonly column: LoadColumn; readonly count: string; readonly what: string }[];
}

/** A Parquet part on disk, ready to be read in the target's format. */
export interface PartFile {
  readonly rows: number;
  /** In the order of the fields in each record. */
  readonly columns: readonly LoadColumn[];
  /** All rows in the target's format; to be read once. */
  encoded(): AsyncGenerator<EncodedRows, void, undefined>;
  /** Ends an encoder and a query that still run, then frees everything. */
  close(): Promise<void>;
}

/**
 * Opens a downloaded part and checks it against its manifest: columns, types and number of rows.
 *
 * Values of column partitions come from the manifest where the file does not have them.
 */
export async function openPart(file: string, part: CuratedPart, columns: readonly LoadColumn[], format: PartFormat): Promise<PartFile> {
  // One thread: rows of a slice come in one order for every column, and the other CPUs belong to other tasks.
  const instance = await DuckDBInstance.create(':memory:', { threads: '1', memory_limit: DUCKDB_MEMORY });
  const connection = await instance.connect();
  let reading: Promise<unknown> | undefined;
  let encoding: AsyncGenerator<EncodedRows, void, undefined> | undefined;
  const close = async (): Promise<void> => {
    // A stream that breaks off leaves an encoder in DuckDB's memory and a query in its thread; closing under either would
    // end the process. The encoder goes first, as it may ask for one more slice.
    connection.interrupt();
    await encoding?.return().catch(() => undefined);
    connection.interrupt();
    await reading?.catch(() => undefined);
    connection.closeSync();
    instance.closeSync();
  };
  try {
    await connection.run("SET TimeZone = 'UTC'");
    const types = await columnTypes(connection, file, part);
    const values: PartValue[] = [];
    for (const column of columns) values.push({ column, value: await columnValue(connection, column, types, part) });
    const wires = format.wires(values);
    const groups = await rowGroups(connection, file);
    const rows = groups.reduce((sum, group) => sum + group.rows, 0);
    if (rows !== part.records) {
      throw partError('PART_RECORDS', part, `has ${rows} rows, its manifest says ${part.records}`);
    }
    const relation = `read_parquet(${quoteLiteral(file)}, file_row_number = true, hive_partitioning = false)`;
    await refuseUnheld(connection, relation, part, format.unheld?.(values) ?? []);
    const read = (first: number, last: number): Promise<Slice> => {
      const slice = readSlice(connection, sliceSql(wires, relation, first, last), wires);
      reading = slice;
      return slice;
    };
    const encoded = (): AsyncGenerator<EncodedRows, void, undefined> => {
      encoding = encodedRows(read, groups, format.encode);
      return encoding;
    };
    return { rows, columns, encoded, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** DuckDB types of the file's columns, by name. Throws `PART_UNREADABLE`. */
export async function columnTypes(connection: DuckDBConnection, file: string, part: CuratedPart): Promise<ReadonlyMap<string, string>> {
  try {
    const reader = await connection.runAndReadAll(`SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM read_parquet(${quoteLiteral(file)}, hive_partitioning = false))`);
    return new Map(reader.getRows().map(([name, type]) => [String(name), String(type)]));
  } catch (error) {
    throw partError('PART_UNREADABLE', part, `is not a Parquet file that can be read (${(error as Error).message})`, error);
  }
}

/** SQL of a column's value in the contract's DuckDB type. */
export async function columnValue(
  connection: DuckDBConnection, column: LoadColumn, types: ReadonlyMap<string, string>, part: CuratedPart,
): Promise<string> {
  const { name, type, stored } = column;
  const wanted = duckdbType(type);
  const expected = duckdbType(stored);
  const found = types.get(name);
  if (found !== undefined) {
    if (unquoted(found) !== unquoted(expected)) throw partError('PART_TYPE', part, `has column ${name} of type ${found}, its manifest says ${expected}`);
    return unquoted(found) === unquoted(wanted) ? quoteIdentifier(name) : `CAST(${quoteIdentifier(name)} AS ${wanted})`;
  }
  const text = part.partition[name];
  if (text === undefined) throw partError('PART_COLUMN', part, `has no column ${name}, and its manifest has no partition value of that name`);
  if (text === null) return `CAST(NULL AS ${wanted})`;
  const value = `CAST(${duckdbCast({ type: stored }, quoteLiteral(text))} AS ${wanted})`;
  const reader = await connection.runAndReadAll(`SELECT ${value} IS NULL`);
  if (reader.getRows()[0]?.[0] === true) throw partError('PART_COLUMN', part, `has partition value ${JSON.stringify(text)} for column ${name}, which is no ${typeName(stored)}`);
  return value;
}

async function refuseUnheld(
  connection: DuckDBConnection, relation: string, part: CuratedPart, unheld: ReturnType<NonNullable<PartFormat['unheld']>>,
): Promise<void> {
  if (unheld.length === 0) return;
  const reader = await connection.runAndReadAll(`SELECT ${unheld.map(({ count }) => count).join(', ')} FROM ${relation}`);
  const found = unheld.flatMap(({ column, what }, index) => {
    const count = Number(reader.getRows()[0]?.[index]);
    return count === 0 ? [] : [`${count} in column ${column.name} (${what})`];
  });
  if (found.length === 0) return;
  throw userError('TARGET_VALUE', `${part.key} has values that the target cannot hold: ${found.join(', ')}; nothing of it was loaded. Give such a column minimum or maximum in the contract, which rejects them, and curate the batch again`, { key: part.key });
}

/** Names of members are quoted by us always, and by the engine where it must. */
function unquoted(type: string): string {
  return type.replaceAll('"', '');
}

/** What is wrong with a part. */
export function partError(code: string, part: CuratedPart, what: string, cause?: unknown): PipelineError {
  return new PipelineError(code, `${part.key} ${what}; nothing of it was loaded, curate the batch again`, { facts: { key: part.key }, cause });
}
