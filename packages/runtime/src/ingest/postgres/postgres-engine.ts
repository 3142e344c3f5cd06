import { quoteLiteral, quoteName } from '../../contract/quote-identifier';
import { userError } from '../../errors/pipeline-error';
import { columnSql, type SqlColumn } from '../sql/source-columns';
import type { SqlConnection, SqlEngine } from '../sql/sql-engine';
import type { Lag } from '../sql/sql-settings';
import { PostgresConnection } from './postgres-connection';

const ALIAS = 'headrace_source';
/** Enough for a thousand ranges of about the same size. */
const SAMPLE_ROWS = 50_000;

export const postgresEngine: SqlEngine = {
  kind: 'postgres',
  defaultPort: 5432,
  connect: (endpoint, source) => PostgresConnection.open(endpoint, source),

  relation: ({ table, schema = 'public', query }) => (
    table === undefined ? { from: `(\n${query}\n) AS ${ALIAS}` } : { from: `${quoteName(schema, table)} AS ${ALIAS}`, table: { schema, name: table } }
  ),

  // The type is the server's own spelling of it, so the cast gives back the value whose text it was.
  literal: (text, { type }) => `${quoteLiteral(text)}::${type}`,
  exactText: (expression) => `(${expression})::text`,

  minus: (bound, column, { lagSeconds: seconds, lagValues: values }: Lag) => {
    if ((seconds ?? 0) === 0 && (values ?? 0) === 0) return bound;
    if (seconds !== undefined && ['timestamp', 'instant'].includes(column.family)) return `(${bound} - interval '${seconds} seconds')`;
    if (seconds !== undefined && column.family === 'date') return `(${bound} - ${Math.ceil(seconds / 86_400)})`;
    // In numeric, since a whole number of its own size may be too small for the difference.
    if (values !== undefined && ['integer', 'number'].includes(column.family)) return `(${bound}::numeric - ${values})`;
    throw userError('SOURCE_CURSOR', `a lag of ${seconds === undefined ? `${values} values` : `${seconds} s`} cannot be taken off the cursor ${column.name} of type ${column.type}; use lag for times, lagValues for numbers, and none for others`, { column: column.name });
  },

  notInFuture: (column) => {
    const name = columnSql(column);
    if (column.family === 'instant') return `${name} <= pg_catalog.now()`;
    // Wall clocks of the world are up to 14 hours ahead of UTC.
    if (column.family === 'timestamp' || column.family === 'date') return `${name} <= (pg_catalog.now() AT TIME ZONE 'UTC') + interval '14 hours'`;
    return undefined;
  },

  field: ({ column, from }) => {
    const name = columnSql(from);
    const as = (expression: string) => ({ sql: `${expression} AS ${name}`, render: 'server' });
    if (column.type.kind === 'boolean' && from.family === 'boolean') {
      const [yes, no] = [column.trueTokens?.[0] ?? 'true', column.falseTokens?.[0] ?? 'false'];
      return as(`CASE WHEN ${name} THEN ${quoteLiteral(yes)} WHEN NOT ${name} THEN ${quoteLiteral(no)} END`);
    }
    // encode() breaks its lines after 76 characters.
    if (column.type.kind === 'binary' && from.family === 'binary') return as(`pg_catalog.translate(pg_catalog.encode(${name}, 'base64'), E'\\n', '')`);
    return { sql: name, render: 'server' };
  },

  estimateBytes: async (connection, { sql }) => {
    const [[json]] = await connection.rows(`EXPLAIN (FORMAT JSON) ${sql}`) as [[string]];
    const [{ Plan }] = JSON.parse(json) as [{ Plan: Record<string, number> }];
    return Math.round((Plan['Plan Rows'] ?? 0) * (Plan['Plan Width'] ?? 0));
  },

  cuts: async (connection, relation, where, column, count) => {
    if (where === '' && relation.table !== undefined) {
      const bounds = await histogram(connection, relation.table, column);
      if (bounds !== undefined && bounds.length > count) {
        return Array.from({ length: count - 1 }, (_, index) => bounds[Math.round(((index + 1) * (bounds.length - 1)) / count)] as string);
      }
    }
    const fractions = Array.from({ length: count - 1 }, (_, index) => ((index + 1) / count).toFixed(6)).join(',');
    const name = columnSql(column);
    const [[json]] = await connection.rows(
      `SELECT pg_catalog.to_json((percentile_disc('{${fractions}}'::float8[]) WITHIN GROUP (ORDER BY ${name}))::text[])::text FROM ${relation.from}${where === '' ? await sample(connection, relation.table) : ` WHERE ${where}`}`,
    ) as [[string | null]];
    return (JSON.parse(json ?? '[]') as Array<string | null>).filter((cut) => cut !== null);
  },
};

/** Bounds of ranges of the same size, as ANALYZE found them; undefined where it did not, or where some values are so common that it left them out. */
async function histogram(connection: SqlConnection, table: { schema?: string; name: string }, column: SqlColumn): Promise<string[] | undefined> {
  const [row] = await connection.rows(
    `SELECT pg_catalog.to_json(histogram_bounds::text::text[])::text FROM pg_catalog.pg_stats WHERE schemaname = ${quoteLiteral(table.schema ?? 'public')} AND tablename = ${quoteLiteral(table.name)}`
      + ` AND attname = ${quoteLiteral(column.name)} AND most_common_vals IS NULL ORDER BY inherited DESC LIMIT 1`,
  );
  return row?.[0] === undefined || row[0] === null ? undefined : JSON.parse(row[0]) as string[];
}

/** Views and small tables are read whole. */
async function sample(connection: SqlConnection, table: { schema?: string; name: string } | undefined): Promise<string> {
  if (table === undefined) return '';
  const [row] = await connection.rows(
    `SELECT reltuples::bigint FROM pg_catalog.pg_class WHERE oid = pg_catalog.to_regclass(${quoteLiteral(quoteName(table.schema ?? 'public', table.name))}) AND relkind IN ('r', 'm')`,
  );
  const tuples = Number(row?.[0] ?? 0);
  return tuples > 2 * SAMPLE_ROWS ? ` TABLESAMPLE SYSTEM (${((100 * SAMPLE_ROWS) / tuples).toFixed(6)})` : '';
}
