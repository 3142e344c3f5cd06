import type { Column, Dataset, Mask } from '../contract';
import type { CustomProperty } from './custom-properties';
import { referencedColumns } from '../expression/expression';
import type { MapReader } from './map-reader';
import { storedColumn } from '../mask';
import { isNested } from '../nested-type';
import type { ParsedColumn } from './parse-column';
import { duplicateColumns } from '../quality-metrics';

/** `none` keeps a value clear that its classification would mask. */
export type DeclaredMask = Mask | { readonly method: 'none' };

/** Masks of a contract by classification. */
export type MaskDefaults = ReadonlyMap<string, Mask>;

/** Reads `headraceMasks`: a mask for each classification. */
export function readMaskDefaults(property: CustomProperty | undefined): MaskDefaults {
  const masks = new Map<string, Mask>();
  const value = property?.reader.object('value');
  for (const classification of value?.keys() ?? []) {
    const mask = readMethod(value!.object(classification), ['hash', 'redact', 'drop']);
    if (mask !== undefined) masks.set(classification, mask as Mask);
  }
  value?.finish();
  return masks;
}

/**
 * Tells of masks of a classification that no column has: a slip of the pen would leave values clear. Contracts may share masks, so it is
 * refused only where another spelling is meant.
 */
export function checkMaskDefaults(property: CustomProperty | undefined, masks: MaskDefaults, classifications: ReadonlySet<string>): void {
  for (const classification of masks.keys()) {
    if (classifications.has(classification)) continue;
    const there = classifications.size === 0 ? 'no column has a classification' : `columns have ${[...classifications].join(', ')}`;
    const meant = [...classifications].some((name) => name.trim().toLowerCase() === classification.trim().toLowerCase());
    property!.reader.problem('value', {
      severity: meant ? 'error' : 'warning', rule: 'mask-classification', value: JSON.stringify(classification), message: `headraceMasks masks ${classification}, which is the classification of no column`, fix: `write it as columns do (${there}), or leave it out`,
    });
  }
}

/** Reads `headraceMask` of a column. */
export function readMask(property: CustomProperty | undefined): DeclaredMask | undefined {
  return property === undefined ? undefined : readMethod(property.reader.object('value'), ['hash', 'redact', 'drop', 'none']);
}

function readMethod<const M extends DeclaredMask['method']>(value: MapReader | undefined, methods: readonly M[]): DeclaredMask | undefined {
  if (value === undefined) return undefined;
  const method = value.choice('method', methods);
  const text = value.text('text');
  value.finish();
  if (method === undefined) {
    if (!value.has('method')) value.problem(undefined, { rule: 'required-key', value: 'nothing', message: 'method is required', fix: `write method: with one of ${methods.join(', ')}` });
    return undefined;
  }
  if (text === undefined) return { method };
  if (method === 'redact') return { method, text };
  value.problem('text', { rule: 'mask-text', value: JSON.stringify(text), message: `text belongs to method redact, not to ${method}`, fix: 'leave it out' });
  return undefined;
}

/** The mask of a column: its own, or that of its classification. */
export function maskOf(own: DeclaredMask | undefined, classification: string | undefined, defaults: MaskDefaults): Mask | undefined {
  const mask = own ?? (classification === undefined ? undefined : defaults.get(classification));
  return mask === undefined || mask.method === 'none' ? undefined : mask;
}

/** Refuses masks that would make a column useless for what the contract says of it; gives the columns as they are stored. */
export function maskColumns(
  parsed: readonly ParsedColumn[], columns: readonly Column[], dataset: Pick<Dataset, 'primaryKey' | 'partitionColumns' | 'dedupe' | 'quality'>,
): Pick<Dataset, 'columns' | 'recordColumns'> {
  if (columns.every(({ mask }) => mask === undefined)) return { columns };
  for (const { column, reader } of parsed) checkPlace(column, reader, dataset);
  checkComputed(parsed, columns);
  const stored = columns.flatMap((column) => storedColumn(column) ?? []);
  const [first] = parsed;
  if (stored.length === 0) first?.reader.problem(undefined, { rule: 'mask-place', value: 'drop', message: 'every column is dropped', fix: 'keep at least one' });
  return { columns: stored, recordColumns: columns };
}

/** A computed column could show what a mask hides. */
function checkComputed(parsed: readonly ParsedColumn[], columns: readonly Column[]): void {
  for (const { column, reader, ownMask } of parsed) {
    if (column.computed === undefined || ownMask || column.mask !== undefined) continue;
    const hidden = referencedColumns(column.computed).filter((name) => columns.some((other) => other.name === name && other.mask !== undefined));
    if (hidden.length === 0) continue;
    reader.problem('transformLogic', {
      rule: 'mask-computed', value: hidden.join(', '), message: `${column.name} is computed from the clear value of ${hidden.join(', ')}, which is masked`,
      fix: `write headraceMask at ${column.name}: a mask, or { method: none } if the computed value hides enough`,
    });
  }
}

function checkPlace({ name, type, unique, mask }: Column, reader: MapReader, dataset: Pick<Dataset, 'primaryKey' | 'partitionColumns' | 'dedupe' | 'quality'>): void {
  if (mask === undefined) return;
  const { method } = mask;
  const refuse = (message: string, fix: string): void => { reader.problem(undefined, { rule: 'mask-place', value: method, message: `${name}: ${message}`, fix }); };
  if (method === 'hash' && isNested(type)) refuse(`an ${type.kind} has no one text to hash`, 'write method: redact or drop, or declare the values inside as columns');
  const clear = 'write headraceMask: { method: none }, or take the column out of it';
  if (dataset.partitionColumns.includes(name)) refuse('a masked column cannot be a column partition, whose values stand in keys of objects', clear);
  if (dataset.dedupe?.orderBy.some(({ column }) => column === name)) refuse('a dedupe cannot order by a masked column, whose order is lost', clear);
  if (method !== 'hash') {
    if (dataset.primaryKey.includes(name)) refuse(`a key that is masked by ${method} no longer tells records apart`, 'write method: hash, which keeps equal values equal');
    if (unique) refuse(`a unique column that is masked by ${method} can no longer be checked`, 'write method: hash, or drop unique');
    const compared = dataset.quality.find((rule) => rule.metric === 'duplicateValues' && duplicateColumns(rule).includes(name));
    if (compared !== undefined) refuse(`quality rule ${compared.id} compares its values, which ${method} takes away`, 'write method: hash, or leave the rule out');
  }
  if (mask.method === 'redact' && mask.text !== undefined && type.kind !== 'string') refuse('only a string can be redacted by a text', 'leave text out, for NULL');
}
