import { inType, type Operand } from './same-type';
import { expressionTypeName, MOST_DIGITS, numberOf, type Expression, type NumberType } from './expression';
import { ofKind, type ExpressionFunction } from './expression-function';
import { ExpressionProblem } from './expression-problem';

const NULL_GIVES_NULL = 'NULL gives NULL';
const FLOAT_CURE = 'declare the column as decimal(p,s): floats are never calculated with, because their results depend on the order';

/** Exact arithmetic. The size of a result follows from the sizes of the operands, so nothing can overflow on the way. */
export const ARITHMETIC: readonly ExpressionFunction[] = [
  ...(['+', '-'] as const).map((name): ExpressionFunction => ({
    name, form: `a ${name} b`, takes: 'integers and decimals', gives: 'one digit more than the larger; the larger scale', nulls: NULL_GIVES_NULL, arity: [2, 2],
    check: (operands) => {
      const [a, b] = numbers(name, operands);
      const scale = Math.max(a.scale, b.scale);
      const type = sized(name, operands, numberOf(Math.max(a.precision - a.scale, b.precision - b.scale) + 1 + scale, scale));
      return { type, args: operands.map(({ expression }) => inType(expression, type)) };
    },
    sql: ([a, b]) => `${a} ${name} ${b}`,
  })),
  {
    name: '*', form: 'a * b', takes: 'integers and decimals', gives: 'the sum of both digits and of both scales', nulls: NULL_GIVES_NULL, arity: [2, 2],
    check: (operands) => {
      const [a, b] = numbers('*', operands);
      const type = sized('*', operands, numberOf(a.precision + b.precision, a.scale + b.scale));
      const [first, second] = operands.map(({ expression }) => expression) as [Expression, Expression];
      // The engine multiplies operands of up to 18 digits in 64 bits, unless one of them has the size of the result.
      return { type, args: [inType(first, numberOf(type.precision, a.scale)), second] };
    },
    sql: ([a, b]) => `${a} * ${b}`,
  },
  {
    name: 'NEGATE', form: '-a', takes: 'an integer or decimal', gives: 'the same size', nulls: NULL_GIVES_NULL, arity: [1, 1],
    check: (operands) => {
      const [expression] = ofKind('-', operands, ['number'], FLOAT_CURE);
      return { type: expression!.type, args: [expression!] };
    },
    sql: ([a]) => `-${a}`,
  },
];

function numbers(what: string, operands: readonly Operand[]): [NumberType, NumberType] {
  return ofKind(what, operands, ['number'], what === '+' ? `write || for texts; ${FLOAT_CURE}` : FLOAT_CURE).map(({ type }) => type) as [NumberType, NumberType];
}

function sized(what: string, [a, b]: readonly Operand[], type: NumberType): NumberType {
  if (type.precision <= MOST_DIGITS) return type;
  throw new ExpressionProblem(
    a!.at, `${a!.text} ${what} ${b!.text}`, `${expressionTypeName(a!.expression.type)} ${what} ${expressionTypeName(b!.expression.type)} may need ${type.precision} digits, and numbers have at most ${MOST_DIGITS}`,
    'declare columns with as many digits as the data has, and no more',
  );
}
