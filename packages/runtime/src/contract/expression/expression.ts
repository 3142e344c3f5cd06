import type { ColumnType } from '../contract';

/**
 * What an expression gives.
 *
 * Integers and decimals are one exact `number`: `precision` digits in all, `scale` of them after the point. Its size is known
 * before anything runs, so no step of a calculation can overflow. `null` is the type of a bare NULL.
 */
export type ExpressionType =
  | { readonly kind: 'number'; readonly precision: number; readonly scale: number }
  | { readonly kind: 'null' }
  | Exclude<ColumnType, { readonly kind: 'string' | 'integer' | 'decimal' }>
  | { readonly kind: 'string' };

export type NumberType = Extract<ExpressionType, { readonly kind: 'number' }>;

/** A checked expression: every node has its type, and arguments have been brought to the types that their function takes. */
export type Expression =
  | { readonly node: 'column'; readonly name: string; readonly column: ColumnType; readonly type: ExpressionType }
  /** `text` is a decimal number, `true` or `false`, an ISO date or timestamp, or the text itself. */
  | { readonly node: 'literal'; readonly text: string; readonly type: ExpressionType }
  | { readonly node: 'null'; readonly type: ExpressionType }
  /** The same value in a larger number type. */
  | { readonly node: 'widen'; readonly of: Expression; readonly type: NumberType }
  | { readonly node: 'call'; readonly name: string; readonly args: readonly Expression[]; readonly type: ExpressionType };

/** Digits of the largest exact number. */
export const MOST_DIGITS = 38;

export const BOOLEAN: ExpressionType = { kind: 'boolean' };
export const STRING: ExpressionType = { kind: 'string' };
export const NULL: ExpressionType = { kind: 'null' };

export function numberOf(precision: number, scale = 0): NumberType {
  return { kind: 'number', precision, scale };
}

/** The type of a reference to a column. */
export function referenceType(type: ColumnType): ExpressionType {
  switch (type.kind) {
    case 'string': return STRING;
    case 'integer': return numberOf(integerDigits(type.bits, type.unsigned ?? false));
    case 'decimal': return numberOf(type.precision, type.scale);
    default: return type;
  }
}

export function integerDigits(bits: 8 | 16 | 32 | 64, unsigned: boolean): number {
  return { 8: 3, 16: 5, 32: 10, 64: unsigned ? 20 : 19 }[bits];
}

/** The type in messages: `string`, `integer of 10 digits`, `decimal(12,2)`. */
export function expressionTypeName(type: ExpressionType): string {
  switch (type.kind) {
    case 'number': return type.scale === 0 ? `integer of ${type.precision} digit${type.precision === 1 ? '' : 's'}` : `decimal(${type.precision},${type.scale})`;
    case 'null': return 'NULL';
    case 'float': return `number f${type.bits}`;
    case 'timestamp': return type.zoned ? 'timestamp with zone' : 'timestamp';
    default: return type.kind;
  }
}

/** The columns that an expression reads, each once. */
export function referencedColumns(expression: Expression): string[] {
  switch (expression.node) {
    case 'column': return [expression.name];
    case 'widen': return referencedColumns(expression.of);
    case 'call': return [...new Set(expression.args.flatMap(referencedColumns))];
    default: return [];
  }
}
