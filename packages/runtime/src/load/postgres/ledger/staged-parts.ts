import type { Client } from 'pg';
import { quoteName } from '../../../contract/quote-identifier';
import type { StagedPart } from '../../ledger/ledger-row';

/** The parts that are staged for a load; all of them, or the one with `key`. */
export async function readStagedParts(client: Client, ledgerSchema: string, loadId: string, key?: string): Promise<StagedPart[]> {
  const { rows } = await client.query<{ part_key: string; sha256: string; records: string }>(
    `SELECT part_key, sha256, records FROM ${quoteName(ledgerSchema, 'load_part')} WHERE load_id = $1 AND ($2::text IS NULL OR part_key = $2)`,
    [loadId, key ?? null],
  );
  return rows.map((row) => ({ key: row.part_key, sha256: row.sha256, records: Number(row.records) }));
}

/**
 * Notes a part as staged, in the transaction that holds its rows.
 *
 * @returns false when another try of the same part committed first: this transaction's rows must then be rolled back.
 */
export async function noteStagedPart(client: Client, ledgerSchema: string, loadId: string, epoch: bigint, part: StagedPart): Promise<boolean> {
  const { rowCount } = await client.query(
    `INSERT INTO ${quoteName(ledgerSchema, 'load_part')} (load_id, part_key, sha256, records, epoch) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (load_id, part_key) DO NOTHING`,
    [loadId, part.key, part.sha256, part.records, String(epoch)],
  );
  return rowCount === 1;
}

/** Forgets what was staged for a load, because its staging table is new, gone or of no more use. */
export async function forgetStagedParts(client: Client, ledgerSchema: string, loadId: string): Promise<void> {
  await client.query(`DELETE FROM ${quoteName(ledgerSchema, 'load_part')} WHERE load_id = $1`, [loadId]);
}
