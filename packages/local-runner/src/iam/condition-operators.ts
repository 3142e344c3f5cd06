import { matchesArn, matchesPattern, resolveText, type Variables } from './wildcard';

/** Compares one value of the request with one value of the policy. */
type Compare = (actual: string, expected: string, variables: Variables | undefined) => boolean;

export interface Operator {
  readonly compare: Compare;
  /** `…Not…` operators: true when no value matches, and when the key is absent. */
  readonly negated: boolean;
}

const equals: Compare = (actual, expected, variables) => actual === resolveText(expected, variables);
const equalsIgnoringCase: Compare = (actual, expected, variables) =>
  actual.toLowerCase() === resolveText(expected, variables)?.toLowerCase();
const like: Compare = (actual, expected, variables) => matchesPattern(expected, actual, variables);
const arn: Compare = (actual, expected, variables) => matchesArn(expected, actual, variables);

function numeric(holds: (actual: number, expected: number) => boolean): Compare {
  return (actual, expected, variables) => {
    const right = resolveText(expected, variables);
    return right !== undefined && isNumber(actual) && isNumber(right) && holds(Number(actual), Number(right));
  };
}

function isNumber(text: string): boolean {
  return text.trim() !== '' && Number.isFinite(Number(text));
}

/** Dates are ISO 8601 or seconds since 1970. */
function date(holds: (actual: number, expected: number) => boolean): Compare {
  const parse = (text: string) => (isNumber(text) ? Number(text) * 1000 : Date.parse(text));
  return (actual, expected) => {
    const [left, right] = [parse(actual), parse(expected)];
    return !Number.isNaN(left) && !Number.isNaN(right) && holds(left, right);
  };
}

function inNetwork(actual: string, expected: string): boolean {
  const [network, length] = expected.split('/');
  const bits = length === undefined ? 32 : Number(length);
  const [left, right] = [ipv4(actual), ipv4(network ?? '')];
  if (left === undefined || right === undefined || !(bits >= 0 && bits <= 32)) return false;
  return bits === 0 || left >>> (32 - bits) === right >>> (32 - bits);
}

function ipv4(text: string): number | undefined {
  const parts = text.split('.').map(Number);
  if (parts.length !== 4 || parts.some((part) => !Number.isInteger(part) || part < 0 || part > 255)) return undefined;
  return parts.reduce((sum, part) => sum * 256 + part, 0);
}

const POSITIVE: Partial<Record<string, Compare>> = {
  StringEquals: equals,
  StringEqualsIgnoreCase: equalsIgnoringCase,
  StringLike: like,
  NumericEquals: numeric((a, b) => a === b),
  NumericLessThan: numeric((a, b) => a < b),
  NumericLessThanEquals: numeric((a, b) => a <= b),
  NumericGreaterThan: numeric((a, b) => a > b),
  NumericGreaterThanEquals: numeric((a, b) => a >= b),
  DateEquals: date((a, b) => a === b),
  DateLessThan: date((a, b) => a < b),
  DateLessThanEquals: date((a, b) => a <= b),
  DateGreaterThan: date((a, b) => a > b),
  DateGreaterThanEquals: date((a, b) => a >= b),
  Bool: (actual, expected) => actual.toLowerCase() === expected.toLowerCase(),
  BinaryEquals: (actual, expected) => actual === expected,
  IpAddress: inNetwork,
  ArnEquals: arn,
  ArnLike: arn,
};

const NEGATED: Partial<Record<string, string>> = {
  StringNotEquals: 'StringEquals',
  StringNotEqualsIgnoreCase: 'StringEqualsIgnoreCase',
  StringNotLike: 'StringLike',
  NumericNotEquals: 'NumericEquals',
  DateNotEquals: 'DateEquals',
  NotIpAddress: 'IpAddress',
  ArnNotEquals: 'ArnEquals',
  ArnNotLike: 'ArnLike',
};

/** Finds an operator by its name without set prefix and `IfExists`; `undefined` when IAM has no such operator. */
export function findOperator(name: string): Operator | undefined {
  const positive = NEGATED[name];
  const compare = POSITIVE[positive ?? name];
  return compare && { compare, negated: positive !== undefined };
}
