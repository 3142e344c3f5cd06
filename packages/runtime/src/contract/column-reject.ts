import type { Column } from './contract';
import { columnBounds } from './column-bounds';
import { typeName } from './engine-types';
import { lexicalGrammar } from './lexical-grammar';
import { quoteLiteral } from './quote-identifier';
import { REJECT_CODES, type ColumnRejectCode } from './reject-codes';
import { translatePattern } from './translate-pattern';

export interface RejectExpressions {
  /** VARCHAR: the field's text, NULL for the null tokens, default already in place. Of a computed column, the value as computed. */
  readonly raw: string;
  /** What {@link duckdbCast} gave for it: pass a column reference, so that the cast runs once. */
  readonly typed: string;
  /** Whether the column is one of the dataset's partition columns. */
  readonly partition?: boolean;
}

/** One check of a column: the code it rejects with, and the DuckDB predicate that is true for bad values. */
export interface ColumnCheck {
  readonly code: ColumnRejectCode;
  readonly predicate: string;
  /** True for good values where that is a plainer predicate than its negation. */
  readonly passes?: string;
}

/**
 * A DuckDB expression: the code of the first check that the value fails, or NULL for a good value.
 *
 * The order is fixed: REQUIRED, TYPE or SCALE or RANGE (no typed value), LENGTH, PATTERN, RANGE, MULTIPLE, PARTITION.
 */
export function columnReject(column: Column, { raw, typed, partition = false }: RejectExpressions): string {
  const missing = column.required ? '\'REQUIRED\'' : 'NULL';
  const whens = columnChecks(column, typed, partition).map(({ code, predicate }) => `WHEN ${predicate} THEN '${code}'`);
  return [`CASE WHEN ${raw} IS NULL THEN ${missing}`, `WHEN ${typed} IS NULL THEN ${untyped(column, raw)}`, ...whens, 'END'].join(' ');
}

/**
 * A DuckDB predicate that is true for no value that {@link columnReject} gives a code for; undefined where every value is good.
 *
 * It costs a comparison or two where the codes cost a text for each row: rows that pass it need no code. Not true is no
 * verdict, and says only that the row needs a closer look.
 *
 * @param proven whether every text is known to match the column's grammar and pattern
 */
export function columnPasses(
  column: Column, { raw, typed, partition = false, proven = false }: RejectExpressions & { readonly proven?: boolean },
): string | undefined {
  const checks = columnChecks(column, typed, partition, proven).map(({ predicate, passes }) => passes ?? `NOT (${predicate})`);
  if (column.required) return [...(checks.length === 0 ? [`${typed} IS NOT NULL`] : []), ...checks].join(' AND ');
  // No OR, after which the engine sorts the numbers of the rows that pass. Each check is NULL for NULL.
  if (checks.length > 0) return `coalesce(${checks.join(' AND ')}, ${raw} IS NULL)`;
  // What came as a value is its own typed value, and so is a text in the grammar of strings.
  return raw === typed || (proven && column.type.kind === 'string') ? undefined : `(${raw} IS NULL) >= (${typed} IS NULL)`;
}

/** The checks that apply to values of the right type; each is NULL for NULL. */
export function columnChecks(column: Column, typed: string, partition = false, proven = false): ColumnCheck[] {
  const checks: ColumnCheck[] = [];
  const { type } = column;
  const longest = minimumOf(column.maxLength, type.kind === 'string' ? type.length : undefined);
  if (longest !== undefined) checks.push({ code: 'LENGTH', predicate: `length(${typed}) > ${longest}` });
  if (column.minLength !== undefined) checks.push({ code: 'LENGTH', predicate: `length(${typed}) < ${column.minLength}` });
  if (column.pattern !== undefined && !proven) checks.push({ code: 'PATTERN', predicate: `NOT regexp_matches(${typed}, ${quoteLiteral(pattern(column.pattern))})` });
  for (const { operator, literal } of columnBounds(column)) checks.push({ code: 'RANGE', predicate: `NOT ${typed} ${operator} ${literal}`, passes: `${typed} ${operator} ${literal}` });
  // DuckDB puts NaN above every number, so a lower bound alone would let it pass.
  if (type.kind === 'float' && columnBounds(column).length > 0) checks.push({ code: 'RANGE', predicate: `isnan(${typed})` });
  if (column.multipleOf !== undefined) checks.push({ code: 'MULTIPLE', predicate: `${typed} % ${column.multipleOf} <> 0` });
  if (partition && type.kind === 'string') checks.push({ code: 'PARTITION', predicate: `${typed} = ''` });
  return checks;
}

/** Why a value of this column was rejected, for people; names the rule and never the value. */
export function rejectReason(code: ColumnRejectCode, column: Column): string {
  const { name, type } = column;
  switch (code) {
    case 'REQUIRED': return `${name} is required and was NULL`;
    case 'TYPE': return `${name} is no ${typeName(type)}${column.format === undefined ? '' : ` of the form ${column.format}`}`;
    case 'SCALE': return `${name} has more than ${type.kind === 'decimal' ? type.scale : 0} digits after the point`;
    case 'LENGTH': return type.kind === 'array' ? `${name} must have ${between(column.minItems, column.maxItems)} elements` : `${name} must have ${lengthRule(column)} characters`;
    case 'PATTERN': return `${name} must match ${column.pattern}`;
    case 'MULTIPLE': return `${name} must be a multiple of ${column.multipleOf}`;
    case 'RANGE': {
      const bounds = columnBounds(column).map(({ operator, text }) => `${operator} ${text}`).join(' and ');
      return `${name} must fit ${typeName(type)}${bounds === '' ? '' : ` and be ${bounds}`}`;
    }
    case 'PARTITION': return `${name}: ${REJECT_CODES.PARTITION.meaning}`;
  }
}

/** A text without a typed value is of another type, or has the right form and does not fit. */
function untyped(column: Column, raw: string): string {
  // A computed value has the right kind always, and may be too large.
  if (column.computed !== undefined) return '\'RANGE\'';
  const { kind } = column.type;
  const fits = `regexp_full_match(${raw}, ${quoteLiteral(lexicalGrammar(column))})`;
  if (kind === 'integer' || kind === 'float') return `CASE WHEN ${fits} THEN 'RANGE' ELSE 'TYPE' END`;
  if (kind === 'decimal') {
    const wide = `ltrim(regexp_extract(${raw}, '^-?([0-9]*)', 1), '0')`;
    return `CASE WHEN NOT ${fits} THEN 'TYPE' WHEN length(${wide}) > ${column.type.precision - column.type.scale} THEN 'RANGE' ELSE 'SCALE' END`;
  }
  return '\'TYPE\'';
}

function pattern(source: string): string {
  const translated = translatePattern(source);
  if ('message' in translated) throw new TypeError(`pattern ${source} of a checked contract is malformed: ${translated.message}`);
  return translated.re2;
}

function lengthRule(column: Column): string {
  const longest = minimumOf(column.maxLength, column.type.kind === 'string' ? column.type.length : undefined);
  return between(column.minLength, longest);
}

function between(least: number | undefined, most: number | undefined): string {
  if (least === undefined) return `at most ${most}`;
  return most === undefined ? `at least ${least}` : `${least} to ${most}`;
}

function minimumOf(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined ? b : b === undefined ? a : Math.min(a, b);
}
