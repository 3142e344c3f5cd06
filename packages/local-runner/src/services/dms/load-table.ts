import { GetObjectCommand, ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import type { Client } from 'pg';
import { csvRecords, type CsvField } from './csv-records';
import { BadField, fieldValue } from './field-value';
import type { TaskSettings } from './task-settings';
import type { MappedTable } from './table-rules';

/** How the files of a source endpoint are read. */
export interface SourceFiles {
  readonly s3: S3Client;
  readonly bucket: string;
  /** Ends with a slash, or is empty. */
  readonly folder: string;
  readonly delimiter: string;
  readonly rowDelimiter: string;
  readonly nullValue: string;
  readonly rfc4180: boolean;
  readonly headerRows: number;
}

/** What became of a table; `TableState` and the counts as DescribeTableStatistics gives them. */
export interface LoadedTable {
  state: 'Before load' | 'Full load' | 'Table completed' | 'Table cancelled' | 'Table error';
  rows: number;
  error?: string;
}

/** A record that must stop the whole task, or the end of a table. */
export class TableFailed extends Error {
  constructor(message: string, readonly stopsTask: boolean) {
    super(message);
  }
}

/** Files that a full load reads; others are passed over in silence. */
const LOAD_FILE = /^LOAD\d+\.csv$/;
/** A statement holds so many rows at most, whatever the commit rate. */
const ROWS_OF_STATEMENT = 1_000;

/** Loads the files of one table, in batches that are committed one by one: what is in the target when a later record fails stays there. */
export async function loadTable(
  mapped: MappedTable, source: SourceFiles, client: Client, settings: TaskSettings, loaded: LoadedTable, signal: AbortSignal,
): Promise<void> {
  const target = `${client.escapeIdentifier(mapped.schema)}.${client.escapeIdentifier(mapped.target)}`;
  const columns = await columnsOf(client, mapped);
  const missing = mapped.table.columns.filter(({ name }) => !columns.includes(name)).map(({ name }) => name);
  if (columns.length === 0) throw new TableFailed(`there is no table ${mapped.schema}.${mapped.target} on the target; the local runner makes none`, settings.tableErrors === 'STOP_TASK');
  if (missing.length > 0) throw new TableFailed(`the target table ${mapped.schema}.${mapped.target} has no column ${missing.join(', ')}`, settings.tableErrors === 'STOP_TASK');
  if (settings.prepare === 'TRUNCATE_BEFORE_LOAD') await client.query(`TRUNCATE ${target}`);
  const names = mapped.table.columns.map(({ name }) => client.escapeIdentifier(name)).join(', ');
  const insert = `INSERT INTO ${target} (${names}) SELECT ${names} FROM json_populate_recordset(NULL::${target}, $1::json)`;
  for (const key of await filesOf(source, mapped.table.path)) {
    const text = await (await source.s3.send(new GetObjectCommand({ Bucket: source.bucket, Key: key }), { abortSignal: signal })).Body!.transformToString('utf8');
    const records = readable(() => csvRecords(text, source), settings).slice(source.headerRows);
    const step = Math.min(settings.commitRate, ROWS_OF_STATEMENT);
    for (let first = 0; first < records.length; first += step) {
      signal.throwIfAborted();
      const rows = records.slice(first, first + step).flatMap((record, index) => rowOf(record, mapped, source.nullValue, settings, `${key}, record ${first + index + 1}`));
      await client.query(insert, [JSON.stringify(rows)]).catch((error: Error) => {
        throw new TableFailed(`${mapped.schema}.${mapped.target}: ${error.message}`, settings.dataErrors === 'STOP_TASK' || settings.tableErrors === 'STOP_TASK');
      });
      loaded.rows += rows.length;
    }
  }
}

function readable<T>(read: () => T, settings: TaskSettings): T {
  try {
    return read();
  } catch (error) {
    throw new TableFailed((error as Error).message, settings.tableErrors === 'STOP_TASK');
  }
}

/** The row as an object of texts; none where a policy passes over the record. */
function rowOf(
  record: readonly CsvField[], { table }: MappedTable, nullValue: string, settings: TaskSettings, where: string,
): Record<string, string | null>[] {
  const refuse = (reason: string, policy: TaskSettings['dataErrors']): [] => {
    if (policy === 'STOP_TASK' || policy === 'SUSPEND_TABLE') throw new TableFailed(`${where}: ${reason}`, policy === 'STOP_TASK');
    return [];
  };
  if (record.length !== table.columns.length) return refuse(`has ${record.length} fields, and ${table.name} has ${table.columns.length} columns`, settings.dataErrors);
  const row: Record<string, string | null> = {};
  for (const [index, column] of table.columns.entries()) {
    try {
      const { text, truncated } = fieldValue(record[index]!, column, nullValue, settings.lobBytes);
      if (truncated && settings.truncations !== 'LOG_ERROR') return refuse(`the value of column ${column.name} would be truncated`, settings.truncations);
      row[column.name] = text;
    } catch (error) {
      if (error instanceof BadField) return refuse(error.message, settings.dataErrors);
      throw error;
    }
  }
  return [row];
}

async function filesOf({ s3, bucket, folder }: SourceFiles, tablePath: string): Promise<string[]> {
  const prefix = `${folder}${tablePath}`;
  const keys: string[] = [];
  let token: string | undefined;
  do {
    const page = await s3.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, ContinuationToken: token }));
    keys.push(...(page.Contents ?? []).map(({ Key }) => Key as string));
    token = page.NextContinuationToken;
  } while (token !== undefined);
  return keys.filter((key) => LOAD_FILE.test(key.slice(prefix.length))).sort();
}

async function columnsOf(client: Client, { schema, target }: MappedTable): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT a.attname AS name FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = $1 AND c.relname = $2 AND a.attnum > 0 AND NOT a.attisdropped`, [schema, target],
  );
  return rows.map(({ name }) => name);
}
