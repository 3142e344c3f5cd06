import { keyOrder, writeSql, type WriteContext } from './write-context';

/**
 * Adds the staged rows whose key the target does not hold; returns how many.
 *
 * They are sorted before the first one is written. Else the search for the next key would run through a table that grows
 * with each row, and where statistics call that table empty, row by row. In the order of the index they are also
 * written faster.
 */
export async function addAbsent(context: WriteContext, only = 'true'): Promise<number> {
  const sql = writeSql(context);
  const { rowCount } = await context.client.query(`INSERT INTO ${sql.target} (${sql.columns}) SELECT ${sql.stagedColumns} FROM ${sql.staging} AS s
WHERE NOT EXISTS (SELECT FROM ${sql.target} AS t WHERE ${sql.sameKey}) AND ${only} ORDER BY ${keyOrder(context)}`);
  return rowCount ?? 0;
}
