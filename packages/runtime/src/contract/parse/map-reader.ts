import { normaliseDecimal } from '../exact-decimal';
import type { Finding, ProblemList } from './problems';
import type { Position, YamlMap, YamlScalar, YamlValue } from './yaml-value';

/**
 * Reads one object of the contract key by key, and reports the keys that nobody read.
 *
 * That last step is why nothing in a contract is dropped silently: a key is read, listed as ignored, or refused.
 */
export class MapReader {
  private readonly seen = new Set<string>();

  constructor(
    private readonly map: YamlMap,
    readonly path: string,
    private readonly list: ProblemList,
  ) {}

  has(key: string): boolean {
    const entry = this.map.entries.get(key);
    return entry !== undefined && entry.value.kind !== 'null';
  }

  /** The position of a key's value, or of the whole object when the key is absent. */
  /** All keys, known or not. */
  keys(): string[] {
    return [...this.map.entries.keys()];
  }

  at(key?: string): Position {
    return (key === undefined ? undefined : this.map.entries.get(key)?.value.at) ?? this.map.at;
  }

  problem(key: string | undefined, finding: Finding): void {
    this.list.add(this.at(key), key === undefined ? this.path : this.pathOf(key), finding);
  }

  /** Text; numbers and booleans are refused, because YAML would have changed them (`1.10` is not `"1.1"`). */
  text(key: string): string | undefined {
    const value = this.scalar(key, 'text');
    if (value === undefined) return undefined;
    if (value.kind === 'text') return value.text;
    this.wrongKind(key, value, 'text', `write it in quotes: ${key}: "${value.text}"`);
    return undefined;
  }

  requiredText(key: string, fix: string): string | undefined {
    const text = this.text(key);
    if (text !== undefined && text.trim() !== '') return text;
    if (!this.has(key) || text !== undefined) {
      this.problem(key, { rule: 'required-key', value: text === undefined ? 'nothing' : 'empty text', message: `${key} is required`, fix });
    }
    return undefined;
  }

  choice<const C extends string>(key: string, choices: readonly C[], fix?: string): C | undefined {
    const text = this.text(key);
    if (text === undefined) return undefined;
    if ((choices as readonly string[]).includes(text)) return text as C;
    this.problem(key, {
      rule: 'choice', value: quote(text), message: `${key} must be ${oneOf(choices)}`, fix: fix ?? `write ${oneOf(choices)}`,
    });
    return undefined;
  }

  boolean(key: string): boolean | undefined {
    const value = this.scalar(key, 'true or false');
    if (value === undefined) return undefined;
    if (value.kind === 'boolean') return value.text === 'true';
    this.wrongKind(key, value, 'true or false', 'write true or false, without quotes');
    return undefined;
  }

  /** A number as exact decimal text, without exponent. */
  number(key: string): string | undefined {
    const value = this.scalar(key, 'a number');
    if (value === undefined) return undefined;
    const exact = value.kind === 'number' ? normaliseDecimal(value.text) : undefined;
    if (exact !== undefined) return exact;
    this.wrongKind(key, value, 'a number', 'write a finite decimal number, without quotes');
    return undefined;
  }

  /** A whole number that fits a JavaScript number. */
  integer(key: string, range: { readonly min: number; readonly max: number }): number | undefined {
    const exact = this.number(key);
    if (exact === undefined) return undefined;
    const value = Number(exact);
    if (/^-?\d+$/.test(exact) && value >= range.min && value <= range.max) return value;
    this.problem(key, {
      rule: 'whole-number', value: exact, message: `${key} must be a whole number from ${range.min} to ${range.max}`,
      fix: `write a whole number from ${range.min} to ${range.max}`,
    });
    return undefined;
  }

  object(key: string): MapReader | undefined {
    const value = this.take(key);
    if (value === undefined) return undefined;
    if (value.kind === 'map') return new MapReader(value, this.pathOf(key), this.list);
    this.wrongKind(key, value, 'an object', 'write its keys below it');
    return undefined;
  }

  items(key: string): readonly { readonly value: YamlValue; readonly path: string }[] | undefined {
    const value = this.take(key);
    if (value === undefined) return undefined;
    if (value.kind === 'list') return value.items.map((item, index) => ({ value: item, path: `${this.pathOf(key)}[${nameOf(item) ?? index}]` }));
    this.wrongKind(key, value, 'a list', 'write its items below it, each with a dash');
    return undefined;
  }

  /** Readers of a list of objects; other items are reported. */
  maps(key: string): MapReader[] | undefined {
    return this.items(key)?.flatMap(({ value, path }) => {
      if (value.kind === 'map') return [new MapReader(value, path, this.list)];
      this.list.add(value.at, path, { rule: 'kind', value: describe(value), message: 'an item must be an object', fix: 'write its keys, the first after the dash' });
      return [];
    });
  }

  texts(key: string): string[] | undefined {
    return this.items(key)?.flatMap(({ value, path }) => {
      if (value.kind === 'text') return [value.text];
      this.list.add(value.at, path, { rule: 'kind', value: describe(value), message: 'an item must be text', fix: 'write it in quotes' });
      return [];
    });
  }

  /** Any value, judged by the caller. */
  raw(key: string): YamlValue | undefined {
    return this.take(key);
  }

  child(value: YamlMap, path: string): MapReader {
    return new MapReader(value, path, this.list);
  }

  /** Keys of the standard that describe and have no effect. */
  ignore(...keys: string[]): void {
    for (const key of keys) {
      if (this.map.entries.has(key)) this.list.ignore(this.pathOf(key));
      this.seen.add(key);
    }
  }

  noteIgnored(path: string): void {
    this.list.ignore(path);
  }

  /** A key of the standard that would change the meaning of the data and is not supported. */
  refuse(key: string, message: string, fix: string): void {
    this.seen.add(key);
    const entry = this.map.entries.get(key);
    if (entry === undefined) return;
    this.list.add(entry.keyAt, this.pathOf(key), { rule: 'unsupported-key', value: describe(entry.value), message, fix });
  }

  /** Reports the keys that were neither read nor ignored nor refused. Call it last. */
  finish(): void {
    for (const [key, entry] of this.map.entries) {
      if (this.seen.has(key)) continue;
      this.list.add(entry.keyAt, this.pathOf(key), {
        rule: 'unknown-key', value: describe(entry.value), message: `${key} is not a key of this place`,
        fix: closest(key, this.seen) ?? 'leave it out',
      });
    }
  }

  pathOf(key: string): string {
    return this.path === '' ? key : `${this.path}.${key}`;
  }

  private take(key: string): YamlValue | undefined {
    this.seen.add(key);
    const value = this.map.entries.get(key)?.value;
    return value === undefined || value.kind === 'null' ? undefined : value;
  }

  private scalar(key: string, wanted: string): YamlScalar | undefined {
    const value = this.take(key);
    if (value === undefined) return undefined;
    if (value.kind !== 'map' && value.kind !== 'list') return value;
    this.wrongKind(key, value, wanted, `write ${wanted} after ${key}:`);
    return undefined;
  }

  private wrongKind(key: string, value: YamlValue, wanted: string, fix: string): void {
    this.problem(key, { rule: 'kind', value: describe(value), message: `${key} must be ${wanted}`, fix });
  }
}

export function describe(value: YamlValue): string {
  if (value.kind === 'map') return 'an object';
  if (value.kind === 'list') return 'a list';
  return value.kind === 'text' ? quote(value.text) : value.text;
}

function nameOf(item: YamlValue): string | undefined {
  if (item.kind !== 'map') return undefined;
  for (const key of ['name', 'property', 'id']) {
    const value = item.entries.get(key)?.value;
    if (value?.kind === 'text') return value.text;
  }
  return undefined;
}

function quote(text: string): string {
  return JSON.stringify(text);
}

function oneOf(choices: readonly string[]): string {
  return choices.length < 2 ? choices.join('') : `${choices.slice(0, -1).join(', ')} or ${choices[choices.length - 1]}`;
}

/** A known key that differs only in case or by one letter is what was meant. */
function closest(key: string, known: ReadonlySet<string>): string | undefined {
  const found = [...known].find((candidate) => candidate.toLowerCase() === key.toLowerCase() || withinOneEdit(candidate, key));
  return found === undefined ? undefined : `write ${found}, or leave it out`;
}

function withinOneEdit(a: string, b: string): boolean {
  if (Math.abs(a.length - b.length) > 1) return false;
  let start = 0;
  while (start < a.length && a[start] === b[start]) start += 1;
  let end = 0;
  while (end < Math.min(a.length, b.length) - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end += 1;
  return Math.max(a.length, b.length) - start - end <= 1;
}
