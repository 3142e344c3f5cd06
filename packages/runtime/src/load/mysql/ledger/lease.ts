import { quoteMysqlName } from '../../../contract/mysql-ddl';
import { attemptOf, LEASE_SECONDS, type LeaseClaimant, type LeaseHolder } from '../../lease/lease';
import type { TableName } from '../../table-name';
import type { MysqlClient } from '../connect';

const EXPIRY = `CURRENT_TIMESTAMP(6) + INTERVAL ${LEASE_SECONDS} SECOND`;

/**
 * Takes the lease of a table, unless a run of another slot holds it and is heard of: that one is returned. Needs the lock that keeps other claims
 * off.
 */
export async function takeLease(client: MysqlClient, ledgerSchema: string, target: TableName, by: LeaseClaimant): Promise<LeaseHolder | undefined> {
  const table = quoteMysqlName(ledgerSchema, 'load_lease');
  const [holder] = await client.rows(
    `SELECT pipeline, slot, attempt_id, DATE_FORMAT(since, '%Y-%m-%dT%H:%i:%s.%fZ') FROM ${table}
     WHERE table_schema = ? AND table_name = ? AND NOT (pipeline = ? AND slot = ?) AND expires_at > CURRENT_TIMESTAMP(6) FOR UPDATE`,
    [target.schema, target.table, by.pipeline, by.slot],
  ) as string[][];
  if (holder !== undefined) return { pipeline: holder[0]!, slot: holder[1]!, attemptId: holder[2]!, since: holder[3]! };
  // Assignments are carried out from left to right.
  await client.run(
    `INSERT INTO ${table} (table_schema, table_name, pipeline, slot, attempt_id, since, expires_at) VALUES (?, ?, ?, ?, ?, CURRENT_TIMESTAMP(6), ${EXPIRY})
     ON DUPLICATE KEY UPDATE since = IF(attempt_id = VALUES(attempt_id), since, VALUES(since)), pipeline = VALUES(pipeline), slot = VALUES(slot),
       attempt_id = VALUES(attempt_id), expires_at = VALUES(expires_at)`,
    [target.schema, target.table, by.pipeline, by.slot, by.attemptId],
  );
  return undefined;
}

export async function renewLease(client: MysqlClient, ledgerSchema: string, { pipeline, attemptId }: LeaseClaimant): Promise<void> {
  await client.run(`UPDATE ${quoteMysqlName(ledgerSchema, 'load_lease')} SET expires_at = ${EXPIRY} WHERE pipeline = ? AND attempt_id = ?`, [pipeline, attemptId]);
}

export async function releaseLease(
  client: MysqlClient, ledgerSchema: string, { pipeline, slot, attemptId }: LeaseClaimant, earlier: boolean,
): Promise<void> {
  await client.run(
    `DELETE FROM ${quoteMysqlName(ledgerSchema, 'load_lease')} WHERE pipeline = ? AND slot = ? AND (attempt_id = ? OR CAST(SUBSTRING_INDEX(attempt_id, '-a', -1) AS UNSIGNED) < ?)`,
    [pipeline, slot, attemptId, earlier ? attemptOf(attemptId) : 0],
  );
}
