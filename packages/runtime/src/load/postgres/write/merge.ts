import { quoteIdentifier } from '../../../contract/quote-identifier';
import type { LoadCounts } from '../../ledger/ledger-row';
import { addAbsent } from './add-absent';
import { fillEmpty } from './fill-empty';
import { refuseRepeatedKeys } from './repeated-keys';
import { writeSql, type Write, type WriteContext } from './write-context';

/**
 * Updates rows whose key is there and adds the others.
 *
 * Two set-based statements and not one `ON CONFLICT`: the planner may join instead of probing an index per row, a row
 * that is the same already is not written again, and both tell how many they touched. The third statement reads back
 * that every staged row is now in the target, or older than what is there.
 */
export const merge: Write = async (context) => {
  const filled = await fillEmpty(context);
  if (filled !== undefined) return filled;
  await refuseRepeatedKeys(context);
  const updated = await updateChanged(context);
  return readBack(context, { updated, inserted: await addAbsent(context) }, staleCondition(context));
};

/** Updates rows whose key is there, which hold other values and are not newer; returns how many. */
export async function updateChanged(context: WriteContext, only = 'true'): Promise<number> {
  const sql = writeSql(context);
  if (sql.assignments === '') return 0;
  const { rowCount } = await context.client.query(`UPDATE ${sql.target} AS t SET ${sql.assignments} FROM ${sql.staging} AS s
WHERE ${sql.sameKey} AND NOT (${sql.sameRest}) AND NOT (${staleCondition(context)}) AND ${only}`);
  return rowCount ?? 0;
}

/** What is in the target after the write, compared with what was staged; the terms come from the tables and not from each other. */
export async function readBack(context: WriteContext, done: {
  readonly updated: number; readonly inserted: number,
}, stale: string): Promise<LoadCounts> {
  const sql = writeSql(context);
  const { rows: [found] } = await context.client.query<{ same: string; stale: string }>(
    `SELECT count(*) FILTER (WHERE NOT (${stale}) AND ${sql.sameRest}) AS same, count(*) FILTER (WHERE ${stale}) AS stale
FROM ${sql.staging} AS s JOIN ${sql.target} AS t ON ${sql.sameKey}`,
  );
  return {
    staged: context.staged, ...done, unchanged: Number(found!.same) - done.inserted - done.updated, deleted: 0,
    stale: Number(found!.stale), removed: 0,
  };
}

/** An update applies only where the staged row is newer or equal; NULL on either side never stops one. */
export function staleCondition({ newerBy }: Pick<WriteContext, 'newerBy'>): string {
  if (newerBy === undefined) return 'false';
  const column = quoteIdentifier(newerBy);
  return `coalesce(t.${column} > s.${column}, false)`;
}
