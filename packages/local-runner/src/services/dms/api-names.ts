import { DmsRefusal } from './refusal';

export function requireName(value: unknown, longest: number, what: string): void {
  if (typeof value === 'string' && value.length <= longest && /^[A-Za-z](?:-?[A-Za-z0-9])*$/.test(value)) return;
  throw new DmsRefusal(`${what} must have 1 to ${longest} letters, digits and hyphens, begin with a letter, not end with a hyphen and not have two in a row, got ${JSON.stringify(value)}`);
}
