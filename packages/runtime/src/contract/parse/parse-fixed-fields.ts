import type { FixedField } from '../contract';
import type { MapReader } from './map-reader';

/** Characters of a record, at the most. */
const LONGEST = 1_000_000;

/** Reads where the fields of fixed-width records are. Places between fields are filler, and fields may overlap. */
export function parseFixedFields(record: MapReader): FixedField[] {
  const names = new Set<string>();
  const items = record.maps('fields') ?? [];
  const fields = items.flatMap((item): FixedField[] => {
    const name = item.requiredText('name', 'write name: of the field');
    const start = item.integer('start', { min: 1, max: LONGEST });
    const length = item.integer('length', { min: 1, max: LONGEST });
    item.finish();
    for (const key of ['start', 'length']) {
      if (!item.has(key)) item.problem(undefined, { rule: 'required-key', value: 'nothing', message: `${key} is required`, fix: `write ${key}: in characters; the first is 1` });
    }
    if (name !== undefined && names.has(name)) item.problem('name', { rule: 'duplicate-name', value: JSON.stringify(name), message: 'another field has this name', fix: 'rename one of them' });
    if (name === undefined || start === undefined || length === undefined) return [];
    names.add(name);
    return [{ name, start, length }];
  });
  if (items.length === 0) record.problem('fields', { rule: 'fields', value: 'none', message: 'fields needs at least one field', fix: 'write fields: [{ name: id, start: 1, length: 8 }]' });
  // With one unsound, what columns say of it is not judged.
  return fields.length < items.length ? [] : fields;
}
