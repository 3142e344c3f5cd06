import type { Client } from 'pg';
import { quoteName } from '../../../contract/quote-identifier';
import { DDL_COLUMNS, ddlValues, type DdlAuthor } from '../../ledger/ddl-author';
import type { TableName } from '../../table-name';

/** Runs a statement about a table and notes it in the same transaction: there is both or neither. `table` is empty for a schema. */
export async function runDdl(client: Client, of: TableName, statement: string, by: DdlAuthor): Promise<void> {
  await client.query(statement);
  await noteDdl(client, of, statement, by);
}

export async function noteDdl(client: Client, of: TableName, statement: string, by: DdlAuthor): Promise<void> {
  const values = ddlValues(of, statement, 'done', by);
  await client.query(
    `INSERT INTO ${quoteName(by.ledgerSchema, 'load_ddl')} (${DDL_COLUMNS.join(', ')}) VALUES (${values.map((_, index) => `$${index + 1}`).join(', ')})`, values,
  );
}
