import { quoteMysqlName } from '../../../contract/mysql-ddl';
import type { DdlAuthor } from '../../ledger/ddl-author';
import { LEDGER_TABLES, missingOfLedger, missingTables } from '../../ledger/ledger-tables';
import { ledgerForeign, ledgerMissing } from '../../refusals';
import type { MysqlClient } from '../connect';
import { ledgerTablesDdl } from './ledger-ddl';
import { noteDdl, runDdl, settleLedgerDdl } from './run-ddl';

/**
 * Makes the ledger, or what an older version of the loader did not have of it, or names what is missing with its statements where `manage` is
 * false.
 *
 * What is there is left alone: a loader without CREATE works once a DBA ran the script.
 */
export async function ensureLedger(client: MysqlClient, schema: string, manage: boolean, by: DdlAuthor): Promise<void> {
  const missing = missingOfLedger(await columnsOfLedger(client, schema));
  if (missing.length === 0) return manage ? settleLedgerDdl(client, schema) : undefined;
  const ddl = ledgerTablesDdl(schema, client.flavour);
  const tables = missingTables(missing);
  if (!manage) throw ledgerMissing(schema, missing, tables.flatMap((table) => ddl[table]));
  const made = await ensureDatabase(client, schema);
  // What notes are kept in comes first, and is noted when it is there: whoever dies in between leaves that one statement untold.
  if (tables.includes('load_ddl')) {
    for (const statement of ddl.load_ddl) await client.run(statement);
    const before = missingOfLedger(await columnsOfLedger(client, schema)).filter((column) => column.startsWith('load_ddl.'));
    if (before.length > 0) throw ledgerForeign(schema, before);
    if (made !== undefined) await noteDdl(client, { schema, table: '' }, made, 'done', by);
    for (const statement of ddl.load_ddl) await noteDdl(client, { schema, table: 'load_ddl' }, statement, 'done', by);
  }
  for (const table of tables.filter((each) => each !== 'load_ddl')) {
    for (const statement of ddl[table]) await runDdl(client, { schema, table }, statement, by);
  }
  const left = missingOfLedger(await columnsOfLedger(client, schema));
  if (left.length > 0) throw ledgerForeign(schema, left);
  await settleLedgerDdl(client, schema);
}

/**
 * Makes a database unless it is there: IF NOT EXISTS alone asks for a right that a user of it need not have.
 *
 * @returns the statement that made it
 */
export async function ensureDatabase(
  client: MysqlClient, schema: string, run: (statement: string) => Promise<unknown> = (statement) => client.run(statement),
): Promise<string | undefined> {
  const found = await client.rows('SELECT 1 FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = ?', [schema]);
  if (found.length > 0) return undefined;
  const statement = `CREATE DATABASE IF NOT EXISTS ${quoteMysqlName(schema)}`;
  await run(statement);
  return statement;
}

async function columnsOfLedger(client: MysqlClient, schema: string): Promise<{ table: string; column: string }[]> {
  const names = Object.keys(LEDGER_TABLES);
  const rows = await client.rows(
    `SELECT TABLE_NAME, COLUMN_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = ? AND TABLE_NAME IN (${names.map(() => '?').join(', ')})`, [schema, ...names],
  );
  return rows.map(([table, column]) => ({ table: table as string, column: column as string }));
}
