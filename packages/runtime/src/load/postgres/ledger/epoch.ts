import type { Client } from 'pg';
import { quoteName } from '../../../contract/quote-identifier';
import type { Claimant } from '../../ledger/ledger-row';
import { epochTaken } from '../../refusals';
import type { TableName } from '../../table-name';

/**
 * Takes the right to publish into a table: the epoch goes up, and whoever held an older one is refused from now on.
 *
 * The same attempt gets the same epoch again, so that a claim that is repeated does not fence its own parts.
 */
export async function claimEpoch(client: Client, ledgerSchema: string, target: TableName, by: Claimant): Promise<bigint> {
  const table = quoteName(ledgerSchema, 'load_epoch');
  const { rows } = await client.query<{ epoch: string }>(
    `INSERT INTO ${table} AS e (table_schema, table_name, epoch, pipeline, attempt_id) VALUES ($1, $2, 1, $3, $4)
     ON CONFLICT (table_schema, table_name) DO UPDATE SET
       epoch = CASE WHEN e.pipeline = excluded.pipeline AND e.attempt_id = excluded.attempt_id THEN e.epoch ELSE e.epoch + 1 END,
       pipeline = excluded.pipeline, attempt_id = excluded.attempt_id, claimed_at = now()
     RETURNING epoch::text`,
    [target.schema, target.table, by.pipeline, by.attemptId],
  );
  return BigInt(rows[0]!.epoch);
}

/**
 * Checks that nobody claimed the table since `epoch`.
 *
 * `share` holds claims off until the transaction ends; `update` holds other publishers off too; `none` is a look.
 * Throws a terminal `EPOCH` that names both.
 */
export async function requireEpoch(client: Client, ledgerSchema: string, target: TableName, epoch: bigint, lock: 'none' | 'share' | 'update'): Promise<void> {
  const clause = lock === 'none' ? '' : lock === 'share' ? ' FOR SHARE' : ' FOR UPDATE';
  const { rows } = await client.query<{ epoch: string; pipeline: string; attempt_id: string; claimed_at: Date }>(
    `SELECT epoch::text, pipeline, attempt_id, claimed_at FROM ${quoteName(ledgerSchema, 'load_epoch')} WHERE table_schema = $1 AND table_name = $2${clause}`,
    [target.schema, target.table],
  );
  const current = rows[0];
  if (current !== undefined && BigInt(current.epoch) === epoch) return;
  throw epochTaken(target, epoch, current === undefined ? undefined : {
    epoch: BigInt(current.epoch), pipeline: current.pipeline, attemptId: current.attempt_id, claimedAt: current.claimed_at.toISOString(),
  });
}
