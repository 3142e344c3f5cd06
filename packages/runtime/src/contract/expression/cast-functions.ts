import type { Operand } from './same-type';
import { inUtc } from './date-functions';
import { expressionTypeName, MOST_DIGITS, numberOf, STRING, type Expression, type ExpressionType } from './expression';
import { inType } from './same-type';
import { ExpressionProblem } from './expression-problem';

/** One conversion that loses nothing, or a date out of a timestamp, which is what it says. */
export interface ExpressionCast {
  readonly from: string;
  readonly to: string;
  readonly gives: string;
}

/** All of CAST, for people. */
export const CASTS: readonly ExpressionCast[] = [
  { from: 'timestamp', to: 'date', gives: 'the day, in UTC for a timestamp with zone' },
  { from: 'date', to: 'timestamp', gives: 'midnight, without zone' },
  { from: 'integer, decimal', to: 'decimal(p,s)', gives: 'the same number; p and s must hold every value of the operand' },
  { from: 'integer, decimal', to: 'string', gives: 'digits, with as many after the point as the scale: `-0.50`' },
  { from: 'date', to: 'string', gives: '`2024-12-31`' },
  { from: 'boolean', to: 'string', gives: '`true`, `false`' },
  { from: 'uuid', to: 'string', gives: 'lower-case text' },
  { from: 'string', to: 'string', gives: 'the same text' },
];

/** The name that cast nodes carry. */
export const CAST = 'CAST';

const TARGETS = 'string, date, timestamp or decimal(p,s)';

/** @param target as it is written, in lower case: `decimal(10,2)` */
export function castTo(operand: Operand, target: string, targetAt: number): Expression {
  const { expression } = operand;
  const { type } = expression;
  const to = targetType(target, targetAt);
  if (expression.node === 'null') return { node: 'null', type: to };
  const call = (): Expression => ({ node: 'call', name: CAST, args: [expression], type: to });
  if (to.kind === 'number') {
    if (type.kind !== 'number') throw refused(operand, to, 'a decimal is made of integers and decimals only');
    if (type.scale <= to.scale && type.precision - type.scale <= to.precision - to.scale) return inType(expression, to);
    throw refused(operand, to, `it must hold ${type.precision - type.scale} digits before the point and ${type.scale} after it`);
  }
  if (expressionTypeName(type) === expressionTypeName(to)) return expression;
  if (to.kind === 'date' && type.kind === 'timestamp') return call();
  if (to.kind === 'timestamp' && type.kind === 'date') return call();
  if (to.kind === 'string' && ['number', 'date', 'boolean', 'uuid'].includes(type.kind)) return call();
  throw refused(operand, to, 'texts are read by the type of their column, and other values have no one text');
}

export function castSql(sql: string, { args, type }: Extract<Expression, { node: 'call' }>): string {
  const from = args[0]!;
  if (type.kind === 'date') return `CAST(${inUtc(sql, from)} AS DATE)`;
  if (type.kind === 'timestamp') return `CAST(${sql} AS TIMESTAMP)`;
  // The engine writes no 0 before the point where the type has no digit there.
  if (from.type.kind === 'number' && from.type.precision === from.type.scale && from.type.precision < MOST_DIGITS) return `CAST(CAST(${sql} AS DECIMAL(${from.type.precision + 1},${from.type.scale})) AS VARCHAR)`;
  if (from.type.kind === 'number' && from.type.precision === from.type.scale) return `regexp_replace(CAST(${sql} AS VARCHAR), '^(-?)\\.', '\\10.')`;
  return `CAST(${sql} AS VARCHAR)`;
}

function targetType(target: string, at: number): ExpressionType {
  if (target === 'string') return STRING;
  if (target === 'date') return { kind: 'date' };
  if (target === 'timestamp') return { kind: 'timestamp', zoned: false };
  const decimal = /^decimal\(([0-9]{1,4}),([0-9]{1,4})\)$/.exec(target);
  if (decimal === null) throw new ExpressionProblem(at, target, `CAST is to ${TARGETS}`, target === 'varchar' || target === 'text' ? 'write string' : 'write one of them');
  const [precision, scale] = [Number(decimal[1]), Number(decimal[2])];
  if (precision < 1 || precision > MOST_DIGITS || scale > precision) throw new ExpressionProblem(at, target, 'a decimal has 1 to 38 digits, of which at most all stand after the point', 'write decimal(p,s) with p from 1 to 38 and s from 0 to p');
  return numberOf(precision, scale);
}

function refused({ expression, at, text }: Operand, to: ExpressionType, why: string): ExpressionProblem {
  const name = to.kind === 'number' ? `decimal(${to.precision},${to.scale})` : expressionTypeName(to);
  return new ExpressionProblem(at, text, `CAST of ${expressionTypeName(expression.type)} to ${name} could change the value: ${why}`, 'see the table of casts in docs/expressions.md, or declare the column with the type that is meant');
}
