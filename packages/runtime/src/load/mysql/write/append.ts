import { NO_COUNTS } from '../../ledger/ledger-row';
import { writeSql, type Write } from './write-context';

/** Adds every staged row. A key that is there already fails the whole batch. */
export const append: Write = async (context) => {
  const sql = writeSql(context);
  // Sorted by the key where there is one: an index grows at its end.
  const order = sql.key === '' ? '' : ` ORDER BY ${sql.key}`;
  const { affectedRows } = await context.client.run(`INSERT INTO ${sql.target} (${sql.columns}) SELECT ${sql.stagedColumns} FROM ${sql.staging} AS s${order}`);
  return { ...NO_COUNTS, staged: context.staged, inserted: affectedRows };
};
