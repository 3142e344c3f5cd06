import type { Column, ColumnSource, ColumnType, NestedType } from '../contract';
import { readCustomProperties, type CustomProperty } from './custom-properties';
import type { MapReader } from './map-reader';
import { DEEPEST_TYPE, ELEMENT, isNested, memberName } from '../nested-type';
import { defined, readBooleans, readDefault } from './parse-column-text';
import { parseColumnType } from './parse-column-type';
import { parseLimits } from './parse-bounds';
import type { MaskDefaults } from './parse-mask';
import { parseName } from './parse-name';

/** Says of the whole column what has no meaning for a value inside of it. */
const OF_COLUMNS = ['unique', 'primaryKey', 'partitioned'] as const;
const A = { member: 'a member', element: 'an element' } as const;
const MASKED = 'declare the value as a column of its own with headraceSource: { path: … }, and leave it out here, or mask the whole column by redact or drop';

/** Reads the members of an object, or the element of an array; undefined with a problem. */
export function parseNestedType(property: MapReader, kind: NestedType['kind'], masks: MaskDefaults, depth = 1): NestedType | undefined {
  if (depth > DEEPEST_TYPE) {
    property.problem('logicalType', { rule: 'nested-depth', value: kind, message: `objects and arrays are declared at most ${DEEPEST_TYPE} deep in each other`, fix: 'declare the whole as a string of its JSON text, with headraceSource: { field: …, as: json }' });
    property.ignore('properties', 'items');
    return undefined;
  }
  return kind === 'object' ? objectType(property, masks, depth) : arrayType(property, masks, depth);
}

/** Refuses keys of the standard that columns and what is inside of them cannot have, and lists those that only describe. */
export function refuseColumnKeys(property: MapReader, type: ColumnType | undefined): void {
  property.refuse('physicalName', 'name is the column everywhere', 'leave it out; the name in the source is headraceSource: { field: … }');
  property.refuse('encryptedName', 'encrypted twins of columns are not supported', 'declare the encrypted column as a column of its own');
  if (type === undefined) {
    property.ignore('items', 'properties');
  } else if (!isNested(type)) {
    property.refuse('items', 'items are of an array', 'write logicalType: array, or leave it out');
    property.refuse('properties', 'properties are the members of an object', 'write logicalType: object, or leave it out');
  }
  property.ignore('id', 'businessName', 'tags', 'authoritativeDefinitions', 'examples', 'criticalDataElement', 'relationships', 'transformDescription');
}

function objectType(property: MapReader, masks: MaskDefaults, depth: number): NestedType | undefined {
  const readers = property.maps('properties') ?? [];
  property.refuse('items', 'items are of an array', 'write logicalType: array, or leave it out');
  if (readers.length === 0) {
    property.problem(undefined, { rule: 'required-key', value: 'nothing', message: 'an object needs its members', fix: 'write properties: with one entry per member, or declare a string with headraceSource: { field: …, as: json }' });
    return undefined;
  }
  const members = readers.flatMap((reader) => {
    const member = parseInner(reader, 'member', masks, depth);
    return member === undefined ? [] : [{ member, reader }];
  });
  members.forEach(({ member, reader }, index) => {
    const before = members.slice(0, index);
    if (before.some((other) => other.member.name === member.name)) {
      reader.problem('name', { rule: 'duplicate-name', value: JSON.stringify(member.name), message: 'another member of this object has this name', fix: 'rename one of them' });
    } else if (before.some((other) => memberName(other.member) === memberName(member))) {
      reader.problem(undefined, { rule: 'duplicate-source', value: JSON.stringify(memberName(member)), message: `${member.name} and another member read the same one of the source`, fix: 'give one of them another headraceSource' });
    }
  });
  // A type without those that are wrong would be another one.
  return members.length === readers.length ? { kind: 'object', members: members.map(({ member }) => member) } : undefined;
}

function arrayType(property: MapReader, masks: MaskDefaults, depth: number): NestedType | undefined {
  property.refuse('properties', 'properties are the members of an object', 'write logicalType: object, or put them into items: { logicalType: object, properties: … }');
  const items = property.object('items');
  if (items === undefined) {
    if (!property.has('items')) property.problem(undefined, { rule: 'required-key', value: 'nothing', message: 'an array needs the type of its elements', fix: 'write items: { logicalType: string }, say, or declare a string with headraceSource: { field: …, as: json }' });
    return undefined;
  }
  const item = parseInner(items, 'element', masks, depth);
  return item === undefined ? undefined : { kind: 'array', item };
}

function parseInner(property: MapReader, what: 'member' | 'element', masks: MaskDefaults, depth: number): Column | undefined {
  // An element has no name in the data; the standard lets it have one.
  if (what === 'element') property.ignore('name');
  const name = what === 'member' ? parseName(property, what) : ELEMENT;
  const options = property.object('logicalTypeOptions');
  const parsed = parseColumnType(property, options, (kind) => parseNestedType(property, kind, masks, depth + 1));
  const limits = options === undefined || parsed === undefined ? {} : parseLimits(options, parsed.type, parsed.exactLength);
  if (parsed !== undefined) options?.finish();
  const required = property.boolean('required') ?? false;
  for (const key of OF_COLUMNS) {
    if (property.boolean(key) === true) property.problem(key, { rule: 'nested-place', value: 'true', message: `${key} is of whole columns, and this is ${A[what]} of one`, fix: 'leave it out, or declare a column of the value with headraceSource: { path: … }' });
  }
  property.ignore('primaryKeyPosition', 'partitionKeyPosition');
  property.refuse('transformLogic', `${A[what]} cannot be computed`, 'declare a column that is computed');
  property.refuse('quality', `rules are of whole columns, and this is ${A[what]} of one`, 'write an sql rule of the column or the dataset');
  const description = property.text('description');
  const classification = property.text('classification');
  if (classification !== undefined && masks.has(classification)) {
    property.problem('classification', { rule: 'nested-mask', value: JSON.stringify(classification), message: `headraceMasks masks ${classification}, and ${A[what]} of a column cannot be masked alone`, fix: MASKED });
  }
  refuseColumnKeys(property, parsed?.type);
  const custom = readCustomProperties(property, 'column');
  custom.get('headraceMask')?.reader.problem('property', { rule: 'nested-mask', value: 'headraceMask', message: `${A[what]} of a column cannot be masked alone`, fix: MASKED });
  const source = readSource(custom.get('headraceSource'), what) ?? (what === 'member' && name !== undefined ? { field: name } : {});
  const booleans = readBooleans(custom.get('headraceBoolean'), parsed?.type);
  property.finish();
  if (name === undefined || parsed === undefined) return undefined;
  const column: Column = defined({
    name, type: parsed.type, required, unique: false, source, ...limits,
    minLength: limits.minLength ?? parsed.exactLength, format: parsed.format, ...booleans, description, classification,
  });
  const fallback = readDefault(custom.get('headraceDefault'), column);
  return fallback === undefined || isNested(column.type) ? column : { ...column, default: fallback };
}

function readSource(property: CustomProperty | undefined, what: 'member' | 'element'): ColumnSource | undefined {
  if (what === 'element') {
    property?.reader.problem('property', { rule: 'source', value: 'headraceSource', message: 'an element of an array is read from no name', fix: 'leave it out' });
    return undefined;
  }
  const source = property?.reader.object('value');
  if (source === undefined) return undefined;
  for (const key of ['path', 'position', 'as']) source.refuse(key, 'a member is read by its name in the object', 'write field: <name of the member in the source>');
  const field = source.text('field');
  source.finish();
  if (source.has('path') || source.has('position')) return undefined;
  if (field === undefined || field === '') {
    source.problem(undefined, { rule: 'source', value: field === undefined ? 'none' : 'empty', message: 'headraceSource of a member needs field', fix: 'write field: <name of the member in the source>' });
    return undefined;
  }
  return { field };
}
