import { ErrorName } from './error-names';
import { isObject, type Json, type JsonObject } from './json';
import { selectPath, tryPath, type PathRoots } from './json-path';
import { TaskFailure } from './task-failure';

const TIMESTAMP = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})$/;

const ORDERS: Readonly<Record<string, (order: number) => boolean>> = {
  Equals: (order) => order === 0,
  LessThan: (order) => order < 0,
  GreaterThan: (order) => order > 0,
  LessThanEquals: (order) => order <= 0,
  GreaterThanEquals: (order) => order >= 0,
};

const KINDS: Readonly<Record<string, (value: Json) => boolean>> = {
  IsNull: (value) => value === null,
  IsString: (value) => typeof value === 'string',
  IsNumeric: (value) => typeof value === 'number',
  IsBoolean: (value) => typeof value === 'boolean',
  IsTimestamp: isTimestamp,
};

/**
 * Decides a JSONPath choice rule.
 *
 * Values of unlike kinds compare as false; a `Variable` that is absent fails the execution, except under `IsPresent`.
 */
export function choiceRuleHolds(rule: JsonObject, roots: PathRoots): boolean {
  if (Array.isArray(rule.And)) return rule.And.every((inner) => choiceRuleHolds(inner as JsonObject, roots));
  if (Array.isArray(rule.Or)) return rule.Or.some((inner) => choiceRuleHolds(inner as JsonObject, roots));
  if (isObject(rule.Not)) return !choiceRuleHolds(rule.Not, roots);

  const path = rule.Variable as string;
  const [operator, operand] = Object.entries(rule).find(([name]) => isOperator(name)) ?? [];
  if (operator === undefined || operand === undefined) {
    throw new TaskFailure(ErrorName.runtime, `the choice rule ${JSON.stringify(rule)} has no comparison operator`);
  }
  if (operator === 'IsPresent') return (tryPath(path, roots) !== undefined) === operand;
  const value = tryPath(path, roots);
  if (value === undefined) {
    throw new TaskFailure(ErrorName.runtime, `Invalid path '${path}': the choice state's condition path references an invalid value`);
  }
  const isKind = KINDS[operator];
  if (isKind !== undefined) return isKind(value) === operand;
  return compare(operator, value, operand, roots);
}

function isOperator(name: string): boolean {
  return name === 'IsPresent' || name in KINDS || /^(String|Numeric|Boolean|Timestamp)[A-Z]/.test(name);
}

function compare(operator: string, value: Json, operand: Json, roots: PathRoots): boolean {
  if (operator === 'StringMatches') {
    return typeof value === 'string' && typeof operand === 'string' && wildcard(operand).test(value);
  }
  const [, kind, relation, byPath] = /^(String|Numeric|Boolean|Timestamp)(\w+?)(Path)?$/.exec(operator) ?? [];
  const holds = ORDERS[relation ?? ''];
  if (kind === undefined || holds === undefined) throw new TaskFailure(ErrorName.runtime, `${operator} is no comparison operator`);
  const other = byPath === undefined ? operand : selectPath(operand as string, roots);
  const order = orderOf(kind, value, other);
  return order !== undefined && holds(order);
}

function orderOf(kind: string, left: Json, right: Json): number | undefined {
  switch (kind) {
    case 'String':
      return typeof left === 'string' && typeof right === 'string' ? Number(left > right) - Number(left < right) : undefined;
    case 'Numeric':
      return typeof left === 'number' && typeof right === 'number' ? left - right : undefined;
    case 'Boolean':
      return typeof left === 'boolean' && typeof right === 'boolean' ? Number(left) - Number(right) : undefined;
    default:
      return isTimestamp(left) && isTimestamp(right) ? Date.parse(left as string) - Date.parse(right as string) : undefined;
  }
}

function isTimestamp(value: Json): boolean {
  return typeof value === 'string' && TIMESTAMP.test(value) && !Number.isNaN(Date.parse(value));
}

// `*` stands for any text and `\*` for a star.
function wildcard(pattern: string): RegExp {
  const source = pattern.replace(/\\([*\\])|\*|[.+?^${}()|[\]\\]/g, (match, escaped: string | undefined) => {
    if (escaped !== undefined) return `\\${escaped}`;
    return match === '*' ? '[\\s\\S]*' : `\\${match}`;
  });
  return new RegExp(`^${source}$`);
}
