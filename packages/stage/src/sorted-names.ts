import { Token } from 'aws-cdk-lib';

/**
 * The same value with the members of its objects in the order of their names, at any depth. Lists keep their order, and values that
 * are known at deployment only stay as they are.
 *
 * Maps of some languages have another order in each run (Map.of of Java, map of Go), and a template should change with its meaning only.
 */
export function sortedNames<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Token.isUnresolved(value)) return value;
  if (Array.isArray(value)) return value.map((member: unknown) => sortedNames(member)) as T;
  if (![Object.prototype, null].includes(Object.getPrototypeOf(value) as null)) return value;
  const members = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(members.map(([name, member]) => [name, sortedNames(member as unknown)])) as T;
}
