import type { MapReader } from './map-reader';
import type { YamlValue } from './yaml-value';

export type CustomPropertyPlace = 'contract' | 'dataset' | 'column' | 'quality rule';

export interface HeadraceProperty {
  readonly place: CustomPropertyPlace;
  readonly refused?: { readonly message: string; readonly fix: string };
}

/** A property that was found: its value, and a reader of the list item it stands in. */
export interface CustomProperty {
  readonly reader: MapReader;
  readonly value: YamlValue;
}

/** Every `headrace*` property: where it stands, or why it is refused. */
export const HEADRACE_PROPERTIES: Readonly<Record<string, HeadraceProperty>> = {
  headraceRecord: { place: 'dataset' },
  headraceSchemaPolicy: { place: 'dataset' },
  headraceHistory: { place: 'dataset' },
  headraceDedupe: { place: 'dataset' },
  headraceSort: { place: 'dataset' },
  headraceThreshold: { place: 'dataset' },
  headraceFilter: { place: 'dataset' },
  headraceLineageColumns: { place: 'dataset' },
  headraceSource: { place: 'column' },
  headraceDefault: { place: 'column' },
  headraceBoolean: { place: 'column' },
  headraceMask: { place: 'column' },
  headraceMasks: { place: 'contract' },
  headraceAction: { place: 'quality rule' },
};

/**
 * Reads a `customProperties` list: `headrace*` properties of this place come back by name, those of other tools are
 * listed as ignored, and everything else under our prefix is refused.
 */
export function readCustomProperties(owner: MapReader, place: CustomPropertyPlace): ReadonlyMap<string, CustomProperty> {
  const found = new Map<string, CustomProperty>();
  for (const item of owner.maps('customProperties') ?? []) {
    const name = item.requiredText('property', 'write property: <name> and value: <value>');
    const value = item.raw('value');
    item.ignore('id', 'description');
    if (name === undefined) {
      item.finish();
      continue;
    }
    const known = HEADRACE_PROPERTIES[name];
    if (!name.startsWith('headrace')) {
      item.noteIgnored(item.path);
      continue;
    }
    item.finish();
    const refusal = judge(name, place, known, found.has(name), value);
    if (refusal === undefined) found.set(name, { reader: item, value: value as YamlValue });
    else item.problem('property', { value: JSON.stringify(name), ...refusal });
  }
  return found;
}

function judge(
  name: string, place: CustomPropertyPlace, known: HeadraceProperty | undefined, again: boolean, value: YamlValue | undefined,
): { rule: string; message: string; fix: string } | undefined {
  if (known === undefined) {
    const names = Object.keys(HEADRACE_PROPERTIES).filter((key) => HEADRACE_PROPERTIES[key]?.place === place);
    return { rule: 'unknown-property', message: `${name} is not a property of Headrace`, fix: names.length === 0 ? 'leave it out' : `use one of ${names.join(', ')}` };
  }
  if (known.refused !== undefined) return { rule: 'unsupported-property', ...known.refused };
  if (known.place !== place) return { rule: 'property-place', message: `${name} belongs to a ${known.place}, not to a ${place}`, fix: `move it to the customProperties of the ${known.place}` };
  if (again) return { rule: 'duplicate-property', message: `${name} appears twice`, fix: 'keep one' };
  if (value === undefined) return { rule: 'required-key', message: `${name} has no value`, fix: 'write value: after it' };
  return undefined;
}
