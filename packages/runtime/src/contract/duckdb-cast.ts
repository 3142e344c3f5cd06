import type { Column } from './contract';
import { hasOffset, parseDateFormat, type DateToken } from './date-format';
import { isoGroups, isoReplacement } from './date-grammar';
import { duckdbType } from './engine-types';
import { exactGrammar, falseTokens, FLOAT_NUMBER, FLOAT_WORDS, lexicalGrammar, trueTokens, type LexicalColumn } from './lexical-grammar';
import { quoteLiteral } from './quote-identifier';

// 0001-01-01T00:00Z and 9999-12-31T23:59:59.999999Z: an offset can push a text outside the years that targets keep.
export const FIRST_INSTANT = "TIMESTAMPTZ '0001-01-01 00:00:00+00'";
export const LAST_INSTANT = "TIMESTAMPTZ '9999-12-31 23:59:59.999999+00'";

/**
 * A DuckDB expression that turns the text `expr` into the column's typed value, or NULL where it cannot be exact.
 *
 * The grammar decides what a value is; DuckDB's cast only computes it, because alone it would round `1.999`, accept
 * `2024-01-05 junk` and drop offsets. NULL in gives NULL out, so a reject is "text given, NULL came out".
 *
 * @param expr a VARCHAR expression, repeated in the result: pass a column reference
 */
export function duckdbCast(column: LexicalColumn & Partial<Pick<Column, 'name'>>, expr: string): string {
  const { type } = column;
  switch (type.kind) {
    case 'string': return `CASE WHEN NOT contains(${expr}, chr(0)) THEN ${expr} END`;
    case 'integer': return guarded(expr, exactGrammar(column), integerCast(expr, type.bits, type.unsigned ?? false, duckdbType(type)));
    case 'decimal': return guarded(expr, exactGrammar(column), `try_cast(${expr} AS ${duckdbType(type)})`);
    case 'float': return floatCast(expr, duckdbType(type));
    case 'boolean': return `CASE WHEN ${oneOf(expr, trueTokens(column))} THEN true WHEN ${oneOf(expr, falseTokens(column))} THEN false END`;
    case 'date': return guarded(expr, lexicalGrammar(column), `try_cast(${isoText(column, expr, 'date')} AS DATE)`);
    case 'time': return guarded(expr, lexicalGrammar(column), `epoch_us(try_cast(${isoText(column, expr, 'time')} AS TIME))`);
    case 'timestamp': return timestampCast(column, expr, type.zoned);
    case 'uuid': return guarded(expr, lexicalGrammar(column), `lower(${expr})`);
    case 'binary': return guarded(expr, lexicalGrammar(column), `from_base64(${expr})`);
    case 'object':
    case 'array': throw new TypeError(`an ${type.kind} is cast by nestedCast, value by value`);
  }
}

/** The text with the column's default in place of NULL. */
export function withDefault(column: Pick<Column, 'default'>, expr: string): string {
  return column.default === undefined ? expr : `coalesce(${expr}, ${quoteLiteral(column.default)})`;
}

function guarded(expr: string, grammar: string, value: string): string {
  return `CASE WHEN regexp_full_match(${expr}, ${quoteLiteral(grammar)}) THEN ${value} END`;
}

function oneOf(expr: string, texts: readonly string[]): string {
  return `${expr} IN (${texts.map(quoteLiteral).join(', ')})`;
}

/** An unsigned type is kept in a wider signed one, which alone would let too large values pass. */
export function integerCast(expr: string, bits: number, unsigned: boolean, kept: string): string {
  if (!unsigned) return `try_cast(${expr} AS ${kept})`;
  const exact = { 8: 'UTINYINT', 16: 'USMALLINT', 32: 'UINTEGER', 64: 'UBIGINT' }[bits];
  return `CAST(try_cast(${expr} AS ${exact}) AS ${kept})`;
}

/** DuckDB reads 1e400 as Infinity and 1e-400 as 0: both would be other values than the text says. */
function floatCast(expr: string, type: string): string {
  const value = `try_cast(${expr} AS ${type})`;
  const zero = '-?[0.]+(?:[eE].*)?';
  return `CASE WHEN ${oneOf(expr, FLOAT_WORDS)} THEN ${value}`
    + ` WHEN regexp_full_match(${expr}, ${quoteLiteral(FLOAT_NUMBER)}) AND isfinite(${value})`
    + ` AND (${value} <> 0 OR regexp_full_match(${expr}, ${quoteLiteral(zero)})) THEN ${value} END`;
}

function timestampCast(column: LexicalColumn, expr: string, zoned: boolean): string {
  const grammar = lexicalGrammar(column);
  const iso = isoText(column, expr, 'timestamp');
  if (!zoned) return guarded(expr, grammar, `try_cast(${iso} AS TIMESTAMP)`);
  const value = `try_cast(${iso} AS TIMESTAMPTZ)`;
  return guarded(expr, grammar, `CASE WHEN ${value} BETWEEN ${FIRST_INSTANT} AND ${LAST_INSTANT} THEN ${value} END`);
}

/** The field's text in ISO order: unchanged without a format, rearranged by the groups of the format otherwise. */
export function isoText(column: LexicalColumn, expr: string, kind: 'date' | 'timestamp' | 'time'): string {
  if (column.format === undefined) return expr;
  const format = parseDateFormat(column.format, kind) as { tokens: readonly DateToken[] };
  const zoned = column.type.kind === 'timestamp' && column.type.zoned;
  const replacement = isoReplacement(format.tokens, kind, zoned && !hasOffset(format.tokens));
  if (replacement === isoGroups(format.tokens)) return expr;
  return `regexp_replace(${expr}, ${quoteLiteral(`^${lexicalGrammar(column)}$`)}, ${quoteLiteral(replacement)})`;
}
