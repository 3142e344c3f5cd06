import type { Column } from './contract';
import { quoteLiteral } from './quote-identifier';

/**
 * A DuckDB expression: the text of a typed value, as this contract's default grammar and PostgreSQL's COPY read it.
 *
 * It is the inverse of the cast: exact decimals, shortest floats, ISO dates, instants in UTC, microseconds kept.
 * Binary is base64 for us and `\x` hex for PostgreSQL. NULL stays NULL.
 */
export function duckdbText(column: Pick<Column, 'type'>, expr: string, dialect: 'contract' | 'postgres' = 'contract'): string {
  const { type } = column;
  switch (type.kind) {
    case 'string':
    case 'uuid': return expr;
    // Without a digit before the point DuckDB writes .50, which not every reader takes.
    case 'decimal': return type.precision === type.scale
      ? `regexp_replace(CAST(${expr} AS VARCHAR), '^(-?)\\.', '\\10.')`
      : `CAST(${expr} AS VARCHAR)`;
    case 'integer':
    case 'boolean':
    case 'date': return `CAST(${expr} AS VARCHAR)`;
    case 'float': return floatText(expr);
    // By way of microseconds, because a TIMESTAMPTZ prints in the session's zone.
    case 'timestamp': return type.zoned
      ? `strftime(make_timestamp(epoch_us(${expr})), ${quoteLiteral('%Y-%m-%d %H:%M:%S.%f')}) || '+00'`
      : `strftime(${expr}, ${quoteLiteral('%Y-%m-%d %H:%M:%S.%f')})`;
    case 'time': return `strftime(make_timestamp(${expr}), ${quoteLiteral('%H:%M:%S.%f')})`;
    case 'binary': return dialect === 'postgres' ? `'\\x' || lower(hex(${expr}))` : `to_base64(${expr})`;
    case 'object':
    case 'array': throw new TypeError(`the text of an ${type.kind} is its JSON, by jsonText`);
  }
}

/** DuckDB writes nan and inf; the grammar and PostgreSQL read NaN and Infinity. */
function floatText(expr: string): string {
  return `CASE WHEN isnan(${expr}) THEN 'NaN' WHEN isinf(${expr}) THEN CASE WHEN ${expr} > 0 THEN 'Infinity' ELSE '-Infinity' END ELSE CAST(${expr} AS VARCHAR) END`;
}
