import { inCommonType, type Operand } from './same-type';
import { BOOLEAN, type Expression, type ExpressionType } from './expression';
import { ofKind, type ExpressionFunction } from './expression-function';
import { ExpressionProblem } from './expression-problem';

const EQUAL = ['=', '<>'] as const;
const ORDER = ['<', '<=', '>', '>='] as const;
const TWO = 'two values of one type';
const UNKNOWN = 'NULL on either side gives NULL';

/** Comparisons and what is made of them. Every one gives TRUE, FALSE or NULL. */
export const COMPARISONS: readonly ExpressionFunction[] = [
  ...EQUAL.map((name) => comparison(name, TWO, [])),
  // FALSE < TRUE is an accident of engines, and an order of bytes is none of what they mean.
  ...ORDER.map((name) => comparison(name, `${TWO}, but no boolean, uuid or binary`, ['boolean', 'uuid', 'binary'])),
  {
    name: 'IS NULL', form: 'a IS NULL, a IS NOT NULL', takes: 'any value', gives: 'boolean', nulls: 'TRUE for NULL; never NULL', arity: [1, 1],
    check: ([operand]) => ({ type: BOOLEAN, args: [valued('IS NULL', operand!)] }),
    sql: ([value]) => `${value} IS NULL`,
  },
  {
    name: 'IN', form: 'a IN (b, …), a NOT IN (b, …)', takes: 'values of one type', gives: 'boolean', nulls: 'as a = b OR …: TRUE if one is equal, else NULL if one is NULL', arity: [2, 1_000],
    check: (operands) => compared('IN', operands, []),
    sql: ([value, ...list]) => `${value} IN (${list.join(', ')})`,
  },
  {
    name: 'BETWEEN', form: 'a BETWEEN b AND c, a NOT BETWEEN b AND c', takes: 'three values of one type, but no boolean, uuid or binary', gives: 'boolean',
    nulls: 'as a >= b AND a <= c', arity: [3, 3],
    check: (operands) => compared('BETWEEN', operands, ['boolean', 'uuid', 'binary']),
    sql: ([value, low, high]) => `${value} BETWEEN ${low} AND ${high}`,
  },
  {
    name: 'AND', form: 'a AND b', takes: 'booleans', gives: 'boolean', nulls: 'FALSE if one is FALSE, else NULL if one is NULL', arity: [2, 1_000],
    check: (operands) => ({ type: BOOLEAN, args: conditions('AND', operands) }),
    sql: (args) => args.join(' AND '),
  },
  {
    name: 'OR', form: 'a OR b', takes: 'booleans', gives: 'boolean', nulls: 'TRUE if one is TRUE, else NULL if one is NULL', arity: [2, 1_000],
    check: (operands) => ({ type: BOOLEAN, args: conditions('OR', operands) }),
    sql: (args) => args.join(' OR '),
  },
  {
    name: 'NOT', form: 'NOT a', takes: 'a boolean', gives: 'boolean', nulls: 'NOT NULL is NULL', arity: [1, 1],
    check: (operands) => ({ type: BOOLEAN, args: conditions('NOT', operands) }),
    sql: ([value]) => `NOT ${value}`,
  },
];

/** Booleans; a bare NULL is the unknown one. */
export function conditions(what: string, operands: readonly Operand[]): Expression[] {
  return operands.map((operand): Expression => {
    if (operand.expression.node === 'null') return { node: 'null', type: BOOLEAN };
    return ofKind(what, [operand], ['boolean'], 'write a condition, such as amount > 0')[0]!;
  });
}

function comparison(name: string, takes: string, without: readonly ExpressionType['kind'][]): ExpressionFunction {
  return {
    name, form: `a ${name} b`, takes, gives: 'boolean', nulls: UNKNOWN, arity: [2, 2],
    check: (operands) => compared(name, operands, without), sql: ([a, b]) => `${a} ${name} ${b}`,
  };
}

function compared(what: string, operands: readonly Operand[], without: readonly ExpressionType['kind'][]): { type: ExpressionType; args: Expression[] } {
  const { type, args } = inCommonType(operands, what);
  const [first] = operands as [Operand];
  if (what !== 'IN' && what !== 'BETWEEN') for (const operand of operands) valued(what, operand);
  if (type.kind === 'null') throw new ExpressionProblem(first.at, first.text, `${what} of NULL is always NULL`, 'write IS NULL or IS NOT NULL');
  if (without.includes(type.kind)) throw new ExpressionProblem(first.at, first.text, `a ${type.kind} has no order that every engine shares, so ${what} has no meaning for it`, 'write = or <>');
  return { type: BOOLEAN, args };
}

function valued(what: string, { expression, at }: Operand): Expression {
  if (expression.node !== 'null') return expression;
  throw new ExpressionProblem(at, 'NULL', `${what} with NULL has one and the same answer for every record`, 'write IS NULL or IS NOT NULL behind a column');
}
