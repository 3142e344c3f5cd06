import type { Client } from 'pg';
import { quoteIdentifier } from '../../../contract/quote-identifier';
import { LEDGER_TABLES, missingOfLedger } from '../../ledger/ledger-tables';
import { ledgerForeign, ledgerMissing } from '../../refusals';
import { ledgerTablesDdl } from './ledger-ddl';

/** Any number, as long as every loader takes the same one: CREATE IF NOT EXISTS is not safe against itself. */
const DDL_LOCK = '7233173019';

/** Holds off other loads that make tables, until the transaction ends. */
export async function lockDdl(client: Client): Promise<void> {
  await client.query(`SELECT pg_catalog.pg_advisory_xact_lock(${DDL_LOCK})`);
}

/**
 * Makes the ledger where it is missing, or names what is missing where `manage` is false. Needs an open transaction.
 *
 * What is there is left alone, also its owner: a loader without CREATE works once a DBA ran the script.
 */
export async function ensureLedger(client: Client, schema: string, manage: boolean): Promise<void> {
  const missing = missingOfLedger(await columnsOfLedger(client, schema));
  if (missing.length === 0) return;
  if (!manage) throw ledgerMissing(schema, missing);
  await lockDdl(client);
  await ensureSchema(client, schema);
  for (const statement of ledgerTablesDdl(schema)) await client.query(statement);
  const left = missingOfLedger(await columnsOfLedger(client, schema));
  if (left.length > 0) throw ledgerForeign(schema, left);
}

/** Makes a schema unless it is there: IF NOT EXISTS alone asks for a right on the database that a schema's owner need not have. */
export async function ensureSchema(client: Client, schema: string): Promise<void> {
  const { rowCount } = await client.query('SELECT FROM pg_catalog.pg_namespace WHERE nspname = $1', [schema]);
  if (rowCount === 0) await client.query(`CREATE SCHEMA IF NOT EXISTS ${quoteIdentifier(schema)}`);
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
