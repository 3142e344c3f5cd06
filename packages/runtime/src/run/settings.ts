import { userError } from '../errors/pipeline-error';
import { IDENTIFIER } from './ids';

/**
 * Reads a settings document and collects every problem before it throws once.
 *
 * Empty text counts as missing; missing and malformed are told apart; a key that nobody read is a problem.
 */
export function readSettings<T>(json: unknown, what: string, read: (fields: Fields) => T): T {
  const problems: string[] = [];
  const fields = new Fields(json, '', problems);
  const value = read(fields);
  fields.refuseUnknown();
  if (problems.length > 0) throw userError('CONFIG', `${what}: ${problems.join('; ')}`, { problems });
  return value;
}

interface Optional { readonly optional?: boolean }
interface TextRule extends Optional { readonly pattern?: RegExp; readonly rule?: string; readonly fix?: string }
interface NumberRule extends Optional { readonly min: number; readonly max: number; readonly fix?: string }

/**
 * The members of one object of a settings document.
 *
 * A reader returns a stand-in of the right type after it noted a problem, so that reading can go on; readSettings
 * throws before anybody sees a stand-in.
 */
export class Fields {
  private readonly object: Readonly<Record<string, unknown>>;
  private readonly read = new Set<string>();

  constructor(json: unknown, private readonly path: string, private readonly problems: string[]) {
    const isObject = typeof json === 'object' && json !== null && !Array.isArray(json);
    if (!isObject) this.problem('', `must be an object, got ${show(json)}`);
    this.object = isObject ? (json as Record<string, unknown>) : {};
  }

  /** Adds a problem of a rule that spans several keys. */
  problem(key: string, text: string): void {
    const name = [this.path, key].filter((part) => part !== '').join('.');
    this.problems.push(name === '' ? text : `${name} ${text}`);
  }

  has(key: string): boolean {
    return !isMissing(this.object[key]);
  }

  /** A member that somebody else will parse; undefined when it is missing. */
  any(key: string): unknown {
    return this.take(key, { optional: true });
  }

  text(key: string, rule: TextRule & { readonly optional: true }): string | undefined;
  text(key: string, rule?: TextRule): string;
  text(key: string, rule: TextRule = {}): string | undefined {
    const value = this.take(key, rule);
    if (value === undefined) return rule.optional ? undefined : '';
    if (typeof value === 'string' && (rule.pattern === undefined || rule.pattern.test(value))) return value;
    return this.malformed(key, value, rule.rule ?? 'must be text', rule.fix, '');
  }

  /** 1 to 63 lower case letters, digits and _, beginning with a letter. */
  identifier(key: string): string {
    return this.text(key, { pattern: IDENTIFIER, rule: 'must be 1 to 63 lower case letters, digits and _, beginning with a letter' });
  }

  integer(key: string, rule: NumberRule & { readonly optional: true }): number | undefined;
  integer(key: string, rule: NumberRule): number;
  integer(key: string, rule: NumberRule): number | undefined {
    const value = this.take(key, rule);
    if (value === undefined) return rule.optional ? undefined : rule.min;
    if (Number.isInteger(value) && (value as number) >= rule.min && (value as number) <= rule.max) return value as number;
    return this.malformed(key, value, `must be a whole number from ${rule.min} to ${rule.max}`, rule.fix, rule.min);
  }

  boolean(key: string, rule: Optional & { readonly optional: true }): boolean | undefined;
  boolean(key: string, rule?: Optional): boolean;
  boolean(key: string, rule: Optional = {}): boolean | undefined {
    const value = this.take(key, rule);
    if (value === undefined) return rule.optional ? undefined : false;
    return typeof value === 'boolean' ? value : this.malformed(key, value, 'must be true or false', undefined, false);
  }

  choice<const C extends string>(key: string, choices: readonly C[], rule: Optional & { readonly optional: true }): C | undefined;
  choice<const C extends string>(key: string, choices: readonly C[], rule?: Optional): C;
  choice<const C extends string>(key: string, choices: readonly C[], rule: Optional = {}): C | undefined {
    const value = this.take(key, rule);
    if (value === undefined) return rule.optional ? undefined : choices[0];
    if (choices.includes(value as C)) return value as C;
    return this.malformed(key, value, `must be one of ${choices.join(', ')}`, undefined, choices[0] as C);
  }

  /** A nested object, read by `read` and closed to unknown keys. */
  child<T>(key: string, read: (fields: Fields) => T, rule: Optional & { readonly optional: true }): T | undefined;
  child<T>(key: string, read: (fields: Fields) => T, rule?: Optional): T;
  child<T>(key: string, read: (fields: Fields) => T, rule: Optional = {}): T | undefined {
    const value = this.take(key, rule);
    if (value === undefined) return undefined as T | undefined;
    return this.nested(key, value, read);
  }

  /** A map from names to objects; every name must match `IDENTIFIER` unless another pattern is given. */
  record<T>(key: string, read: (fields: Fields, name: string) => T, rule: Optional & { readonly names?: RegExp } = {}): Record<string, T> {
    const value = this.take(key, rule);
    if (value === undefined) return {};
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return this.malformed(key, value, 'must be an object', undefined, {});
    const names = rule.names ?? IDENTIFIER;
    return Object.fromEntries(Object.entries(value).map(([name, item]) => {
      if (!names.test(name)) this.problem(key, `has the name ${show(name)}, which must match ${String(names)}`);
      return [name, this.nested(`${key}.${name}`, item, (fields) => read(fields, name))];
    }));
  }

  /** A list of objects. */
  list<T>(key: string, read: (fields: Fields, index: number) => T, rule: Optional = {}): T[] {
    const value = this.take(key, rule);
    if (value === undefined) return [];
    if (!Array.isArray(value)) return this.malformed(key, value, 'must be a list', undefined, []);
    return value.map((item, index) => this.nested(`${key}[${index}]`, item, (fields) => read(fields, index)));
  }

  /** A map from names to texts, such as HTTP headers. */
  texts(key: string, rule: Optional & { readonly names?: RegExp } = {}): Record<string, string> {
    const value = this.take(key, rule);
    if (value === undefined) return {};
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return this.malformed(key, value, 'must be an object of texts', undefined, {});
    for (const [name, item] of Object.entries(value)) {
      if (rule.names !== undefined && !rule.names.test(name)) this.problem(key, `has the name ${show(name)}, which must match ${String(rule.names)}`);
      if (typeof item !== 'string') this.problem(`${key}.${name}`, `must be text, got ${show(item)}`);
    }
    return value as Record<string, string>;
  }

  /** Notes a problem for each key that nobody asked for. */
  refuseUnknown(): void {
    for (const key of Object.keys(this.object)) {
      if (!this.read.has(key)) this.problem(key, `is not a known key; leave it out (known: ${[...this.read].join(', ')})`);
    }
  }

  private nested<T>(key: string, value: unknown, read: (fields: Fields) => T): T {
    const fields = new Fields(value, [this.path, key].filter((part) => part !== '').join('.'), this.problems);
    const result = read(fields);
    fields.refuseUnknown();
    return result;
  }

  private take(key: string, rule: Optional): unknown {
    this.read.add(key);
    const value = this.object[key];
    if (!isMissing(value)) return value;
    if (!rule.optional) this.problem(key, 'is missing');
    return undefined;
  }

  private malformed<T>(key: string, value: unknown, rule: string, fix: string | undefined, standIn: T): T {
    this.problem(key, `${rule}, got ${show(value)}${fix === undefined ? '' : `; ${fix}`}`);
    return standIn;
  }
}

function isMissing(value: unknown): boolean {
  return value === undefined || value === null || value === '';
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}
