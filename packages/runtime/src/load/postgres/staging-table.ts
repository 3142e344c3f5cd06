import type { Client } from 'pg';
import type { Dataset } from '../../contract/contract';
import { postgresStagingDdl } from '../../contract/postgres-ddl';
import { quoteLiteral, quoteName } from '../../contract/quote-identifier';
import { leftoversOf, markText, STAGING_PREFIX, type StagingMark, type StagingTable } from '../staging';
import type { TableName } from '../table-name';
import { forgetStagedParts } from './ledger/staged-parts';

/**
 * Makes the staging table unless it is there. Needs an open transaction.
 *
 * It has the contract's columns and no constraint: keys are checked when rows go into the target, and COPY into a
 * table without indexes is twice as fast. It is logged, so that staged parts survive a crash of the server.
 */
export async function ensureStaging(client: Client, staging: TableName, dataset: Dataset, mark: StagingMark): Promise<void> {
  if (await exists(client, staging)) return;
  const name = quoteName(staging.schema, staging.table);
  for (const statement of postgresStagingDdl(dataset, { ...staging, seq: false })) await client.query(statement);
  // Rows live for one load and are read once: vacuum would only compete with it.
  await client.query(`ALTER TABLE ${name} SET (autovacuum_enabled = false)`);
  await client.query(`COMMENT ON TABLE ${name} IS ${quoteLiteral(markText(mark))}`);
  await forgetStagedParts(client, staging.schema, mark.loadId);
}

export async function exists(client: Client, { schema, table }: TableName): Promise<boolean> {
  const { rowCount } = await client.query(
    'SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = $2',
    [schema, table],
  );
  return rowCount === 1;
}

/** Staging tables of one dataset and target that no load in `keep` needs. */
export async function leftoverStaging(client: Client, ledgerSchema: string, of: Omit<StagingMark, 'loadId'>, keep: ReadonlySet<string>): Promise<StagingTable[]> {
  const { rows } = await client.query<{ table: string; comment: string }>(
    `SELECT c.relname AS table, pg_catalog.obj_description(c.oid, 'pg_class') AS comment
     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = $1 AND c.relkind = 'r' AND starts_with(c.relname, $2)`,
    [ledgerSchema, STAGING_PREFIX],
  );
  return leftoversOf(rows, ledgerSchema, of, keep);
}

/** Drops a staging table and what is noted about it. Needs an open transaction. */
export async function dropStaging(client: Client, staging: TableName, loadId: string, waitSeconds: number): Promise<void> {
  await client.query(`SET LOCAL lock_timeout = '${waitSeconds}s'`);
  await client.query(`DROP TABLE IF EXISTS ${quoteName(staging.schema, staging.table)}`);
  await forgetStagedParts(client, staging.schema, loadId);
}
