import { quoteMysqlName } from '../../../contract/mysql-ddl';
import type { StagedPart } from '../../ledger/ledger-row';
import type { MysqlClient } from '../connect';

const DUPLICATE_KEY = 1062;

/** The parts that are staged for a load; all of them, or the one with `key`. */
export async function readStagedParts(client: MysqlClient, ledgerSchema: string, loadId: string, key?: string): Promise<StagedPart[]> {
  const rows = await client.rows(
    `SELECT part_key, sha256, records FROM ${quoteMysqlName(ledgerSchema, 'load_part')} WHERE load_id = ?${key === undefined ? '' : ' AND part_key = CAST(? AS BINARY)'}`,
    [loadId, ...(key === undefined ? [] : [key])],
  );
  return rows.map(([partKey, sha256, records]) => ({ key: partKey as string, sha256: sha256 as string, records: Number(records) }));
}

/** Notes a part as staged; false when another try of the same part committed first. */
export async function noteStagedPart(client: MysqlClient, ledgerSchema: string, loadId: string, epoch: bigint, part: StagedPart): Promise<boolean> {
  try {
    // Not IGNORE, which would hide every other error too.
    await client.run(
      `INSERT INTO ${quoteMysqlName(ledgerSchema, 'load_part')} (load_id, part_key, sha256, records, epoch) VALUES (?, CAST(? AS BINARY), ?, ?, ?)`,
      [loadId, part.key, part.sha256, part.records, String(epoch)],
    );
    return true;
  } catch (error) {
    if ((error as { errno?: number }).errno === DUPLICATE_KEY) return false;
    throw error;
  }
}

/** Loads of which parts are noted, each with the highest epoch of its notes. */
export async function readNotedLoads(client: MysqlClient, ledgerSchema: string): Promise<{ readonly loadId: string; readonly epoch: string }[]> {
  const rows = await client.rows(`SELECT load_id, MAX(epoch) FROM ${quoteMysqlName(ledgerSchema, 'load_part')} GROUP BY load_id`);
  return rows.map(([loadId, epoch]) => ({ loadId: loadId as string, epoch: String(epoch) }));
}

/**
 * Forgets what was staged for a load, because its staging table is new, gone or of no more use.
 *
 * @param epoch spares what later claims noted. Default: nothing is spared
 */
export async function forgetStagedParts(client: MysqlClient, ledgerSchema: string, loadId: string, epoch?: string): Promise<void> {
  await client.run(
    `DELETE FROM ${quoteMysqlName(ledgerSchema, 'load_part')} WHERE load_id = ?${epoch === undefined ? '' : ' AND epoch <= ?'}`, [loadId, ...(epoch === undefined ? [] : [epoch])],
  );
}
