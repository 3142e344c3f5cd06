import type { Client } from 'pg';
import { NO_COUNTS, type LoadCounts } from '../../ledger/ledger-row';
import type { TableName } from '../../table-name';
import { refuseRepeatedKeys } from './repeated-keys';
import { keyOrder, writeSql, type WriteContext } from './write-context';

const UNIQUE_VIOLATION = '23505';

/**
 * Writes all staged rows into a target that has none, where the server alone vouches for the result.
 *
 * There is no key to look for and no row to compare: the table's unique index refuses a key that comes twice, and without
 * triggers and rules a row that the server counts as inserted is the row that was staged. In the order of the index it
 * grows at its end, whatever order the rows were staged in.
 *
 * @returns undefined where the table has rows, or something that could change them on their way; nothing is written then.
 */
export async function fillEmpty(context: WriteContext): Promise<LoadCounts | undefined> {
  const { client, dataset, target, staged } = context;
  const sql = writeSql(context);
  if (!await isPlain(client, target, dataset.primaryKey)) return undefined;
  const { rowCount: present } = await client.query(`SELECT FROM ${sql.target} LIMIT 1`);
  if (present !== 0) return undefined;
  await client.query('SAVEPOINT before_rows');
  try {
    const { rowCount } = await client.query(
      `INSERT INTO ${sql.target} (${sql.columns}) SELECT ${sql.stagedColumns} FROM ${sql.staging} AS s ORDER BY ${keyOrder(context)}`,
    );
    return { ...NO_COUNTS, staged, inserted: rowCount ?? 0 };
  } catch (error) {
    if ((error as { code?: string }).code !== UNIQUE_VIOLATION) throw error;
    // Twice in the batch, or written by somebody else meanwhile: only the first is the batch's fault.
    await client.query('ROLLBACK TO SAVEPOINT before_rows');
    await refuseRepeatedKeys(context);
    throw error;
  }
}

/** An ordinary table that refuses a repeated key, and on which nothing runs when rows are written. */
async function isPlain(client: Client, { schema, table }: TableName, key: readonly string[]): Promise<boolean> {
  const { rows } = await client.query<{ names: string[] }>(
    `SELECT ARRAY(
       SELECT a.attname::text FROM pg_catalog.unnest(i.indkey) WITH ORDINALITY AS k (attnum, ord)
       JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum AND a.attnotnull WHERE k.ord <= i.indnkeyatts
     ) AS names
     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace JOIN pg_catalog.pg_index i ON i.indrelid = c.oid
     WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind = 'r' AND NOT c.relhasrules AND NOT c.relhassubclass AND NOT c.relrowsecurity
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_trigger g WHERE g.tgrelid = c.oid AND NOT g.tgisinternal)
       AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL`,
    [schema, table],
  );
  const wanted = [...key].sort().join('\0');
  return rows.some(({ names }) => [...names].sort().join('\0') === wanted);
}
