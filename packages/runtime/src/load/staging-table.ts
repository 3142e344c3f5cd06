import { createHash } from 'node:crypto';
import type { Client } from 'pg';
import type { Dataset } from '../contract/contract';
import { postgresType } from '../contract/engine-types';
import { postgresStagingDdl } from '../contract/postgres-ddl';
import { quoteLiteral, quoteName } from '../contract/quote-identifier';
import type { TableName } from './ledger/epoch';
import { forgetStagedParts } from './ledger/staged-parts';

/** PostgreSQL's limit for names, in bytes. */
const MAX_NAME = 63;
const LOAD_ID_DIGITS = 16;
const PREFIX = 'stage_';

/** What a staging table says about itself in its comment, so that leftovers are known for what they are. */
export interface StagingMark {
  readonly pipeline: string;
  readonly dataset: string;
  readonly target: TableName;
  readonly loadId: string;
}

/**
 * The id of the load of one commit into one table, the same in every attempt.
 *
 * The columns are part of it: parts staged under another contract are not found again, so they are staged anew.
 */
export function loadIdOf(of: Omit<StagingMark, 'loadId'> & { readonly seq: number; readonly attemptId: string }, dataset: Dataset): string {
  const columns = dataset.columns.map(({ name, type }) => [name, postgresType(type)]);
  const text = JSON.stringify([of.pipeline, of.dataset, of.target.schema, of.target.table, of.seq, of.attemptId, columns]);
  return createHash('sha256').update(text).digest('hex').slice(0, LOAD_ID_DIGITS);
}

export function stagingTable(ledgerSchema: string, dataset: string, loadId: string): TableName {
  const room = MAX_NAME - PREFIX.length - '__'.length - loadId.length;
  return { schema: ledgerSchema, table: `${PREFIX}${dataset.slice(0, room)}__${loadId}` };
}

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

/** Staging tables of one dataset and target that no load in `keep` needs: of published loads, and of older contracts. */
export async function leftoverStaging(client: Client, ledgerSchema: string, of: Omit<StagingMark, 'loadId'>, keep: ReadonlySet<string>): Promise<(TableName & { loadId: string })[]> {
  const { rows } = await client.query<{ table: string; comment: string }>(
    `SELECT c.relname AS table, pg_catalog.obj_description(c.oid, 'pg_class') AS comment
     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = $1 AND c.relkind = 'r' AND starts_with(c.relname, $2)`,
    [ledgerSchema, PREFIX],
  );
  return rows.flatMap(({ table, comment }) => {
    const loadId = table.slice(table.lastIndexOf('__') + 2);
    return comment === markText({ ...of, loadId }) && !keep.has(loadId) ? [{ schema: ledgerSchema, table, loadId }] : [];
  });
}

/** Drops a staging table and what is noted about it. */
export async function dropStaging(client: Client, staging: TableName, loadId: string): Promise<void> {
  await client.query(`DROP TABLE IF EXISTS ${quoteName(staging.schema, staging.table)}`);
  await forgetStagedParts(client, staging.schema, loadId);
}

function markText({ pipeline, dataset, target, loadId }: StagingMark): string {
  return `headrace staging ${JSON.stringify({ pipeline, dataset, schema: target.schema, table: target.table, loadId })}`;
}
