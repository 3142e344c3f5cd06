import { quoteLiteral, quoteName } from '../../contract/quote-identifier';
import { userError } from '../../errors/pipeline-error';
import { columnSql } from '../sql/source-columns';
import type { SqlConnection, SqlEngine } from '../sql/sql-engine';
import { MysqlConnection } from './mysql-connection';
import { renderOf, type MysqlColumn } from './mysql-column';

const ALIAS = 'headrace_source';

/** MySQL and MariaDB, whose sessions read names and texts as the standard has them. */
export const mysqlEngine: SqlEngine<MysqlColumn> = {
  kind: 'mysql',
  defaultPort: 3306,
  connect: (endpoint, source) => MysqlConnection.open(endpoint, source),

  relation: ({ table, schema, query }) => (
    table === undefined ? { from: `(\n${query}\n) AS ${ALIAS}` }
      : { from: `${schema === undefined ? quoteName(table) : quoteName(schema, table)} AS ${ALIAS}`, table: { ...(schema === undefined ? {} : { schema }), name: table } }
  ),

  /** A number in quotes would be compared as a double, and lose digits beyond 2^53. */
  literal: (text, column) => {
    const { family } = column;
    if ((family === 'integer' || family === 'number') && /^-?\d+(\.\d+)?$/.test(text)) return text;
    if (family === 'timestamp' || family === 'instant') return `TIMESTAMP${quoteLiteral(text)}`;
    if (family === 'date') return `DATE${quoteLiteral(text)}`;
    if (family === 'text') return quoteLiteral(text);
    throw userError(
      'SOURCE_CURSOR', `${column.name} is ${column.type}, and ${JSON.stringify(text)} cannot be compared with it exactly; a cursor or shard key is a whole number, decimal, date, datetime, timestamp or text`,
      { column: column.name, type: column.type },
    );
  },
  exactText: (expression) => `CAST(${expression} AS CHAR)`,

  minus: (bound, column, { lagSeconds: seconds, lagValues: values }) => {
    if ((seconds ?? 0) === 0 && (values ?? 0) === 0) return bound;
    if (seconds !== undefined && ['timestamp', 'instant'].includes(column.family)) return `(${bound} - INTERVAL ${seconds} SECOND)`;
    if (seconds !== undefined && column.family === 'date') return `(${bound} - INTERVAL ${Math.ceil(seconds / 86_400)} DAY)`;
    if (values !== undefined && ['integer', 'number'].includes(column.family)) return `(CAST(${bound} AS DECIMAL(65, 20)) - ${values})`;
    throw userError('SOURCE_CURSOR', `a lag of ${seconds === undefined ? `${values} values` : `${seconds} s`} cannot be taken off the cursor ${column.name} of type ${column.type}; use lag for times, lagValues for numbers, and none for others`, { column: column.name });
  },

  notInFuture: (column) => {
    const name = columnSql(column);
    if (column.family === 'instant') return `${name} <= UTC_TIMESTAMP(6)`;
    // Wall clocks of the world are up to 14 hours ahead of UTC.
    if (column.family === 'timestamp' || column.family === 'date') return `${name} <= UTC_TIMESTAMP(6) + INTERVAL 14 HOUR`;
    return undefined;
  },

  field: ({ column, from }) => {
    const name = columnSql(from);
    // The text of a FLOAT has six digits; that of the same value as a DOUBLE has all of them.
    return { sql: from.type === 'float' ? `(${name} + 0e0) AS ${name}` : name, render: renderOf(column, from) };
  },

  estimateBytes: async (connection, { relation: { from, table }, where }) => {
    if (table === undefined) return undefined;
    const [row] = await connection.rows(`SELECT DATA_LENGTH, AVG_ROW_LENGTH FROM information_schema.TABLES WHERE TABLE_SCHEMA = ${schemaSql(table)} AND TABLE_NAME = ${quoteLiteral(table.name)}`);
    if (row === undefined) return undefined;
    if (where === '') return Number(row[0] ?? 0);
    const [[rows]] = await connection.rows(`SELECT count(*) FROM ${from} WHERE ${where}`) as [[string]];
    return Number(rows) * Number(row[1] ?? 0);
  },

  /** Walks the key's index once, from cut to cut: the server keeps no statistics that would tell them. */
  cuts: async (connection, relation, where, column, count) => {
    if (relation.table !== undefined) await requireIndex(connection, relation.table, column);
    const name = columnSql(column);
    const conditions = where === '' ? [] : [where];
    const [[total]] = await connection.rows(`SELECT count(${name}) FROM ${relation.from}${whereSql(conditions)}`) as [[string]];
    const step = Math.floor(Number(total) / count);
    const cuts: string[] = [];
    const next = async (compare: string, offset: number): Promise<string | undefined> => {
      const bound = cuts.length === 0 ? `${name} IS NOT NULL` : `${name} ${compare} ${mysqlEngine.literal(cuts.at(-1) as string, column)}`;
      const [row] = await connection.rows(`SELECT ${mysqlEngine.exactText(name, column)} FROM ${relation.from}${whereSql([...conditions, bound])} ORDER BY ${name} LIMIT 1 OFFSET ${offset}`);
      return row?.[0] ?? undefined;
    };
    while (step > 0 && cuts.length < count - 1) {
      const found = await next('>=', step);
      const cut = found === cuts.at(-1) ? await next('>', 0) : found;
      if (cut === undefined) break;
      cuts.push(cut);
    }
    return cuts;
  },
};

function whereSql(conditions: readonly string[]): string {
  return conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`;
}

function schemaSql({ schema }: { readonly schema?: string }): string {
  return schema === undefined ? 'DATABASE()' : quoteLiteral(schema);
}

/** Without one, every shard would read the whole table. */
async function requireIndex(
  connection: SqlConnection<MysqlColumn>, table: { readonly schema?: string; readonly name: string }, { name }: MysqlColumn,
): Promise<void> {
  const found = await connection.rows(
    `SELECT 1 FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = ${schemaSql(table)} AND TABLE_NAME = ${quoteLiteral(table.name)} AND COLUMN_NAME = ${quoteLiteral(name)} AND SEQ_IN_INDEX = 1 LIMIT 1`,
  );
  const [view] = found.length > 0 ? [] : await connection.rows(`SELECT 1 FROM information_schema.VIEWS WHERE TABLE_SCHEMA = ${schemaSql(table)} AND TABLE_NAME = ${quoteLiteral(table.name)}`);
  if (found.length > 0 || view !== undefined) return;
  throw userError('SOURCE_SHARDS', `${name} is not the first column of an index of ${table.name}, so each shard would read the whole table; shard by an indexed column`, { column: name, table: table.name });
}
