import type { LoadCounts } from '../../ledger/ledger-row';
import { repeatedKeys } from '../../refusals';
import { writeSql, type Write, type WriteContext } from './write-context';

/**
 * Updates rows whose key is there and adds the others.
 *
 * Two statements and not one ON DUPLICATE KEY: a row that is the same already is not written again, and both tell how many
 * they touched. The third reads back that every staged row is now in the target, or older than what is there. Each goes
 * through the staging table and looks the key up: the other way round, each row of the target would search a table that
 * has no index.
 */
export const merge: Write = async (context) => {
  await refuseRepeatedKeys(context);
  const updated = await updateChanged(context);
  return readBack(context, { updated, inserted: await addAbsent(context) });
};

/** Updates rows whose key is there, which hold other values and are not newer; returns how many. */
export async function updateChanged(context: WriteContext, only = 'TRUE'): Promise<number> {
  const sql = writeSql(context);
  if (sql.assignments === '') return 0;
  return (await context.client.run(
    `UPDATE ${sql.staging} AS s STRAIGHT_JOIN ${sql.target} AS t ON ${sql.sameKey} SET ${sql.assignments} WHERE NOT (${sql.sameRest}) AND NOT (${sql.stale}) AND ${only}`,
  )).affectedRows;
}

/** Adds the staged rows whose key the target does not hold, in the order of its index; returns how many. */
export async function addAbsent(context: WriteContext, only = 'TRUE'): Promise<number> {
  const sql = writeSql(context);
  return (await context.client.run(
    `INSERT INTO ${sql.target} (${sql.columns}) SELECT ${sql.stagedColumns} FROM ${sql.staging} AS s LEFT JOIN ${sql.target} AS t ON ${sql.sameKey} WHERE ${sql.notThere} AND ${only} ORDER BY ${sql.key}`,
  )).affectedRows;
}

/** What is in the target after the write, compared with what was staged; the terms come from the tables and not from each other. */
export async function readBack(context: WriteContext, { updated, inserted }: Pick<LoadCounts, 'updated' | 'inserted'>): Promise<LoadCounts> {
  const sql = writeSql(context);
  const [found] = await context.client.rows(
    `SELECT COALESCE(SUM(NOT (${sql.stale}) AND ${sql.sameRest}), 0), COALESCE(SUM(${sql.stale}), 0) FROM ${sql.staging} AS s STRAIGHT_JOIN ${sql.target} AS t ON ${sql.sameKey}`,
  );
  const [same, stale] = found as [string, string];
  return { staged: context.staged, inserted, updated, unchanged: Number(same) - inserted - updated, deleted: 0, stale: Number(stale), removed: 0 };
}

/** Of two staged rows with one key, as the target compares keys, neither is right, so none of the batch is written. */
export async function refuseRepeatedKeys(context: WriteContext): Promise<void> {
  const { staging, key } = writeSql(context);
  const [row] = await context.client.rows(`SELECT COUNT(*) FROM (SELECT 1 FROM ${staging} AS s GROUP BY ${key} HAVING COUNT(*) > 1) AS repeated`);
  const keys = Number(row![0]);
  if (keys > 0) throw repeatedKeys(context.dataset, keys);
}
