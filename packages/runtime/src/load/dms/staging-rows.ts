import type { Client } from 'pg';
import { DMS_LOAD_COLUMN } from '../../contract/dms/dms-column';
import { quoteIdentifier, quoteName } from '../../contract/quote-identifier';
import type { CuratedPart } from '../../run/manifest';
import { requireEpoch } from '../postgres/ledger/epoch';
import type { TableName } from '../table-name';
import { forgetStagedParts, noteStagedPart, readStagedParts } from '../postgres/ledger/staged-parts';
import type { LoadUnit } from '../load-plan';
import { transaction } from '../postgres/connect';

/** Whether every part is noted as staged, just as the manifest lists it. */
export async function isStaged(client: Client, ledgerSchema: string, unit: LoadUnit, parts: readonly CuratedPart[]): Promise<boolean> {
  const there = new Map((await readStagedParts(client, ledgerSchema, unit.loadId)).map((part) => [part.key, part]));
  return parts.every(({ key, sha256, records }) => there.get(key)?.sha256 === sha256 && there.get(key)?.records === records);
}

/** Empties the staging table for a replication task and gives it the column that says which load a row belongs to. */
export async function clearStaging(client: Client, ledgerSchema: string, unit: LoadUnit): Promise<void> {
  const table = quoteName(unit.staging.schema, unit.staging.table);
  await transaction(client, async () => {
    await requireEpoch(client, ledgerSchema, unit.target, BigInt(unit.epoch), 'share');
    await client.query(`ALTER TABLE ${table} ADD COLUMN IF NOT EXISTS ${quoteIdentifier(DMS_LOAD_COLUMN)} text`);
    await client.query(`TRUNCATE ${table}`);
    await forgetStagedParts(client, ledgerSchema, unit.loadId);
  });
}

export interface StagedRows {
  readonly all: number;
  /** Those that bear the tag of this load. */
  readonly own: number;
}

export async function countStaged(client: Client, staging: TableName, tag: string): Promise<StagedRows> {
  const { rows } = await client.query<{ all: string; own: string }>(
    `SELECT count(*) AS all, count(*) FILTER (WHERE ${quoteIdentifier(DMS_LOAD_COLUMN)} = $1) AS own FROM ${quoteName(staging.schema, staging.table)}`, [tag],
  );
  return { all: Number(rows[0]!.all), own: Number(rows[0]!.own) };
}

/** Notes all parts of a commit as staged, once their rows are counted: DMS knows nothing of parts. Needs an open transaction. */
export async function noteStaged(client: Client, ledgerSchema: string, unit: LoadUnit, parts: readonly CuratedPart[]): Promise<void> {
  for (const part of parts) await noteStagedPart(client, ledgerSchema, unit.loadId, BigInt(unit.epoch), part);
}

const EXCEPTIONS = 'awsdms_apply_exceptions';

/** What DMS wrote down about rows that it could not apply, newest first; DMS makes that table only for some tasks. */
export async function readExceptions(client: Client, schema: string, staging: TableName, taskName: string): Promise<string[]> {
  const { rows: tables } = await client.query<{ columns: string[] }>(
    `SELECT array_agg(a.attname::text) AS columns FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 WHERE n.nspname = $1 AND c.relname = $2 HAVING count(*) > 0`, [schema, EXCEPTIONS],
  );
  if (tables[0] === undefined) return [];
  const column = (name: string): string => quoteIdentifier(tables[0]!.columns.find((each) => each.toUpperCase() === name) ?? name);
  const { rows } = await client.query<{ error: string }>(
    `SELECT ${column('ERROR')} AS error FROM ${quoteName(schema, EXCEPTIONS)} WHERE upper(${column('TASK_NAME')}) = upper($1) AND ${column('TABLE_NAME')} = $2
     ORDER BY ${column('ERROR_TIME')} DESC LIMIT 5`, [taskName, staging.table],
  );
  return rows.map(({ error }) => error);
}
