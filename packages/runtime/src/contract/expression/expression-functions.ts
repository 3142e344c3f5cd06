import { CHOICES } from './choice-functions';
import { COMPARISONS } from './comparison-functions';
import { DATES } from './date-functions';
import type { ExpressionFunction } from './expression-function';
import { ARITHMETIC } from './number-functions';
import { TEXTS } from './text-functions';

/** The closed list, apart from CAST: nothing else is a function of contracts. */
export const EXPRESSION_FUNCTIONS: readonly ExpressionFunction[] = [...COMPARISONS, ...CHOICES, ...ARITHMETIC, ...TEXTS, ...DATES];

const BY_NAME = new Map(EXPRESSION_FUNCTIONS.map((entry) => [entry.name, entry]));

export function expressionFunction(name: string): ExpressionFunction {
  const found = BY_NAME.get(name);
  if (found === undefined) throw new TypeError(`no function of expressions is called ${name}`);
  return found;
}

/** The names that are written before round brackets. */
export const CALLED: readonly string[] = EXPRESSION_FUNCTIONS.filter(({ name, form }) => form.startsWith(`${name}(`)).map(({ name }) => name);
