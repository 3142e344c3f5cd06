import { NO_COUNTS } from '../../ledger/ledger-row';
import { emptyReplace } from '../../refusals';
import { addAbsent } from './add-absent';
import { fillEmpty } from './fill-empty';
import { readBack } from './merge';
import { refuseRepeatedKeys } from './repeated-keys';
import { writeSql, type Write } from './write-context';

/**
 * Makes the table hold exactly the staged rows.
 *
 * Rows are deleted, not truncated, and the table stays the same one: readers see the old rows until the commit, and
 * grants, views and foreign keys stay. With a key only what differs is written.
 */
export const replace: Write = async (context) => {
  const { client, dataset, staged, allowEmpty = false, target } = context;
  const sql = writeSql(context);
  if (staged === 0 && !allowEmpty) {
    const { rowCount } = await client.query(`SELECT FROM ${sql.target} LIMIT 1`);
    if (rowCount !== 0) throw emptyReplace(target);
  }
  if (dataset.primaryKey.length === 0) {
    const removed = (await client.query(`DELETE FROM ${sql.target}`)).rowCount ?? 0;
    const inserted = (await client.query(`INSERT INTO ${sql.target} (${sql.columns}) SELECT ${sql.columns} FROM ${sql.staging}`)).rowCount ?? 0;
    return { ...NO_COUNTS, staged, inserted, removed };
  }
  const filled = await fillEmpty(context);
  if (filled !== undefined) return filled;
  await refuseRepeatedKeys(context);
  const removed = (await client.query(
    `DELETE FROM ${sql.target} AS t WHERE NOT EXISTS (SELECT FROM ${sql.staging} AS s WHERE ${sql.sameKey})`,
  )).rowCount ?? 0;
  const updated = sql.assignments === '' ? 0 : (await client.query(
    `UPDATE ${sql.target} AS t SET ${sql.assignments} FROM ${sql.staging} AS s WHERE ${sql.sameKey} AND NOT (${sql.sameRest})`,
  )).rowCount ?? 0;
  return { ...await readBack(context, { updated, inserted: await addAbsent(context) }, 'false'), removed };
};
