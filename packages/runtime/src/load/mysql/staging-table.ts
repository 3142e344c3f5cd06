import type { Dataset } from '../../contract/contract';
import { mysqlStagingDdl, quoteMysqlName } from '../../contract/mysql-ddl';
import { leftoversOf, loadIdIn, markText, STAGING_PREFIX, type StagingMark, type StagingTable } from '../staging';
import type { TableName } from '../table-name';
import type { MysqlClient } from './connect';
import { forgetStagedParts, readNotedLoads } from './ledger/staged-parts';

/**
 * Makes the staging table unless it is there. Making a table commits, so the notes of an older one of that name go first:
 * whoever dies in between leaves neither.
 *
 * It has the contract's columns and no constraint: LOAD DATA LOCAL drops rows whose key is there already, so keys are
 * checked when rows go into the target.
 */
export async function ensureStaging(client: MysqlClient, staging: TableName, dataset: Dataset, mark: StagingMark): Promise<void> {
  if (await exists(client, staging)) return;
  await forgetStagedParts(client, staging.schema, mark.loadId);
  for (const statement of mysqlStagingDdl(dataset, staging, client.flavour, markText(mark))) await client.run(statement);
}

export async function exists(client: MysqlClient, { schema, table }: TableName): Promise<boolean> {
  const found = await client.rows('SELECT 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ?', [schema, table]);
  return found.length > 0;
}

/**
 * Staging tables of one dataset and target that no load in `keep` needs.
 *
 * Notes of a table that is gone are forgotten: who died after dropping it left them, and nobody would read them again.
 */
export async function leftoverStaging(
  client: MysqlClient, ledgerSchema: string, of: Omit<StagingMark, 'loadId'>, keep: ReadonlySet<string>,
): Promise<StagingTable[]> {
  // In this order: a table is there before anything is noted about it.
  const noted = await readNotedLoads(client, ledgerSchema);
  const tables = await tablesLike(client, ledgerSchema, STAGING_PREFIX);
  const there = new Set(tables.map(({ table }) => loadIdIn(table)));
  for (const { loadId, epoch } of noted) if (!there.has(loadId)) await forgetStagedParts(client, ledgerSchema, loadId, epoch);
  return leftoversOf(tables, ledgerSchema, of, keep);
}

/** Drops a staging table, then what is noted about it: whoever dies in between leaves notes that the next table or claim forgets. */
export async function dropStaging(client: MysqlClient, staging: TableName, loadId: string, waitSeconds: number): Promise<void> {
  await dropTable(client, staging, waitSeconds);
  await forgetStagedParts(client, staging.schema, loadId);
}

/** Waits for readers of the table no longer than `waitSeconds`. */
export async function dropTable(client: MysqlClient, { schema, table }: TableName, waitSeconds: number): Promise<void> {
  await client.run(`SET SESSION lock_wait_timeout = ${waitSeconds}`);
  try {
    await client.run(`DROP TABLE IF EXISTS ${quoteMysqlName(schema, table)}`);
  } finally {
    await client.run(`SET SESSION lock_wait_timeout = ${client.lockTimeoutSeconds}`).catch(() => undefined);
  }
}

/** Tables of a database whose names begin so, with their comments. */
export async function tablesLike(client: MysqlClient, schema: string, prefix: string): Promise<{ table: string; comment: string }[]> {
  const rows = await client.rows(
    "SELECT TABLE_NAME, TABLE_COMMENT FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND LEFT(TABLE_NAME, ?) = ? AND TABLE_TYPE = 'BASE TABLE'", [schema, prefix.length, prefix],
  );
  return rows.map(([table, comment]) => ({ table: table as string, comment: comment as string }));
}
