import type { Client } from 'pg';
import { DMS_LOAD_COLUMN } from '../../contract/dms/dms-column';
import { quoteIdentifier, quoteName } from '../../contract/quote-identifier';
import type { TableName } from '../table-name';
import type { TaggedRows } from '../target/target-database';
import { forgetStagedParts } from './ledger/staged-parts';

/**
 * Empties a staging table for a replication task, gives it the column that says which load a row belongs to, and removes what DMS wrote down
 * about it before: an older attempt's exceptions would be taken for those of this one. Needs an open transaction.
 */
export async function clearStaging(client: Client, ledgerSchema: string, staging: TableName, loadId: string): Promise<void> {
  const table = quoteName(staging.schema, staging.table);
  await client.query(`ALTER TABLE ${table} ADD COLUMN IF NOT EXISTS ${quoteIdentifier(DMS_LOAD_COLUMN)} text`);
  await client.query(`TRUNCATE ${table}`);
  await forgetStagedParts(client, ledgerSchema, loadId);
  const exceptions = await exceptionsOf(client, ledgerSchema);
  if (exceptions !== undefined) await client.query(`DELETE FROM ${exceptions.table} WHERE ${exceptions.column('TABLE_NAME')} = $1`, [staging.table]);
}

export async function countTagged(client: Client, staging: TableName, tag: string): Promise<TaggedRows> {
  const { rows } = await client.query<{ all: string; own: string }>(
    `SELECT count(*) AS all, count(*) FILTER (WHERE ${quoteIdentifier(DMS_LOAD_COLUMN)} = $1) AS own FROM ${quoteName(staging.schema, staging.table)}`, [tag],
  );
  return { all: Number(rows[0]!.all), own: Number(rows[0]!.own) };
}

const EXCEPTIONS = 'awsdms_apply_exceptions';

/** What DMS wrote down about rows that it could not apply, newest first. */
export async function readExceptions(client: Client, schema: string, staging: TableName): Promise<string[]> {
  const exceptions = await exceptionsOf(client, schema);
  if (exceptions === undefined) return [];
  const { table, column } = exceptions;
  const { rows } = await client.query<{ error: string }>(
    `SELECT ${column('ERROR')} AS error FROM ${table} WHERE ${column('TABLE_NAME')} = $1 ORDER BY ${column('ERROR_TIME')} DESC LIMIT 5`, [staging.table],
  );
  return rows.map(({ error }) => error);
}

interface Exceptions {
  readonly table: string;
  readonly column: (name: string) => string;
}

/** The table of exceptions and its columns, however DMS wrote their names; DMS makes it only for some tasks. */
async function exceptionsOf(client: Client, schema: string): Promise<Exceptions | undefined> {
  const { rows: tables } = await client.query<{ columns: string[] }>(
    `SELECT array_agg(a.attname::text) AS columns FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 WHERE n.nspname = $1 AND c.relname = $2 HAVING count(*) > 0`, [schema, EXCEPTIONS],
  );
  const columns = tables[0]?.columns;
  const nameOf = (name: string): string => columns?.find((each) => each.toUpperCase() === name) ?? name;
  return columns && { table: quoteName(schema, EXCEPTIONS), column: (name) => quoteIdentifier(nameOf(name)) };
}
