import { DmsRefusal, type Document } from './refusal';

export type Filters = ReadonlyMap<string, readonly string[]>;

export function filtersOf({ Filters = [] }: Document): Filters {
  return new Map((Filters as Document[]).map(({ Name, Values }) => [String(Name), Values as string[]]));
}

/** Whether something of these properties is among what is asked for. */
export function holds(filters: Filters, of: Readonly<Record<string, string>>): boolean {
  return [...filters].every(([name, values]) => {
    if (of[name] === undefined) throw new DmsRefusal(`the local runner knows no filter ${name}; it knows ${Object.keys(of).join(', ')}`);
    return values.includes(of[name]);
  });
}
