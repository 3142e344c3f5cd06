import { isKnownConditionKey } from './condition-keys';
import { findOperator, type Operator } from './condition-operators';
import type { Statement } from './policy-document';
import type { Variables } from './wildcard';

/** Values of condition keys, by key in lower case. */
export type ConditionContext = Variables;

/** `unknown` says in words what could not be decided. */
export type ConditionResult = { readonly met: boolean } | { readonly unknown: string };

type Condition = Statement['conditions'][number];

/** Whether all conditions of a statement are met; the first that cannot be decided decides. */
export function checkConditions(statement: Statement, context: ConditionContext): ConditionResult {
  let met = true;
  for (const condition of statement.conditions) {
    const result = checkCondition(condition, context, statement.hasVariables ? context : undefined);
    if ('unknown' in result) return result;
    met &&= result.met;
  }
  return { met };
}

function checkCondition(condition: Condition, context: ConditionContext, variables: Variables | undefined): ConditionResult {
  const [, set, base, ifExists] = /^(?:(ForAllValues|ForAnyValue):)?(.*?)(IfExists)?$/.exec(condition.operator)!;
  const actual = context[condition.key.toLowerCase()];
  if (base !== 'Null' && findOperator(base!) === undefined) return { unknown: `condition operator ${condition.operator}` };
  if (actual === undefined && !isKnownConditionKey(condition.key)) return { unknown: `condition key ${condition.key}` };
  if (base === 'Null') return { met: checkNull(condition, actual) };
  const operator = findOperator(base!)!;
  if (actual === undefined || actual.length === 0) {
    return { met: set === 'ForAllValues' || (set !== 'ForAnyValue' && (ifExists !== undefined || operator.negated)) };
  }
  const fits = (value: string) => fitsPolicyValues(value, condition, operator, variables);
  return { met: set === 'ForAllValues' || (set === undefined && operator.negated) ? actual.every(fits) : actual.some(fits) };
}

/** A value fits when it matches one of the policy's; under a negated operator, when it matches none of them. */
function fitsPolicyValues(value: string, condition: Condition, operator: Operator, variables: Variables | undefined): boolean {
  const matches = condition.values.some((expected) => operator.compare(value, expected, variables));
  return operator.negated ? !matches : matches;
}

function checkNull(condition: Condition, actual: readonly string[] | undefined): boolean {
  const absent = actual === undefined || actual.length === 0;
  return condition.values.some((value) => (value.toLowerCase() === 'true') === absent);
}
