import { inCommonType, inType, type Operand } from './same-type';
import { conditions } from './comparison-functions';
import type { Expression, ExpressionType } from './expression';
import type { ExpressionFunction } from './expression-function';
import { ExpressionProblem } from './expression-problem';

/** Functions that give one of their arguments. */
export const CHOICES: readonly ExpressionFunction[] = [
  {
    name: 'COALESCE', form: 'COALESCE(a, b, …)', takes: 'two or more values of one type', gives: 'that type', nulls: 'the first that is not NULL', arity: [2, 100],
    check: (operands) => chosen('COALESCE', operands),
    sql: (args) => `coalesce(${args.join(', ')})`,
  },
  {
    name: 'NULLIF', form: 'NULLIF(a, b)', takes: 'two values of one type', gives: 'the type of a', nulls: 'NULL where a = b, else a', arity: [2, 2],
    check: (operands) => {
      const [first] = operands as [Operand];
      const { args } = chosen('NULLIF', operands);
      if (first.expression.type.kind === 'null') throw new ExpressionProblem(first.at, first.text, 'NULLIF of NULL is always NULL', 'write NULL, or a column or value first');
      // The first is given unwidened, and compared as both are.
      return { type: first.expression.type, args: [first.expression, ...args] };
    },
    sql: ([value, a, b]) => `CASE WHEN ${a} = ${b} THEN NULL ELSE ${value} END`,
  },
  {
    name: 'CASE', form: 'CASE WHEN a THEN b … [ELSE c] END', takes: 'booleans after WHEN, values of one type after THEN and ELSE', gives: 'that type',
    nulls: 'a condition that is NULL does not hold; NULL where none holds and there is no ELSE', arity: [3, 201],
    // The arguments are pairs of WHEN and THEN, and what stands after ELSE.
    check: (operands) => {
      const last = operands.length - 1;
      const whens = conditions('WHEN', operands.filter((_, index) => index < last && index % 2 === 0));
      const values = operands.filter((_, index) => index === last || index % 2 === 1);
      const { type, args } = chosen('CASE', values);
      return { type, args: [...whens.flatMap((when, index) => [when, args[index]!]), args.at(-1)!] };
    },
    sql: (args) => {
      const pairs = Array.from({ length: (args.length - 1) / 2 }, (_, index) => `WHEN ${args[2 * index]} THEN ${args[2 * index + 1]}`);
      return `CASE ${pairs.join(' ')} ELSE ${args.at(-1)} END`;
    },
  },
];

function chosen(what: string, operands: readonly Operand[]): { type: ExpressionType; args: Expression[] } {
  const { type, args } = inCommonType(operands, what);
  if (type.kind !== 'null') return { type, args: args.map((arg) => inType(arg, type)) };
  const [first] = operands as [Operand];
  throw new ExpressionProblem(first.at, first.text, `${what} has nothing but NULL to give`, 'write a column or a value');
}
