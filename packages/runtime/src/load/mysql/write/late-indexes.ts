import { quoteMysqlName } from '../../../contract/mysql-ddl';
import { userError } from '../../../errors/pipeline-error';
import type { TableName } from '../../table-name';
import type { MysqlClient } from '../connect';
import { withoutValues } from '../mysql-failure';

const DUPLICATE_ENTRY = 1062;
/** An index as SHOW CREATE TABLE has it, one on a line: what it says is what makes it again, whatever options it has. */
const INDEX_LINE = /^ {2}((?:UNIQUE )?KEY `((?:[^`]|``)+)` .*?),?$/;

/** Indexes that were taken off a table. */
export interface LateIndexes {
  /** Clauses of an ALTER TABLE that make them again. */
  readonly clauses: readonly string[];
  /** What the server says of all indexes of the table when they are there. */
  readonly expected: string;
}

/**
 * Takes the secondary indexes off a table that is still empty: sorted and written at once behind the rows they cost less than row by row.
 *
 * The primary key stays, and so do indexes of texts and places, those of a table without a primary key, whose rows lie in one of them, and one
 * that AUTO_INCREMENT counts by.
 */
export async function takeOffIndexes(client: MysqlClient, table: TableName): Promise<LateIndexes> {
  const expected = await describeIndexes(client, table);
  const found = await client.rows(
    `SELECT s.INDEX_NAME, MAX(s.INDEX_TYPE = 'BTREE'), MAX(COALESCE(c.EXTRA LIKE '%auto_increment%', 0)) FROM information_schema.STATISTICS s
     LEFT JOIN information_schema.COLUMNS c ON c.TABLE_SCHEMA = s.TABLE_SCHEMA AND c.TABLE_NAME = s.TABLE_NAME AND c.COLUMN_NAME = s.COLUMN_NAME
     WHERE s.TABLE_SCHEMA = ? AND s.TABLE_NAME = ? GROUP BY s.INDEX_NAME`, [table.schema, table.table],
  );
  const late = new Set(found.filter(([name, plain, counts]) => name !== 'PRIMARY' && plain === '1' && counts === '0').map(([name]) => name as string));
  if (late.size === 0 || !found.some(([name]) => name === 'PRIMARY')) return { clauses: [], expected };
  const name = quoteMysqlName(table.schema, table.table);
  const [row] = await client.rows(`SHOW CREATE TABLE ${name}`);
  const lines = (row![1] as string).split('\n').flatMap((line) => {
    const [, clause, index] = INDEX_LINE.exec(line) ?? [];
    return clause === undefined || index === undefined ? [] : [{ clause, index: index.replaceAll('``', '`') }];
  }).filter(({ index }) => late.has(index));
  // A text of the table that looks like an index, or an index that looks otherwise: nothing is lost by leaving all where they are.
  if (lines.length !== late.size || new Set(lines.map(({ index }) => index)).size !== late.size) return { clauses: [], expected };
  await client.run(`ALTER TABLE ${name} ${[...late].map((index) => `DROP KEY ${quoteMysqlName(index)}`).join(', ')}`);
  return { clauses: lines.map(({ clause }) => `ADD ${clause}`), expected };
}

/** Makes the indexes again, all in one pass over the rows. A key that comes twice is refused by the server, as it would have been with its row. */
export async function putBackIndexes(client: MysqlClient, table: TableName, { clauses, expected }: LateIndexes): Promise<void> {
  if (clauses.length === 0) return;
  try {
    await client.run(`ALTER TABLE ${quoteMysqlName(table.schema, table.table)} ${clauses.join(', ')}`);
  } catch (error) {
    const { errno, message = '' } = error as { errno?: number; message?: string };
    if (errno !== DUPLICATE_ENTRY) throw error;
    const what = withoutValues(message).replace(`'${table.table}.`, "'");
    throw userError('TARGET_KEY', `two rows of the batch are the same in a unique index of the target: ${what} (error ${errno}); mend the data, or drop the index`, { errno });
  }
  const made = await describeIndexes(client, table);
  if (made !== expected) throw new Error(`indexes of ${table.schema}.${table.table} are not what they were: ${made} for ${expected}`);
}

async function describeIndexes(client: MysqlClient, { schema, table }: TableName): Promise<string> {
  const rows = await client.rows(
    `SELECT INDEX_NAME, SEQ_IN_INDEX, NON_UNIQUE, COLUMN_NAME, COLLATION, SUB_PART, INDEX_TYPE, INDEX_COMMENT FROM information_schema.STATISTICS
     WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? ORDER BY INDEX_NAME, SEQ_IN_INDEX`, [schema, table],
  );
  return JSON.stringify(rows);
}
