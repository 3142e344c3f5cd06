import type { Problems } from './stage/fail';

/** Every prop of an interface, and whether it may be left out; the compiler holds the list to the interface. */
export type PropNames<T> = { readonly [Name in keyof T]-?: undefined extends T[Name] ? 'optional' : 'required' };

/**
 * Notes props that are missing or that nobody reads, which only TypeScript sees: apps in JavaScript would lose a misspelled guard without a word.
 *
 * @param prefix of the props in messages, such as `sources.trips.`
 * @returns whether all that must be there is there, so that the others can be looked at
 */
export function checkProps<T extends object>(props: T, names: PropNames<T>, prefix: string, problems: Problems): boolean {
  const known = Object.keys(names) as Array<keyof T & string>;
  for (const name of Object.keys(props).filter((each) => !(known as string[]).includes(each))) {
    problems.add(`${prefix}${name} is no prop; there are ${known.join(', ')}`);
  }
  const missing = known.filter((name) => names[name] === 'required' && props[name] === undefined);
  for (const name of missing) problems.add(`${prefix}${name} is missing; it has no default`);
  return missing.length === 0;
}
