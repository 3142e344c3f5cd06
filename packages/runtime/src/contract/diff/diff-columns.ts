import { compareColumns, widens } from './compare-columns';
import type { Column, ColumnType, Dataset, SchemaPolicy } from '../contract';
import { contractChange, type ContractChange, type ContractChangeKind } from './contract-changes';
import { derivedColumns } from '../derived-columns';
import { glueType, parquetType, typeName } from '../engine-types';
import { insideOf, isNested } from '../nested-type';
import { asRecorded } from '../mask';

const CHECKS = ['pattern', 'minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf', 'minLength', 'maxLength', 'minItems', 'maxItems'] as const satisfies readonly (keyof Column)[];
const READING = ['source', 'format', 'trueTokens', 'falseTokens'] as const satisfies readonly (keyof Column)[];
const TEXT = ['description', 'classification'] as const satisfies readonly (keyof Column)[];
/** What has a rule of its own below. */
const JUDGED = ['name', 'type', 'required', 'unique', 'default', 'computed', 'mask'] as const satisfies readonly (keyof Column)[];
const KNOWN: ReadonlySet<string> = new Set([...CHECKS, ...READING, ...TEXT, ...JUDGED]);

/** The changes of the columns of a dataset. What a load will say of earlier batches is asked of the very check that loads make. */
export function diffColumns(before: Dataset, after: Dataset): ContractChange[] {
  const errors = compareColumns(derivedColumns(before), after).filter(({ severity }) => severity === 'error');
  const refused = new Set(errors.map(({ column, rule }) => `${column} ${rule}`));
  const own = { before: asRecorded(before).columns, after: asRecorded(after).columns };
  const gone = own.before.filter(({ name }) => find(own.after, name) === undefined);
  const added = own.after.filter(({ name }) => find(own.before, name) === undefined);
  const renamed: (readonly [Column, Column])[] = [];
  for (const old of gone) {
    const now = added.find((column) => same(readingOf(column), readingOf(old)) && !renamed.some(([, taken]) => taken === column));
    if (now !== undefined) renamed.push([old, now]);
  }
  const at = (name: string): string => `${after.name}.${name}`;
  const changes: ContractChange[] = renamed.map(([old, now]) => contractChange('column-renamed', at(old.name), `is now ${now.name}, read from the same field`));
  for (const column of gone.filter((each) => !renamed.some(([old]) => old === each))) changes.push(contractChange('column-removed', at(column.name), `${typeName(column.type)} is gone`));
  for (const column of added.filter((each) => !renamed.some(([, now]) => now === each))) {
    const kind = column.mask?.method === 'drop' ? 'column-added' : column.required ? 'column-added-required' : after.schemaPolicy === 'strict' ? 'column-added-strict' : 'column-added';
    changes.push(contractChange(kind, at(column.name), `${typeName(column.type)} is new`));
  }
  const kept = own.before.filter(({ name }) => find(own.after, name) !== undefined);
  const order = own.after.filter(({ name }) => find(own.before, name) !== undefined);
  if (after.record.format === 'csv' && after.record.header !== 'subset' && kept.some(({ name }, index) => order[index]!.name !== name)) {
    changes.push(contractChange('column-order', after.name, `columns were ${names(kept)}, are ${names(order)}`));
  }
  for (const old of kept) changes.push(...diffColumn(old, find(own.after, old.name)!, { at: at(old.name), policy: after.schemaPolicy, refused }));
  return changes;
}

/** What makes a column the same one under another name. */
function readingOf({ source, computed, type }: Column): unknown[] {
  return [source, computed, typeName(type)];
}

interface Place {
  readonly at: string;
  readonly policy: SchemaPolicy;
  /** Column and rule of what a load of earlier batches refuses. */
  readonly refused: ReadonlySet<string>;
  /** Whether it is a member or element: manifests do not tell of NULL in those, so loads do not refuse it. */
  readonly inside?: boolean;
}

function diffColumn(old: Column, now: Column, { at, policy, refused, inside = false }: Place): ContractChange[] {
  const changes: ContractChange[] = [];
  const add = (kind: ContractChangeKind, message: string): void => { changes.push(contractChange(kind, at, message)); };
  const strict = policy === 'strict';
  if (!same(old.mask, now.mask)) {
    // The same method with another text, or a type that stays, is no other column.
    const alike = old.mask?.method !== 'drop' && now.mask?.method !== 'drop' && !refused.has(`${now.name} type`) && !refused.has(`${now.name} nullable`);
    add(alike ? 'mask-text' : 'mask-changed', `mask was ${shown(old.mask)}, is ${shown(now.mask)}`);
  }
  if (typeName(old.type) !== typeName(now.type)) {
    add(typeChange(old.type, now.type, strict), `was ${typeName(old.type)}, is ${typeName(now.type)}`);
  }
  if (!old.required && now.required) add(inside ? 'check-added' : 'required-added', 'a value is now required');
  if (old.required && !now.required) add(inside ? 'check-dropped' : strict ? 'required-dropped-strict' : 'required-dropped', 'a value is no longer required');
  if (old.unique !== now.unique) add(now.unique ? 'unique-added' : 'unique-dropped', now.unique ? 'values must now be unique' : 'values need no longer be unique');
  for (const key of CHECKS) {
    if (same(old[key], now[key])) continue;
    add(old[key] === undefined ? 'check-added' : now[key] === undefined ? 'check-dropped' : 'check-changed', `${key} was ${shown(old[key])}, is ${shown(now[key])}`);
  }
  for (const key of READING) if (!same(old[key], now[key])) add('reading-changed', `${key} was ${shown(old[key])}, is ${shown(now[key])}`);
  if (old.default !== now.default) add('default-changed', `headraceDefault was ${shown(old.default)}, is ${shown(now.default)}`);
  if (!same(old.computed, now.computed)) add('transform-changed', `transformLogic ${now.computed === undefined ? 'is gone: the column is read' : old.computed === undefined ? 'is new: the column was read' : 'is another expression'}`);
  for (const key of TEXT) if (old[key] !== now[key]) add('column-text', `${key} changed`);
  if (typeName(old.type) === typeName(now.type)) {
    const inner = insideOf(now.type);
    insideOf(old.type).forEach((column, index) => changes.push(...diffColumn(column, inner[index]!, { at: `${at}.${column.name}`, policy, refused, inside: true })));
  }
  for (const key of otherKeys(old, now, KNOWN)) add('column-other', `${key} was ${shown(old[key as keyof Column])}, is ${shown(now[key as keyof Column])}`);
  return changes;
}

function typeChange(old: ColumnType, now: ColumnType, strict: boolean): ContractChangeKind {
  if (isNested(old) && isNested(now)) return 'members-changed';
  if (!widens(old, now)) return 'type-changed';
  if (!readsAs(parquetType(old), glueType(now))) return 'type-widened-unread';
  return strict ? 'type-widened-strict' : 'type-widened';
}

/**
 * Whether Athena reads values as they lie in files of before as those of a column of the table: whole numbers are read as decimals by Trino's
 * reader of Parquet where they have 32 bits and the decimal has 10 to 18 digits, none of them behind the point.
 */
function readsAs(stored: string, table: string): boolean {
  if (!table.startsWith('decimal') || stored.includes('DECIMAL')) return true;
  return stored.startsWith('INT32') && /^decimal\(1[0-8],0\)$/.test(table);
}

/** Keys that no rule knows and that differ: a change is never passed over. */
export function otherKeys(old: object, now: object, known: ReadonlySet<string>): string[] {
  const value = (of: object, key: string): unknown => (of as Record<string, unknown>)[key];
  return [...new Set([...Object.keys(old), ...Object.keys(now)])].filter((key) => !known.has(key) && !same(value(old, key), value(now, key)));
}

/** Members with undefined are none, and the order of members means nothing. */
export function same(a: unknown, b: unknown): boolean {
  return canonical(a) === canonical(b);
}

export function shown(value: unknown): string {
  return value === undefined ? 'none' : canonical(value);
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) => (
    typeof member === 'object' && member !== null && !Array.isArray(member) ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1))) : member
  )) ?? 'none';
}

function find(columns: readonly Column[], name: string): Column | undefined {
  return columns.find((column) => column.name === name);
}

function names(columns: readonly Column[]): string {
  return columns.map(({ name }) => name).join(', ');
}
