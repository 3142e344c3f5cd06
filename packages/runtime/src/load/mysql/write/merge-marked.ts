import { quoteMysqlName, quoteMysqlText } from '../../../contract/mysql-ddl';
import type { LoadCounts } from '../../ledger/ledger-row';
import { COMMIT_COLUMN, INGEST_COLUMN, type GuardTable } from '../../write/guard-table';
import { count, deleteRows, requireFew } from './delete-rows';
import { addAbsent, merge, refuseRepeatedKeys, updateChanged } from './merge';
import { writeSql, type Write, type WriteContext } from './write-context';

/** Where deleted keys are kept, with the order of their markers; only a merge with `newerBy` has it. */
interface DeletedKeys {
  readonly table: string;
  readonly guard: GuardTable;
  /** The marker in `d` is newer than the staged row, or as new and of a later batch. */
  readonly isNewer: string;
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
  const marks = markCondition(context);
  const keys = deletedKeysOf(context);
  const marked = await count(context, `${sql.staging} AS s WHERE ${marks}`);
  if (marked === 0 && (keys === undefined || await count(context, `(SELECT 1 FROM ${keys.table} LIMIT 1) AS found`) === 0)) return merge(context);
  await refuseRepeatedKeys(context);
  const buried = keys === undefined ? 'FALSE' : `EXISTS (SELECT 1 FROM ${keys.table} AS d WHERE ${sql.sameDeletedKey} AND ${keys.isNewer})`;
  const due = `${sql.staging} AS s STRAIGHT_JOIN ${sql.target} AS t ON ${sql.sameKey} WHERE ${marks} AND NOT (${sql.stale})`;
  await requireFew(context, await count(context, due));
  const deleted = await deleteRows(context, `DELETE t FROM ${due}`);
  const updated = await updateChanged(context, `NOT (${marks})`);
  const inserted = await addAbsent(context, `NOT (${marks}) AND NOT (${buried})`);
  if (keys !== undefined) await keepDeletedKeys(context, keys, marks);
  return readBackMarked(context, { marks, buried }, { deleted, updated, inserted });
};

function deletedKeysOf({ guard, newerBy, ingestSeq = 0 }: WriteContext): DeletedKeys | undefined {
  if (guard === undefined || newerBy === undefined) return undefined;
  const [newer, ingest] = [quoteMysqlName(newerBy), quoteMysqlName(INGEST_COLUMN)];
  return { guard, table: quoteMysqlName(guard.schema, guard.table), isNewer: `(d.${newer} > s.${newer} OR (d.${newer} = s.${newer} AND d.${ingest} > ${ingestSeq}))` };
}

/** NULL marks nothing. */
function markCondition({ dataset, deletes }: WriteContext): string {
  if (deletes?.kind !== 'marker') return 'FALSE';
  const isText = dataset.columns.some(({ name, type }) => name === deletes.column && type.kind === 'string');
  const values = deletes.values.map((value) => (isText ? quoteMysqlText(value) : value)).join(', ');
  return `COALESCE(s.${quoteMysqlName(deletes.column)} IN (${values}), FALSE)`;
}

/** What is as new as the batch, or older, gives way to it; every marker stays whose key the target does not hold. */
async function keepDeletedKeys(context: WriteContext, { table, guard, isNewer }: DeletedKeys, marks: string): Promise<void> {
  const { client, ingestSeq = 0, seq = 0 } = context;
  const sql = writeSql(context);
  await client.run(`DELETE d FROM ${sql.staging} AS s STRAIGHT_JOIN ${table} AS d ON ${sql.sameDeletedKey} WHERE NOT ${isNewer}`);
  const names = guard.columns.map(({ name }) => quoteMysqlName(name));
  await client.run(
    `INSERT INTO ${table} (${[...names, quoteMysqlName(INGEST_COLUMN), quoteMysqlName(COMMIT_COLUMN)].join(', ')}) SELECT ${names.map((name) => `s.${name}`).join(', ')}, ${ingestSeq}, ${seq}
FROM ${sql.staging} AS s LEFT JOIN ${sql.target} AS t ON ${sql.sameKey} LEFT JOIN ${table} AS d ON ${sql.sameDeletedKey} WHERE ${marks} AND ${sql.notThere} AND d.${names[0]} IS NULL`,
  );
}

/** What became of every staged row, looked up in the tables and not taken from the other counts. */
async function readBackMarked(
  context: WriteContext, { marks, buried }: { readonly marks: string; readonly buried: string }, done: Pick<LoadCounts, 'deleted' | 'updated' | 'inserted'>,
): Promise<LoadCounts> {
  const sql = writeSql(context);
  const [found] = await context.client.rows(
    `SELECT COALESCE(SUM(NOT (${sql.notThere}) AND NOT (${marks}) AND NOT (${sql.stale}) AND ${sql.sameRest}), 0), COALESCE(SUM(CASE WHEN ${sql.notThere} THEN ${buried} ELSE ${sql.stale} END), 0),
  COALESCE(SUM(${sql.notThere} AND ${marks} AND NOT (${buried})), 0)
FROM ${sql.staging} AS s LEFT JOIN ${sql.target} AS t ON ${sql.sameKey}`,
  );
  const [same, stale, gone] = (found as [string, string, string]).map(Number) as [number, number, number];
  // A marker of a row that is not there finds everything as it wants it.
  return { staged: context.staged, ...done, unchanged: same - done.inserted - done.updated + gone - done.deleted, stale, removed: 0 };
}
