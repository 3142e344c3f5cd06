import type { Client } from 'pg';
import { quoteIdentifier } from '../../../contract/quote-identifier';
import type { DdlAuthor } from '../../ledger/ddl-author';
import { LEDGER_TABLES, missingOfLedger, missingTables } from '../../ledger/ledger-tables';
import { ledgerForeign, ledgerMissing } from '../../refusals';
import { ledgerTablesDdl } from './ledger-ddl';
import { noteDdl } from './run-ddl';

/** Any number, as long as every loader takes the same one: CREATE IF NOT EXISTS is not safe against itself. */
const DDL_LOCK = '7233173019';

/** Holds off other loads that make tables, until the transaction ends. */
export async function lockDdl(client: Client): Promise<void> {
  await client.query(`SELECT pg_catalog.pg_advisory_xact_lock(${DDL_LOCK})`);
}

/**
 * Makes the ledger, or what an older version of the loader did not have of it, or names what is missing with its statements where `manage` is
 * false. Needs an open transaction.
 *
 * What is there is left alone, also its owner: a loader without CREATE works once a DBA ran the script.
 */
export async function ensureLedger(client: Client, schema: string, manage: boolean, by: DdlAuthor): Promise<void> {
  const missing = missingOfLedger(await columnsOfLedger(client, schema));
  if (missing.length === 0) return;
  const ddl = ledgerTablesDdl(schema);
  if (!manage) throw ledgerMissing(schema, missing, missingTables(missing).flatMap((table) => ddl[table]));
  await lockDdl(client);
  const made = await ensureSchema(client, schema);
  // Another load may have made it while this one waited.
  const tables = missingTables(missingOfLedger(await columnsOfLedger(client, schema)));
  for (const table of tables) for (const statement of ddl[table]) await client.query(statement);
  const left = missingOfLedger(await columnsOfLedger(client, schema));
  if (left.length > 0) throw ledgerForeign(schema, left);
  // Only now there is something to note in.
  if (made !== undefined) await noteDdl(client, { schema, table: '' }, made, by);
  for (const table of tables) for (const statement of ddl[table]) await noteDdl(client, { schema, table }, statement, by);
}

/**
 * Makes a schema unless it is there: IF NOT EXISTS alone asks for a right on the database that a schema's owner need not have.
 *
 * @returns the statement that made it
 */
export async function ensureSchema(client: Client, schema: string): Promise<string | undefined> {
  const { rowCount } = await client.query('SELECT FROM pg_catalog.pg_namespace WHERE nspname = $1', [schema]);
  if (rowCount !== 0) return undefined;
  const statement = `CREATE SCHEMA IF NOT EXISTS ${quoteIdentifier(schema)}`;
  await client.query(statement);
  return statement;
}

async function columnsOfLedger(client: Client, schema: string): Promise<{ table: string; column: string }[]> {
  // pg_catalog and not information_schema, which hides columns that the role has no right on.
  const { rows } = await client.query<{ table: string; column: string }>(
    `SELECT c.relname AS table, a.attname AS column FROM pg_catalog.pg_class c
     JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
     WHERE n.nspname = $1 AND c.relname = ANY($2)`,
    [schema, Object.keys(LEDGER_TABLES)],
  );
  return rows;
}
