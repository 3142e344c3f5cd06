import { quoteMysqlName } from '../../../contract/mysql-ddl';
import type { Claimant } from '../../ledger/ledger-row';
import { epochTaken } from '../../refusals';
import type { TableName } from '../../table-name';
import type { MysqlClient } from '../connect';

/** Takes the right to publish into a table; the same attempt gets the same epoch again. Needs an open transaction. */
export async function claimEpoch(client: MysqlClient, ledgerSchema: string, target: TableName, by: Claimant): Promise<bigint> {
  const table = quoteMysqlName(ledgerSchema, 'load_epoch');
  // Assignments are carried out from left to right, so the epoch is compared with who held it before.
  await client.run(
    `INSERT INTO ${table} (table_schema, table_name, epoch, pipeline, attempt_id) VALUES (?, ?, 1, ?, ?)
     ON DUPLICATE KEY UPDATE epoch = epoch + IF(pipeline = ? AND attempt_id = ?, 0, 1), pipeline = ?, attempt_id = ?, claimed_at = CURRENT_TIMESTAMP(6)`,
    [target.schema, target.table, by.pipeline, by.attemptId, by.pipeline, by.attemptId, by.pipeline, by.attemptId],
  );
  const [row] = await client.rows(`SELECT epoch FROM ${table} WHERE table_schema = ? AND table_name = ?`, [target.schema, target.table]);
  return BigInt(row![0] as string);
}

/** Checks that nobody claimed the table since `epoch`; throws a terminal `EPOCH` that names both. */
export async function requireEpoch(client: MysqlClient, ledgerSchema: string, target: TableName, epoch: bigint, lock: 'none' | 'share' | 'update'): Promise<void> {
  // MariaDB knows no FOR SHARE.
  const clause = lock === 'none' ? '' : lock === 'share' ? ' LOCK IN SHARE MODE' : ' FOR UPDATE';
  const [current] = await client.rows(
    `SELECT epoch, pipeline, attempt_id, DATE_FORMAT(claimed_at, '%Y-%m-%dT%H:%i:%s.%fZ') FROM ${quoteMysqlName(ledgerSchema, 'load_epoch')} WHERE table_schema = ? AND table_name = ?${clause}`,
    [target.schema, target.table],
  );
  if (current !== undefined && BigInt(current[0] as string) === epoch) return;
  if (current === undefined) throw epochTaken(target, epoch, undefined);
  const [at, pipeline, attemptId, claimedAt] = current as [string, string, string, string];
  throw epochTaken(target, epoch, { epoch: BigInt(at), pipeline, attemptId, claimedAt });
}
