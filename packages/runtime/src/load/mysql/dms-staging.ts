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
 * Empties a staging table for a replication and gives it the column that says which load a row belongs to.
 *
 * Each of these statements about a table commits, so what is noted about its rows goes first.
 */
export async function clearStaging(client: MysqlClient, ledgerSchema: string, staging: TableName, loadId: string): Promise<void> {
  await forgetStagedParts(client, ledgerSchema, loadId);
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

/** What DMS wrote down about rows that it could not apply, newest first; DMS makes that table only for some tasks. */
export async function readExceptions(client: MysqlClient, schema: string, staging: TableName): Promise<string[]> {
  const columns = await columnsOf(client, { schema, table: EXCEPTIONS });
  if (columns.length === 0) return [];
  const column = (name: string): string => quoteMysqlName(columns.find((each) => each.toUpperCase() === name) ?? name);
  const rows = await client.rows(
    `SELECT ${column('ERROR')} FROM ${quoteMysqlName(schema, EXCEPTIONS)} WHERE ${column('TABLE_NAME')} = ? ORDER BY ${column('ERROR_TIME')} DESC LIMIT 5`, [staging.table],
  );
  return rows.map(([error]) => error as string);
}

async function columnsOf(client: MysqlClient, { schema, table }: TableName): Promise<string[]> {
  const rows = await client.rows('SELECT COLUMN_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ?', [schema, table]);
  return rows.map(([name]) => name as string);
}
