import type { Column } from '../../contract/contract';
import { DMS_LOAD_COLUMN } from '../../contract/dms/dms-column';
import { quoteMysqlName } from '../../contract/mysql-ddl';
import { ROW_SUM } from '../dms/row-sum';
import type { TableName } from '../table-name';
import type { TaggedRows } from '../target/target-database';
import type { MysqlClient } from './connect';
import { forgetStagedParts } from './ledger/staged-parts';

/** The id of a load, a point, and an epoch. */
const TAG_CHARACTERS = 64;

/**
 * Empties a staging table for a replication, gives it the column that says which load a row belongs to, and removes what DMS wrote down about it
 * before: an older attempt's exceptions would be taken for those of this one.
 *
 * Each of these statements about a table commits, so what is noted about its rows goes first.
 */
export async function clearStaging(client: MysqlClient, ledgerSchema: string, staging: TableName, loadId: string): Promise<void> {
  await forgetStagedParts(client, ledgerSchema, loadId);
  const exceptions = await exceptionsOf(client, ledgerSchema);
  if (exceptions !== undefined) await client.run(`DELETE FROM ${exceptions.table} WHERE ${exceptions.column('TABLE_NAME')} = ?`, [staging.table]);
  const table = quoteMysqlName(staging.schema, staging.table);
  if (!(await columnsOf(client, staging)).includes(DMS_LOAD_COLUMN)) {
    // MySQL has no ADD COLUMN IF NOT EXISTS.
    await client.run(`ALTER TABLE ${table} ADD COLUMN ${quoteMysqlName(DMS_LOAD_COLUMN)} varchar(${TAG_CHARACTERS}) NULL`);
  }
  await client.run(`TRUNCATE TABLE ${table}`);
}

export async function countTagged(client: MysqlClient, staging: TableName, tag: string): Promise<TaggedRows> {
  const [row] = await client.rows(`SELECT COUNT(*), COUNT(CASE WHEN ${quoteMysqlName(DMS_LOAD_COLUMN)} = ? THEN 1 END) FROM ${quoteMysqlName(staging.schema, staging.table)}`, [tag]);
  return { all: Number(row![0]), own: Number(row![1]) };
}

export async function sumRows(client: MysqlClient, staging: TableName, columns: readonly Column[]): Promise<bigint> {
  const [row] = await client.rows(`SELECT ${ROW_SUM.mysql(columns)} FROM ${quoteMysqlName(staging.schema, staging.table)}`);
  return BigInt(row![0]!);
}

const EXCEPTIONS = 'awsdms_apply_exceptions';

/** What DMS wrote down about rows that it could not apply, newest first. */
export async function readExceptions(client: MysqlClient, schema: string, staging: TableName): Promise<string[]> {
  const exceptions = await exceptionsOf(client, schema);
  if (exceptions === undefined) return [];
  const { table, column } = exceptions;
  const newest = `WHERE ${column('TABLE_NAME')} = ? ORDER BY ${column('ERROR_TIME')} DESC LIMIT 5`;
  const rows = await client.rows(`SELECT ${column('ERROR')} FROM ${table} ${newest}`, [staging.table]);
  return rows.map(([error]) => error as string);
}

interface Exceptions {
  readonly table: string;
  readonly column: (name: string) => string;
}

/** The table of exceptions and its columns, however DMS wrote their names; DMS makes it only for some tasks. */
async function exceptionsOf(client: MysqlClient, schema: string): Promise<Exceptions | undefined> {
  const columns = await columnsOf(client, { schema, table: EXCEPTIONS });
  if (columns.length === 0) return undefined;
  const nameOf = (name: string): string => columns.find((each) => each.toUpperCase() === name) ?? name;
  return { table: quoteMysqlName(schema, EXCEPTIONS), column: (name) => quoteMysqlName(nameOf(name)) };
}

async function columnsOf(client: MysqlClient, { schema, table }: TableName): Promise<string[]> {
  const rows = await client.rows('SELECT COLUMN_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ?', [schema, table]);
  return rows.map(([name]) => name as string);
}
