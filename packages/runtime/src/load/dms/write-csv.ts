import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { DMS_CSV, DMS_NULL } from '../../contract/dms/csv-dialect';
import { dmsColumn } from '../../contract/dms/dms-column';
import type { Dataset } from '../../contract/contract';
import { quoteIdentifier, quoteLiteral } from '../../contract/quote-identifier';
import { userError } from '../../errors/pipeline-error';
import type { CuratedPart } from '../../run/manifest';
import { columnTypes, columnValue, partError } from '../copy/part-file';
import type { LoadColumn } from '../load-plan';
import { csvText, isQuoted, loadColumn, type CsvReader } from './csv-value';
import { ROW_SUM } from './row-sum';

const DUCKDB_MEMORY = '1GB';

export interface CsvPart {
  /** Downloaded and compared with its manifest. */
  readonly parquet: string;
  readonly csv: string;
  readonly part: CuratedPart;
  readonly dataset: Dataset;
  /** Columns that the commit has; the others of the contract are NULL. */
  readonly columns: readonly LoadColumn[];
  readonly tag: string;
  readonly maxTextKiB: number;
  readonly reader: CsvReader;
}

/**
 * Writes a part as CSV for DMS, after all that DMS would read as something else was looked for. Throws `DMS_VALUE`.
 *
 * @returns what its rows add up to, where the reader makes other values of what it cannot read
 */
export async function writeCsv(one: CsvPart, signal: AbortSignal): Promise<bigint | undefined> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1', memory_limit: DUCKDB_MEMORY });
  const connection = await instance.connect();
  const stop = (): void => connection.interrupt();
  signal.addEventListener('abort', stop, { once: true });
  try {
    await connection.run("SET TimeZone = 'UTC'");
    const types = await columnTypes(connection, one.parquet, one.part);
    const values = new Map<string, string>();
    for (const column of one.columns) values.set(column.name, await columnValue(connection, column, types, one.part));
    const relation = `read_parquet(${quoteLiteral(one.parquet)}, hive_partitioning = false)`;
    await refuseAmbiguous(connection, one, values, relation);
    await refuseNotFinite(connection, one, values, relation);
    const selected = one.dataset.columns.map(({ name, type }) => {
      const value = values.get(name);
      return `${value === undefined ? 'NULL' : csvText(type, value, one.reader)} AS ${quoteIdentifier(name)}`;
    });
    const quoted = one.dataset.columns.filter(({ type }) => isQuoted(type)).map(({ name }) => quoteIdentifier(name));
    const result = await connection.run(
      `COPY (SELECT ${[...selected, loadColumn(one.tag)].join(', ')} FROM ${relation}) TO ${quoteLiteral(one.csv)} `
      + `(FORMAT csv, HEADER false, DELIMITER ${quoteLiteral(DMS_CSV.csvDelimiter)}, QUOTE '"', ESCAPE '"', NULLSTR ${quoteLiteral(DMS_NULL)}`
      + `${quoted.length === 0 ? '' : `, FORCE_QUOTE (${quoted.join(', ')})`})`,
    );
    const rows = Number((await result.getRows())[0]?.[0]);
    if (rows !== one.part.records) throw partError('PART_RECORDS', one.part, `has ${rows} rows, its manifest says ${one.part.records}`);
    if (one.reader !== 'mysql') return undefined;
    const summed = await connection.runAndReadAll(`SELECT ${ROW_SUM.duckdb(one.dataset.columns, values)} FROM ${relation}`);
    return BigInt(String(summed.getRows()[0]![0]));
  } finally {
    signal.removeEventListener('abort', stop);
    connection.closeSync();
    instance.closeSync();
  }
}

/** MySQL has no value for them, and LOAD DATA LOCAL makes another of what it cannot read. */
async function refuseNotFinite(connection: DuckDBConnection, one: CsvPart, values: ReadonlyMap<string, string>, relation: string): Promise<void> {
  const floats = one.dataset.columns.filter(({ name, type }) => type.kind === 'float' && values.has(name));
  if (one.reader !== 'mysql' || floats.length === 0) return;
  const counts = (await connection.runAndReadAll(`SELECT ${floats.map(({ name }) => `count(*) FILTER (WHERE NOT isfinite(${values.get(name)}))`).join(', ')} FROM ${relation}`)).getRows()[0]!;
  const at = counts.findIndex((count) => Number(count) > 0);
  if (at === -1) return;
  throw userError('TARGET_VALUE', `column ${floats[at]!.name} of ${one.dataset.name} holds ${Number(counts[at])} values that are NaN or infinite, which MySQL has no value for; nothing of ${one.part.key} was handed over, mend the data`, {
    dataset: one.dataset.name, column: floats[at]!.name, key: one.part.key,
  });
}

/** A text that means NULL, and one that would be cut off: DMS takes both without a word. */
async function refuseAmbiguous(connection: DuckDBConnection, one: CsvPart, values: ReadonlyMap<string, string>, relation: string): Promise<void> {
  const texts = one.dataset.columns.filter(({ name, type }) => type.kind === 'string' && values.has(name));
  if (texts.length === 0) return;
  const asked = texts.flatMap(({ name }) => [`count(*) FILTER (WHERE ${values.get(name)} = ${quoteLiteral(DMS_NULL)})`, `max(strlen(${values.get(name)}))`]);
  const answer = (await connection.runAndReadAll(`SELECT ${asked.join(', ')} FROM ${relation}`)).getRows()[0]!;
  for (const [index, column] of texts.entries()) {
    const nulls = Number(answer[2 * index]);
    const longest = Number(answer[2 * index + 1] ?? 0);
    const { ColumnLength } = dmsColumn(column, one.dataset.primaryKey.includes(column.name));
    const limit = ColumnLength === undefined ? one.maxTextKiB * 1024 : Number(ColumnLength);
    const facts = { dataset: one.dataset.name, column: column.name, key: one.part.key };
    if (nulls > 0) {
      throw userError('DMS_VALUE', `column ${column.name} of ${one.dataset.name} holds ${nulls} times the text ${DMS_NULL}, which stands for NULL in files for DMS; nothing of ${one.part.key} was handed over, use LoadEngine.fargate()`, facts);
    }
    if (longest > limit) {
      const cure = ColumnLength === undefined ? 'set maxTextSize of LoadEngine.dms() to more, or use LoadEngine.fargate()' : 'use LoadEngine.fargate()';
      throw userError('DMS_VALUE', `column ${column.name} of ${one.dataset.name} holds a text of ${longest} bytes, and DMS would cut it off at ${limit}; nothing of ${one.part.key} was handed over, ${cure}`, { ...facts, bytes: longest, limit });
    }
  }
}
