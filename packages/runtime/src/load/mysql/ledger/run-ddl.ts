import { quoteMysqlName } from '../../../contract/mysql-ddl';
import { DDL_COLUMNS, ddlValues, type DdlAuthor, type DdlState } from '../../ledger/ddl-author';
import { LEDGER_TABLES } from '../../ledger/ledger-tables';
import type { TableName } from '../../table-name';
import type { MysqlClient } from '../connect';
import { isConnectionLoss } from '../mysql-failure';

/**
 * Runs a statement about a table and notes it; `table` is empty for a database. Needs the lock that keeps other loads off.
 *
 * The statement commits, and its note `begun` with it, so it is noted before, and as `done` after: whoever dies in between leaves a note that
 * {@link settleDdl} settles. What the server refuses leaves none.
 */
export async function runDdl(client: MysqlClient, of: TableName, statement: string, by: DdlAuthor): Promise<void> {
  const notes = quoteMysqlName(by.ledgerSchema, 'load_ddl');
  // Begun by somebody who died, and needed again: it had no effect.
  await client.run(`DELETE FROM ${notes} WHERE table_schema = ? AND table_name = ? AND statement = ? AND state = 'begun'`, [of.schema, of.table, statement]);
  await noteDdl(client, of, statement, 'begun', by);
  const [row] = await client.rows('SELECT LAST_INSERT_ID()');
  const id = row![0] as string;
  try {
    await client.run(statement);
  } catch (error) {
    if (!isConnectionLoss(error)) await client.run(`DELETE FROM ${notes} WHERE id = ?`, [id]);
    throw error;
  }
  await client.run(`UPDATE ${notes} SET state = 'done' WHERE id = ?`, [id]);
}

export async function noteDdl(client: MysqlClient, of: TableName, statement: string, state: DdlState, by: DdlAuthor): Promise<void> {
  const values = ddlValues(of, statement, state, by);
  await client.run(`INSERT INTO ${quoteMysqlName(by.ledgerSchema, 'load_ddl')} (${DDL_COLUMNS.join(', ')}) VALUES (${values.map(() => '?').join(', ')})`, values);
}

/** Settles what a dead task had begun of the ledger itself, which is whole by now: each statement had its effect, under whatever contract. */
export async function settleLedgerDdl(client: MysqlClient, schema: string): Promise<void> {
  const tables = ['', ...Object.keys(LEDGER_TABLES)];
  await client.run(
    `UPDATE ${quoteMysqlName(schema, 'load_ddl')} SET state = 'done' WHERE state = 'begun' AND table_schema = ? AND table_name IN (${tables.map(() => '?').join(', ')})`,
    [schema, ...tables],
  );
}

/**
 * Settles what a dead task had begun, once the table is as the same contract wants it and the statement was not needed again: it had its effect.
 * Under another contract nobody knows, and the note stays as it is.
 */
export async function settleDdl(client: MysqlClient, { schema, table }: TableName, by: DdlAuthor): Promise<void> {
  await client.run(
    `UPDATE ${quoteMysqlName(by.ledgerSchema, 'load_ddl')} SET state = 'done' WHERE table_schema = ? AND table_name = ? AND state = 'begun' AND contract_sha256 = ?`,
    [schema, table, by.contractSha256],
  );
}
