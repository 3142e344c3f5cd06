import { MOST_DIGITS, expressionTypeName, numberOf, type Expression, type ExpressionType, type NumberType } from './expression';
import { ExpressionProblem } from './expression-problem';

/** An argument, and where it stands. */
export interface Operand {
  readonly expression: Expression;
  readonly at: number;
  /** As it is written. */
  readonly text: string;
}

/**
 * Brings operands to the one type that holds the values of all of them: numbers to the larger size, NULL to the others' type.
 *
 * @param what what needs it, for the message: `=`, `COALESCE`
 */
export function inCommonType(operands: readonly Operand[], what: string): { readonly type: ExpressionType; readonly args: Expression[] } {
  let type: ExpressionType = { kind: 'null' };
  for (const operand of operands) type = common(type, operand, what);
  return { type, args: operands.map(({ expression }) => inType(expression, type)) };
}

/** The expression with the wider type; the value is the same. */
export function inType(expression: Expression, type: ExpressionType): Expression {
  if (expression.node === 'null') return { node: 'null', type };
  if (type.kind !== 'number' || expression.type.kind !== 'number') return expression;
  if (expression.type.precision === type.precision && expression.type.scale === type.scale) return expression;
  return { node: 'widen', of: expression, type };
}

function common(type: ExpressionType, { expression, at, text }: Operand, what: string): ExpressionType {
  const other = expression.type;
  if (other.kind === 'null' || type.kind === 'null') return other.kind === 'null' ? type : other;
  if (type.kind === 'number' && other.kind === 'number') {
    const both = commonNumber(type, other);
    if (both.precision <= MOST_DIGITS) return both;
    throw new ExpressionProblem(at, text, `${what} of ${expressionTypeName(type)} and ${expressionTypeName(other)} needs ${both.precision} digits, and numbers have at most ${MOST_DIGITS}`, 'declare columns with fewer digits, if the data allows it');
  }
  if (expressionTypeName(type) === expressionTypeName(other)) return type;
  throw new ExpressionProblem(at, text, `${what} takes values of one type, and this is ${expressionTypeName(other)} where ${expressionTypeName(type)} is before it`, cureFor(type, other));
}

function commonNumber(a: NumberType, b: NumberType): NumberType {
  const scale = Math.max(a.scale, b.scale);
  return numberOf(Math.max(a.precision - a.scale, b.precision - b.scale) + scale, scale);
}

function cureFor(a: ExpressionType, b: ExpressionType): string {
  const kinds = [a.kind, b.kind];
  if (kinds.includes('float')) return 'declare the column as decimal(p,s): a float has no exact comparison with other numbers';
  if (kinds.includes('string') && kinds.includes('date')) return "write DATE '2024-12-31' for a date, or CAST(value AS string)";
  if (kinds.includes('string') && kinds.includes('timestamp')) return "write TIMESTAMP '2024-12-31 23:59:59' for a timestamp";
  if (kinds.includes('string') && kinds.includes('number')) return 'write numbers without quotes and texts in quotes, or CAST(number AS string)';
  if (kinds.includes('date') && kinds.includes('timestamp')) return 'write CAST(timestamp AS date), or CAST(date AS timestamp)';
  if (a.kind === 'timestamp' && b.kind === 'timestamp') return 'a timestamp with zone is an instant and one without is not: compare their dates, or declare both alike';
  return 'bring both to one type with CAST';
}
