import { setTimeout as delay } from 'node:timers/promises';
import { quoteMysqlName } from '../../../contract/mysql-ddl';
import { transientError } from '../../../errors/pipeline-error';
import { NO_COUNTS, type LedgerRow } from '../../ledger/ledger-row';
import { emptyReplace, schemaProblems } from '../../refusals';
import type { Publication, Published } from '../../target/target-database';
import type { MysqlClient } from '../connect';
import { requireEpoch } from '../ledger/epoch';
import { readLedger, writeLedger } from '../ledger/ledger-rows';
import { isConnectionLoss } from '../mysql-failure';
import { dropTable } from '../staging-table';
import { putBackIndexes, takeOffIndexes } from './late-indexes';
import { refuseRepeatedKeys } from './merge';
import { finishSwap, takeBack } from './settle-swap';
import { swapProblems } from './swap-problems';
import { markSwap, newSwap, type SwapTables } from './swap-tables';
import { readCollations, writeSql } from './write-context';

const LOCK_WAIT_TIMEOUT = 1205;
/** While a rename waits for the readers of a table, new ones wait behind it: it waits shortly, and several times. */
const RENAME_WAIT_SECONDS = 2;
const PAUSE_MS = 1_000;

/**
 * Makes the table hold exactly the staged rows, in three steps, because renaming a table commits: the ledger says
 * `swapping`, a new table takes the target's name in one atomic rename, the ledger says `loaded`. Whoever dies in one of
 * the two gaps leaves what `settleSwaps` finishes or takes back.
 *
 * Readers see the old rows until the rename. Rights and views go by the name, so they stay.
 */
export async function replaceTable(client: MysqlClient, publication: Publication): Promise<Published> {
  const { ledgerSchema, target, epoch, loadId, dataset, staging, writeMode } = publication;
  const staged = await publication.checkStaged();
  if (staged === 0 && writeMode.allowEmpty !== true && await hasRows(client, publication)) throw emptyReplace(target);
  const problems = await swapProblems(client, target);
  if (problems.length > 0) throw schemaProblems(target, problems);
  const context = { client, dataset, target, staging, staged, collations: await readCollations(client, target) };
  if (dataset.primaryKey.length > 0) await refuseRepeatedKeys(context);
  const swap = newSwap(ledgerSchema, target, epoch);
  const built = quoteMysqlName(swap.built.schema, swap.built.table);
  await client.run(`CREATE TABLE ${built} LIKE ${quoteMysqlName(target.schema, target.table)}`);
  try {
    await markSwap(client, swap, loadId);
    const indexes = await takeOffIndexes(client, swap.built);
    const sql = writeSql(context);
    const { affectedRows: inserted } = await client.run(
      `INSERT INTO ${built} (${sql.columns}) SELECT ${sql.stagedColumns} FROM ${sql.staging} AS s${sql.key === '' ? '' : ` ORDER BY ${sql.key}`}`,
    );
    await putBackIndexes(client, swap.built, indexes);
    // How many rows the old table has is counted when nobody can write to it any more.
    const rows = publication.ledgerRows({ ...NO_COUNTS, staged, inserted });
    const before = await announce(client, publication, rows);
    if (before !== undefined) {
      await dropTable(client, swap.built, RENAME_WAIT_SECONDS);
      return { outcome: 'already-committed', row: before };
    }
    await rename(client, publication, swap);
  } catch (error) {
    // Where the answer is lost, the next session finds out what happened.
    if (!isConnectionLoss(error)) await dropTable(client, swap.built, RENAME_WAIT_SECONDS).catch(() => undefined);
    throw error;
  }
  await finishSwap(client, ledgerSchema, target, loadId, swap);
  await dropTable(client, swap.old, RENAME_WAIT_SECONDS).catch(() => undefined);
  const [row] = await readLedger(client, ledgerSchema, target, publication.source, publication.seq);
  const { staged: all, inserted, updated, unchanged, deleted, stale, removed } = row as LedgerRow;
  return { outcome: 'committed', counts: { staged: all, inserted, updated, unchanged, deleted, stale, removed } };
}

/** First step: whoever holds the epoch says what will be renamed. One at a time: a second one waits for the first, or for its end. */
function announce(
  client: MysqlClient, { ledgerSchema, target, epoch, source, seq, loadId }: Publication, rows: readonly LedgerRow[],
): Promise<LedgerRow | undefined> {
  return client.transaction(async () => {
    await requireEpoch(client, ledgerSchema, target, epoch, 'update');
    const [before] = await readLedger(client, ledgerSchema, target, source, seq);
    if (before !== undefined) return before;
    const others = await client.rows(
      `SELECT load_id FROM ${quoteMysqlName(ledgerSchema, 'load_ledger')} WHERE table_schema = ? AND table_name = ? AND outcome = 'swapping' LIMIT 1`, [target.schema, target.table],
    );
    if (others.length > 0) throw transientError('TARGET_BUSY', `another task is replacing ${target.schema}.${target.table} (load ${others[0]![0]}); try again`, { loadId });
    for (const row of rows) await writeLedger(client, ledgerSchema, target, source, row, 'swapping');
    return undefined;
  });
}

/** Second step. What fails for sure takes the announcement back. */
async function rename(client: MysqlClient, { ledgerSchema, target, loadId }: Publication, { built, old }: SwapTables): Promise<void> {
  const names = [target, old, built].map(({ schema, table }) => quoteMysqlName(schema, table));
  const until = performance.now() + client.lockTimeoutSeconds * 1_000;
  try {
    await client.run(`SET SESSION lock_wait_timeout = ${Math.min(RENAME_WAIT_SECONDS, client.lockTimeoutSeconds)}`);
    for (;;) {
      try {
        await client.run(`RENAME TABLE ${names[0]} TO ${names[1]}, ${names[2]} TO ${names[0]}`);
        break;
      } catch (error) {
        if ((error as { errno?: number }).errno !== LOCK_WAIT_TIMEOUT || performance.now() > until) throw error;
        await delay(PAUSE_MS);
      }
    }
    await client.run(`SET SESSION lock_wait_timeout = ${client.lockTimeoutSeconds}`);
  } catch (error) {
    if (!isConnectionLoss(error)) await takeBack(client, ledgerSchema, target, loadId);
    throw error;
  }
}

async function hasRows(client: MysqlClient, { target }: Publication): Promise<boolean> {
  return (await client.rows(`SELECT 1 FROM ${quoteMysqlName(target.schema, target.table)} LIMIT 1`)).length > 0;
}
