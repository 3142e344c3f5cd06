import { quoteMysqlName } from '../../../contract/mysql-ddl';
import type { StagingTable } from '../../staging';
import type { TableName } from '../../table-name';
import type { MysqlClient } from '../connect';
import { isConnectionLoss } from '../mysql-failure';
import { dropTable, exists } from '../staging-table';
import { leftSwaps, readMark, type SwapTables } from './swap-tables';

/** Longest wait for readers of a table that nobody needs any more. */
const DROP_WAIT_SECONDS = 5;

/**
 * Ends what a replacement left between two of its steps.
 *
 * Tables that were built and not renamed go first: without them whoever built them can rename nothing any more, however
 * late it wakes up. From then on the table's own mark says whether the rename happened, and the ledger follows it.
 */
export async function settleSwaps(client: MysqlClient, ledgerSchema: string, target: TableName, epoch: bigint): Promise<void> {
  const ledger = quoteMysqlName(ledgerSchema, 'load_ledger');
  const pending = await client.rows(
    `SELECT DISTINCT load_id FROM ${ledger} WHERE table_schema = ? AND table_name = ? AND outcome IN ('swapping', 'overtaking') AND epoch <= ?`, [target.schema, target.table, String(epoch)],
  );
  for (const swap of await leftSwaps(client, 'swap', ledgerSchema, target, epoch)) await dropTable(client, swap.built, DROP_WAIT_SECONDS);
  const old = await leftSwaps(client, 'old', ledgerSchema, target, epoch);
  if (pending.length > 0) {
    const mark = await readMark(client, target);
    for (const [loadId] of pending as [string][]) {
      // The table that was renamed away is kept until here, so it is there exactly when the rename happened.
      const swap = loadId === mark?.loadId ? old.find(({ id }) => id === mark.id) : undefined;
      if (swap !== undefined) await finishSwap(client, ledgerSchema, target, loadId, swap);
      else await takeBack(client, ledgerSchema, target, loadId);
    }
  }
  for (const swap of old) {
    await dropTable(client, swap.old, DROP_WAIT_SECONDS).catch((error: unknown) => {
      // Somebody reads it still: it is litter, and goes the next time.
      if (isConnectionLoss(error)) throw error;
    });
  }
}

/** The table that the last replacement renamed away and could not drop, once the ledger has that replacement. */
export async function replacedTables(client: MysqlClient, ledgerSchema: string, target: TableName): Promise<StagingTable[]> {
  const mark = await readMark(client, target);
  if (mark === undefined) return [];
  const old = await leftSwaps(client, 'old', ledgerSchema, target);
  // The claim drops what belongs to a load that is published, and leaves alone what is still between two steps.
  return old.filter(({ id }) => id === mark.id).map((swap) => ({ ...swap.old, loadId: mark.loadId }));
}

/** The table is the new one: the ledger says so from now on, and how many rows the old one had, unless somebody else was faster. */
export async function finishSwap(client: MysqlClient, ledgerSchema: string, target: TableName, loadId: string, swap: SwapTables): Promise<void> {
  const ledger = quoteMysqlName(ledgerSchema, 'load_ledger');
  const where = 'WHERE table_schema = ? AND table_name = ? AND load_id = ? AND outcome = ?';
  const removed = await exists(client, swap.old) ? await countRows(client, swap.old) : undefined;
  await client.transaction(async () => {
    await client.run(
      `UPDATE ${ledger} SET outcome = 'loaded', published_at = CURRENT_TIMESTAMP(6)${removed === undefined ? '' : ', removed = ?'} ${where}`,
      [...(removed === undefined ? [] : [removed]), target.schema, target.table, loadId, 'swapping'],
    );
    await client.run(`UPDATE ${ledger} SET outcome = 'overtaken' ${where}`, [target.schema, target.table, loadId, 'overtaking']);
  });
}

/** The rename never happened, and cannot any more: its commits are pending again. */
export async function takeBack(client: MysqlClient, ledgerSchema: string, target: TableName, loadId: string): Promise<void> {
  await client.run(
    `DELETE FROM ${quoteMysqlName(ledgerSchema, 'load_ledger')} WHERE table_schema = ? AND table_name = ? AND load_id = ? AND outcome IN ('swapping', 'overtaking')`,
    [target.schema, target.table, loadId],
  );
}

export async function countRows(client: MysqlClient, { schema, table }: TableName): Promise<number> {
  const [row] = await client.rows(`SELECT COUNT(*) FROM ${quoteMysqlName(schema, table)}`);
  return Number(row![0]);
}
