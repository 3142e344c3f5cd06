import { quoteIdentifier, quoteLiteral, quoteName } from '../../../contract/quote-identifier';
import type { LoadCounts } from '../../ledger/ledger-row';
import { COMMIT_COLUMN, INGEST_COLUMN } from '../../write/guard-table';
import { addAbsent } from './add-absent';
import { count, deleteRows, requireFew } from './delete-rows';
import { merge, staleCondition, updateChanged } from './merge';
import { refuseRepeatedKeys } from './repeated-keys';
import { writeSql, type Write, type WriteContext } from './write-context';

/** A staged row's fate as SQL conditions; `t` is the target, `s` the staging table, `d` the deleted keys. */
interface Fate {
  /** It marks its key as deleted. */
  readonly marks: string;
  /** It is older than the target's row. */
  readonly stale: string;
  /** Its key was deleted by a marker that is newer, or as new and of a later batch. */
  readonly buried: string;
}

/**
 * Merges changes of which some are deletes: a marked row deletes the row of its key, unless that is newer, and is itself
 * never written.
 *
 * With `newerBy` commits come in any order, so deleted keys are kept with the age of their marker: an older row that comes
 * later is stale, and a newer one takes its key out of the deleted ones.
 */
export const mergeMarked: Write = async (context) => {
  const sql = writeSql(context);
  const fate = fateOf(context);
  const [marked, deletedKeys] = [await count(context, `${sql.staging} AS s WHERE ${fate.marks}`), await hasDeletedKeys(context)];
  if (marked === 0 && !deletedKeys) return merge(context);
  await refuseRepeatedKeys(context);
  const isDue = `${sql.sameKey} AND ${fate.marks} AND NOT (${fate.stale})`;
  await requireFew(context, await count(context, `${sql.staging} AS s JOIN ${sql.target} AS t ON ${isDue}`));
  const deleted = await deleteRows(context, `DELETE FROM ${sql.target} AS t USING ${sql.staging} AS s WHERE ${isDue}`);
  const updated = await updateChanged(context, `NOT (${fate.marks})`);
  const inserted = await addAbsent(context, `NOT (${fate.marks}) AND NOT (${fate.buried})`);
  await keepDeletedKeys(context, fate);
  return readBackMarked(context, fate, { deleted, updated, inserted });
};

function fateOf(context: WriteContext): Fate {
  const { guard, newerBy, ingestSeq = 0 } = context;
  const fate = { marks: markCondition(context), stale: staleCondition(context) };
  if (guard === undefined || newerBy === undefined) return { ...fate, buried: 'false' };
  const newer = quoteIdentifier(newerBy);
  const order = `(d.${newer}, d.${quoteIdentifier(INGEST_COLUMN)}) > (s.${newer}, ${ingestSeq})`;
  return { ...fate, buried: `EXISTS (SELECT FROM ${quoteName(guard.schema, guard.table)} AS d WHERE ${writeSql(context).sameDeletedKey} AND ${order})` };
}

/** NULL marks nothing. */
function markCondition({ dataset, deletes }: WriteContext): string {
  if (deletes?.kind !== 'marker') return 'false';
  const isText = dataset.columns.some(({ name, type }) => name === deletes.column && type.kind === 'string');
  const values = deletes.values.map((value) => (isText ? quoteLiteral(value) : value)).join(', ');
  return `coalesce(s.${quoteIdentifier(deletes.column)} IN (${values}), false)`;
}

async function hasDeletedKeys({ client, guard }: WriteContext): Promise<boolean> {
  return guard !== undefined && (await client.query(`SELECT FROM ${quoteName(guard.schema, guard.table)} LIMIT 1`)).rowCount !== 0;
}

/** What is as new as the batch, or older, gives way to it; every marker stays whose key the target does not hold. */
async function keepDeletedKeys(context: WriteContext, fate: Fate): Promise<void> {
  const { client, guard, newerBy, ingestSeq = 0, seq = 0 } = context;
  if (guard === undefined || newerBy === undefined) return;
  const sql = writeSql(context);
  const [table, newer, ingest] = [quoteName(guard.schema, guard.table), quoteIdentifier(newerBy), quoteIdentifier(INGEST_COLUMN)];
  await client.query(`DELETE FROM ${table} AS d USING ${sql.staging} AS s WHERE ${sql.sameDeletedKey} AND NOT ((d.${newer}, d.${ingest}) > (s.${newer}, ${ingestSeq}))`);
  const names = guard.columns.map(({ name }) => quoteIdentifier(name));
  await client.query(
    `INSERT INTO ${table} (${[...names, ingest, quoteIdentifier(COMMIT_COLUMN)].join(', ')}) SELECT ${names.map((name) => `s.${name}`).join(', ')}, ${ingestSeq}, ${seq} FROM ${sql.staging} AS s
WHERE ${fate.marks} AND NOT EXISTS (SELECT FROM ${sql.target} AS t WHERE ${sql.sameKey}) AND NOT EXISTS (SELECT FROM ${table} AS d WHERE ${sql.sameDeletedKey})`,
  );
}

/** What became of every staged row, looked up in the tables and not taken from the other counts. */
async function readBackMarked(context: WriteContext, { marks, stale, buried }: Fate, done: Pick<LoadCounts, 'deleted' | 'updated' | 'inserted'>): Promise<LoadCounts> {
  const sql = writeSql(context);
  const there = 't.ctid IS NOT NULL';
  const { rows: [found] } = await context.client.query<{ same: string; stale: string; gone: string }>(
    `SELECT count(*) FILTER (WHERE ${there} AND NOT (${marks}) AND NOT (${stale}) AND ${sql.sameRest}) AS same,
  count(*) FILTER (WHERE CASE WHEN ${there} THEN ${stale} ELSE ${buried} END) AS stale,
  count(*) FILTER (WHERE NOT (${there}) AND ${marks} AND NOT (${buried})) AS gone
FROM ${sql.staging} AS s LEFT JOIN ${sql.target} AS t ON ${sql.sameKey}`,
  );
  const { inserted, updated, deleted } = done;
  // A marker of a row that is not there finds everything as it wants it.
  const unchanged = Number(found!.same) - inserted - updated + Number(found!.gone) - deleted;
  return { staged: context.staged, ...done, unchanged, stale: Number(found!.stale), removed: 0 };
}
