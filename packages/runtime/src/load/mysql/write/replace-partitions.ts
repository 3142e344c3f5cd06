import type { Column } from '../../../contract/contract';
import { MYSQL_COLLATIONS, quoteMysqlName } from '../../../contract/mysql-ddl';
import { NO_COUNTS } from '../../ledger/ledger-row';
import { COMMIT_COLUMN, INGEST_COLUMN, type GuardTable } from '../../write/guard-table';
import { count, deleteRows, requireFew } from './delete-rows';
import { refuseRepeatedKeys } from './merge';
import { writeSql, type Write, type WriteContext } from './write-context';

/**
 * The batch takes the place of all rows that have the same values in the partition columns as one of its own; all other
 * rows stay. Values are the same as bytes, and NULL is a value. Rows are deleted and inserted in one transaction: no table
 * is renamed.
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
  let fresh = 0;
  let before = 0;
  for (const isOf of own) {
    fresh += await count(context, isOf('s'));
    before += await count(context, isOf('t'));
  }
  // Rows that are replaced by others are not lost.
  await requireFew(context, Math.max(0, before - fresh));
  let removed = 0;
  for (const isOf of own) removed += await deleteRows(context, `DELETE t FROM ${isOf('t')}`);
  const order = sql.key === '' ? '' : ` ORDER BY ${sql.key}`;
  const insert = `INSERT INTO ${sql.target} (${sql.columns}) SELECT ${sql.stagedColumns} FROM`;
  let inserted = 0;
  // Without a later batch in the way all rows go in, and none has to be looked up.
  if (fresh === staged) inserted = (await client.run(`${insert} ${sql.staging} AS s${order}`)).affectedRows;
  else for (const isOf of own) inserted += (await client.run(`${insert} ${isOf('s')}${order}`)).affectedRows;
  return { ...NO_COUNTS, staged, inserted, stale: staged - fresh, removed };
};

/** Notes this commit as the last one that wrote each of its partitions, but for those of a later batch. */
async function takePartitions({ client, staging, seq = 0, ingestSeq = 0 }: WriteContext, guard: GuardTable): Promise<void> {
  const table = quoteMysqlName(guard.schema, guard.table);
  const names = guard.columns.map(({ name }) => quoteMysqlName(name));
  const values = `(SELECT DISTINCT ${names.join(', ')} FROM ${quoteMysqlName(staging.schema, staging.table)}) AS s`;
  // Both tables compare texts as bytes.
  const same = names.map((name) => `d.${name} <=> s.${name}`).join(' AND ');
  const [ingest, commit] = [quoteMysqlName(INGEST_COLUMN), quoteMysqlName(COMMIT_COLUMN)];
  await client.run(`DELETE d FROM ${values} JOIN ${table} AS d ON ${same} WHERE d.${ingest} <= ${ingestSeq}`);
  await client.run(
    `INSERT INTO ${table} (${names.join(', ')}, ${ingest}, ${commit}) SELECT ${names.map((name) => `s.${name}`).join(', ')}, ${ingestSeq}, ${seq} FROM ${values}
LEFT JOIN ${table} AS d ON ${same} WHERE d.${commit} IS NULL`,
  );
}

/**
 * Rows of the target or the staging table that belong to a partition of this commit, as what stands behind FROM.
 *
 * One for each pattern of NULLs: equality, which an index can be asked for, knows no NULL. There is one pattern almost always.
 */
async function ownPartitions(context: WriteContext, guard: GuardTable): Promise<Array<(alias: 's' | 't') => string>> {
  const { client, seq = 0 } = context;
  const sql = writeSql(context);
  const table = quoteMysqlName(guard.schema, guard.table);
  const isOwn = `d.${quoteMysqlName(COMMIT_COLUMN)} = ${seq}`;
  const patterns = await client.rows(`SELECT DISTINCT ${guard.columns.map(({ name }) => `d.${quoteMysqlName(name)} IS NULL`).join(', ')} FROM ${table} AS d WHERE ${isOwn}`);
  return patterns.map((nulls) => (alias) => {
    const same = guard.columns.map((column, index) => sameValue(context, column, nulls[index] === '1', alias)).join(' AND ');
    return `${table} AS d STRAIGHT_JOIN ${alias === 't' ? sql.target : sql.staging} AS ${alias} ON ${same} WHERE ${isOwn}`;
  });
}

function sameValue({ client: { flavour }, collations }: WriteContext, { name: column, type }: Column, isNull: boolean, alias: 's' | 't'): string {
  const name = quoteMysqlName(column);
  if (isNull) return `${alias}.${name} IS NULL AND d.${name} IS NULL`;
  const collation = alias === 't' && type.kind === 'string' ? collations.get(column) : undefined;
  if (collation === undefined) return `${alias}.${name} = d.${name}`;
  // The first may be looked up in an index of the target, whose collation may call more texts the same.
  const isOurs = collation.startsWith('utf8mb4_');
  const text = isOurs ? `t.${name}` : `CONVERT(t.${name} USING utf8mb4)`;
  return `t.${name} = d.${name}${isOurs ? ` COLLATE ${collation}` : ''} AND ${text} COLLATE ${MYSQL_COLLATIONS[flavour]} = d.${name}`;
}
