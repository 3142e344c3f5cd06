import { expressionTypeName, type Expression, type ExpressionType } from './expression';
import { ExpressionProblem } from './expression-problem';
import type { Operand } from './same-type';

/** One entry of the closed list: how it is written, what it takes and gives, and what the kernel runs for it. */
export interface ExpressionFunction {
  /** Upper case; the key of call nodes. */
  readonly name: string;
  /** As users write it. */
  readonly form: string;
  readonly takes: string;
  readonly gives: string;
  /** What becomes of NULL. */
  readonly nulls: string;
  /** Fewest and most arguments. */
  readonly arity: readonly [fewest: number, most: number];
  /** Checks the arguments, brings them to their types and gives that of the result; throws `ExpressionProblem`. */
  readonly check: (operands: readonly Operand[]) => { readonly type: ExpressionType; readonly args: readonly Expression[] };
  /** DuckDB SQL, given that of the arguments. */
  readonly sql: (sql: readonly string[], call: Extract<Expression, { node: 'call' }>) => string;
}

/** The arguments, each of one of the kinds; a NULL is taken as the first of them that a bare type stands for. */
export function ofKind(what: string, operands: readonly Operand[], kinds: readonly ExpressionType['kind'][], cure: string): Expression[] {
  return operands.map(({ expression, at, text }) => {
    if (kinds.includes(expression.type.kind)) return expression;
    if (expression.node === 'null') throw new ExpressionProblem(at, 'NULL', `${what} of NULL is always NULL`, 'leave it out, or write the value that is meant');
    throw new ExpressionProblem(at, text, `${what} takes ${kinds.map(kindName).join(' or ')}, and this is ${expressionTypeName(expression.type)}`, cure);
  });
}

function kindName(kind: ExpressionType['kind']): string {
  if (kind === 'number') return 'an integer or decimal';
  return `a ${kind}`;
}
