import { quoteMysqlName } from '../../../contract/mysql-ddl';
import { LEDGER_TABLES, missingOfLedger } from '../../ledger/ledger-tables';
import { ledgerForeign, ledgerMissing } from '../../refusals';
import type { MysqlClient } from '../connect';
import { ledgerTablesDdl } from './ledger-ddl';

/**
 * Makes the ledger where it is missing, or names what is missing where `manage` is false.
 *
 * What is there is left alone: a loader without CREATE works once a DBA ran the script.
 */
export async function ensureLedger(client: MysqlClient, schema: string, manage: boolean): Promise<void> {
  const missing = missingOfLedger(await columnsOfLedger(client, schema));
  if (missing.length === 0) return;
  if (!manage) throw ledgerMissing(schema, missing);
  await ensureDatabase(client, schema);
  for (const statement of ledgerTablesDdl(schema, client.flavour)) await client.run(statement);
  const left = missingOfLedger(await columnsOfLedger(client, schema));
  if (left.length > 0) throw ledgerForeign(schema, left);
}

/** Makes a database unless it is there: IF NOT EXISTS alone asks for a right that a user of it need not have. */
export async function ensureDatabase(client: MysqlClient, schema: string): Promise<void> {
  const found = await client.rows('SELECT 1 FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = ?', [schema]);
  if (found.length === 0) await client.run(`CREATE DATABASE IF NOT EXISTS ${quoteMysqlName(schema)}`);
}

async function columnsOfLedger(client: MysqlClient, schema: string): Promise<{ table: string; column: string }[]> {
  const names = Object.keys(LEDGER_TABLES);
  const rows = await client.rows(
    `SELECT TABLE_NAME, COLUMN_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = ? AND TABLE_NAME IN (${names.map(() => '?').join(', ')})`, [schema, ...names],
  );
  return rows.map(([table, column]) => ({ table: table as string, column: column as string }));
}
