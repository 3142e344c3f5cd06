import type { Client } from 'pg';
import { quoteName } from '../../../contract/quote-identifier';
import { attemptOf, LEASE_SECONDS, type LeaseClaimant, type LeaseHolder } from '../../lease/lease';
import type { TableName } from '../../table-name';

const EXPIRY = `pg_catalog.clock_timestamp() + interval '${LEASE_SECONDS} seconds'`;

/** Takes the lease of a table, unless a run of another slot holds it and is heard of: that one is returned. */
export async function takeLease(client: Client, ledgerSchema: string, target: TableName, by: LeaseClaimant): Promise<LeaseHolder | undefined> {
  const table = quoteName(ledgerSchema, 'load_lease');
  const { rowCount } = await client.query(
    `INSERT INTO ${table} AS l (table_schema, table_name, pipeline, slot, attempt_id, since, expires_at)
     VALUES ($1, $2, $3, $4, $5, pg_catalog.clock_timestamp(), ${EXPIRY})
     ON CONFLICT (table_schema, table_name) DO UPDATE SET pipeline = excluded.pipeline, slot = excluded.slot, attempt_id = excluded.attempt_id,
       since = CASE WHEN l.attempt_id = excluded.attempt_id THEN l.since ELSE excluded.since END, expires_at = excluded.expires_at
     WHERE (l.pipeline = excluded.pipeline AND l.slot = excluded.slot) OR l.expires_at <= pg_catalog.clock_timestamp()`,
    [target.schema, target.table, by.pipeline, by.slot, by.attemptId],
  );
  if (rowCount === 1) return undefined;
  const { rows: [row] } = await client.query<{ pipeline: string; slot: string; attempt_id: string; since: Date }>(
    `SELECT pipeline, slot, attempt_id, since FROM ${table} WHERE table_schema = $1 AND table_name = $2`, [target.schema, target.table],
  );
  // Given back this very moment: whoever held it has just ended, and the next load brings the rest.
  return { pipeline: row?.pipeline ?? by.pipeline, slot: row?.slot ?? '', attemptId: row?.attempt_id ?? '', since: (row?.since ?? new Date()).toISOString() };
}

export async function renewLease(client: Client, ledgerSchema: string, { pipeline, attemptId }: LeaseClaimant): Promise<void> {
  await client.query(`UPDATE ${quoteName(ledgerSchema, 'load_lease')} SET expires_at = ${EXPIRY} WHERE pipeline = $1 AND attempt_id = $2`, [pipeline, attemptId]);
}

export async function releaseLease(
  client: Client, ledgerSchema: string, { pipeline, slot, attemptId }: LeaseClaimant, earlier: boolean,
): Promise<void> {
  await client.query(
    `DELETE FROM ${quoteName(ledgerSchema, 'load_lease')} WHERE pipeline = $1 AND slot = $2 AND (attempt_id = $3 OR substring(attempt_id FROM '-a([0-9]+)$')::bigint < $4)`,
    [pipeline, slot, attemptId, earlier ? attemptOf(attemptId) : 0],
  );
}
