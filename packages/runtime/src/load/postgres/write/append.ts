import { NO_COUNTS } from '../../ledger/ledger-row';
import { writeSql, type Write } from './write-context';

/** Adds every staged row. A key that is there already fails the whole batch. */
export const append: Write = async (context) => {
  const sql = writeSql(context);
  const { rowCount } = await context.client.query(`INSERT INTO ${sql.target} (${sql.columns}) SELECT ${sql.columns} FROM ${sql.staging}`);
  return { ...NO_COUNTS, staged: context.staged, inserted: rowCount ?? 0 };
};
