import { isText } from '../../../contract/postgres-ddl';
import type { Column } from '../../../contract/contract';
import { quoteIdentifier, quoteName } from '../../../contract/quote-identifier';
import { NO_COUNTS } from '../../ledger/ledger-row';
import { COMMIT_COLUMN, INGEST_COLUMN, type GuardTable } from '../../write/guard-table';
import { count, deleteRows, requireFew } from './delete-rows';
import { refuseRepeatedKeys } from './repeated-keys';
import { keyOrder, writeSql, type Write, type WriteContext } from './write-context';

/**
 * The batch takes the place of all rows that have the same values in the partition columns as one of its own; all other
 * rows stay. Values are the same as bytes, and NULL is a value.
 *
 * A partition that a later batch has written stays as it is, and the rows that this one has of it are stale.
 */
export const replacePartitions: Write = async (context) => {
  const { client, staged, guard } = context;
  if (guard === undefined) throw new TypeError('replacing partitions needs the table of what was written');
  if (staged === 0) return NO_COUNTS;
  if (context.dataset.primaryKey.length > 0) await refuseRepeatedKeys(context);
  const sql = writeSql(context);
  await takePartitions(context, guard);
  const own = await ownPartitions(context, guard);
  const fresh = await count(context, `${sql.staging} AS s WHERE ${own('s')}`);
  const before = await count(context, `${sql.target} AS t WHERE ${own('t')}`);
  // Rows that are replaced by others are not lost.
  await requireFew(context, Math.max(0, before - fresh));
  const removed = await deleteRows(context, `DELETE FROM ${sql.target} AS t WHERE ${own('t')}`);
  const order = context.dataset.primaryKey.length === 0 ? '' : ` ORDER BY ${keyOrder(context)}`;
  const { rowCount } = await client.query(`INSERT INTO ${sql.target} (${sql.columns}) SELECT ${sql.stagedColumns} FROM ${sql.staging} AS s WHERE ${own('s')}${order}`);
  const stale = await count(context, `${sql.staging} AS s WHERE NOT (${own('s')})`);
  return { ...NO_COUNTS, staged, inserted: rowCount ?? 0, stale, removed };
};

/** Notes this commit as the last one that wrote each of its partitions, but for those of a later batch. */
async function takePartitions({ client, staging, seq = 0, ingestSeq = 0 }: WriteContext, guard: GuardTable): Promise<void> {
  const table = quoteName(guard.schema, guard.table);
  const names = guard.columns.map(({ name }) => quoteIdentifier(name)).join(', ');
  const values = `(SELECT DISTINCT ${names} FROM ${quoteName(staging.schema, staging.table)}) AS s`;
  const same = guard.columns.map((column) => `${bytes(column, 'd')} IS NOT DISTINCT FROM ${bytes(column, 's')}`).join(' AND ');
  const ingest = quoteIdentifier(INGEST_COLUMN);
  await client.query(`DELETE FROM ${table} AS d USING ${values} WHERE ${same} AND d.${ingest} <= ${ingestSeq}`);
  await client.query(`INSERT INTO ${table} (${names}, ${ingest}, ${quoteIdentifier(COMMIT_COLUMN)}) SELECT ${names}, ${ingestSeq}, ${seq} FROM ${values} WHERE NOT EXISTS (SELECT FROM ${table} AS d WHERE ${same})`);
}

/**
 * Whether a row belongs to a partition of this commit, as a condition on `t` or `s`.
 *
 * One term for each pattern of NULLs: equality, which can be hashed and looked up in an index, knows no NULL. There is one pattern almost always.
 */
async function ownPartitions({ client, collations, seq = 0 }: WriteContext, guard: GuardTable): Promise<(alias: 's' | 't') => string> {
  const table = quoteName(guard.schema, guard.table);
  const isOwn = `d.${quoteIdentifier(COMMIT_COLUMN)} = ${seq}`;
  const { rows } = await client.query<{ nulls: boolean[] }>(
    `SELECT DISTINCT ARRAY[${guard.columns.map(({ name }) => `d.${quoteIdentifier(name)} IS NULL`).join(', ')}] AS nulls FROM ${table} AS d WHERE ${isOwn}`,
  );
  const same = (column: Column, isNull: boolean, alias: 's' | 't'): string => {
    const name = quoteIdentifier(column.name);
    if (isNull) return `${alias}.${name} IS NULL AND d.${name} IS NULL`;
    if (!isText(column)) return `${alias}.${name} = d.${name}`;
    // The first may be looked up in an index of the target, whose collation may call more texts the same.
    const collation = alias === 't' ? collations.get(column.name) : undefined;
    const looked = collation === undefined ? '' : `t.${name} = d.${name} COLLATE ${collation} AND `;
    return `${looked}${bytes(column, alias)} = ${bytes(column, 'd')}`;
  };
  return (alias) => (rows.length === 0 ? 'false' : rows.map(({ nulls }) => (
    `EXISTS (SELECT FROM ${table} AS d WHERE ${isOwn} AND ${guard.columns.map((column, index) => same(column, nulls[index] === true, alias)).join(' AND ')})`)).join(' OR '));
}

function bytes(column: Column, alias: string): string {
  return `${alias}.${quoteIdentifier(column.name)}${isText(column) ? ' COLLATE "C"' : ''}`;
}
