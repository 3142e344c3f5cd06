import { duckdbCast, FIRST_INSTANT, integerCast, isoText, LAST_INSTANT } from './duckdb-cast';
import { duckdbType } from './engine-types';
import type { LexicalColumn } from './lexical-grammar';

/** A cast in two steps, so that the engine computes the value once where a check needs it again. */
export interface ProvenCast {
  /** What the engine makes of the text. */
  readonly value: string;
  /** The column's typed value, given a reference to the value: as {@link duckdbCast}, NULL where it cannot be exact. */
  readonly typed: (value: string) => string;
}

/**
 * The cast of texts that are known to match `exactGrammar` and to hold no U+0000.
 *
 * It gives what {@link duckdbCast} gives, without the regular expressions that cost more than the cast.
 *
 * @param expr a reference to a VARCHAR column
 */
export function provenCast(column: LexicalColumn, expr: string): ProvenCast {
  const { type } = column;
  const as = (value: string): ProvenCast => ({ value, typed: (reference) => reference });
  switch (type.kind) {
    case 'string': return as(expr);
    case 'integer': return as(integerCast(expr, type.bits, type.unsigned ?? false, duckdbType(type)));
    case 'decimal': return as(`try_cast(${expr} AS ${duckdbType(type)})`);
    case 'boolean': return as(duckdbCast(column, expr));
    case 'date': return as(`try_cast(${isoText(column, expr, 'date')} AS DATE)`);
    case 'time': return as(`epoch_us(try_cast(${isoText(column, expr, 'time')} AS TIME))`);
    case 'uuid': return as(`lower(${expr})`);
    case 'binary': return as(`from_base64(${expr})`);
    case 'object':
    case 'array': throw new TypeError(`texts of an ${type.kind} are not proven`);
    case 'float': return {
      value: `try_cast(${expr} AS ${duckdbType(type)})`,
      // Zero and what is not finite may be an underflow, an overflow, or what the text says: those few are cast with all checks.
      typed: (value) => `CASE WHEN isfinite(${value}) AND ${value} <> 0 THEN ${value} ELSE ${duckdbCast(column, expr)} END`,
    };
    case 'timestamp': {
      const iso = isoText(column, expr, 'timestamp');
      if (!type.zoned) return as(`try_cast(${iso} AS TIMESTAMP)`);
      return { value: `try_cast(${iso} AS TIMESTAMPTZ)`, typed: (value) => `CASE WHEN ${value} BETWEEN ${FIRST_INSTANT} AND ${LAST_INSTANT} THEN ${value} END` };
    }
  }
}
