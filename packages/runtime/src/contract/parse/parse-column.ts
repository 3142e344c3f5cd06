import type { Column, ColumnSource, ColumnType } from '../contract';
import { readCustomProperties, type CustomProperty } from './custom-properties';
import { typeName } from '../engine-types';
import { JSON_POINTER, segmentsOf } from '../json-pointer';
import { isNested } from '../nested-type';
import { type MapReader } from './map-reader';
import { maskOf, readMask, type MaskDefaults } from './parse-mask';
import { parseLimits } from './parse-bounds';
import { defined, readBooleans, readDefault } from './parse-column-text';
import { parseColumnType } from './parse-column-type';
import { parseName } from './parse-name';
import { parseNestedType, refuseColumnKeys } from './parse-nested-type';

/** Keys of a path; no data that people made is nested as deep. */
const DEEPEST_PATH = 50;

/** A column, and what its dataset needs to order keys and partitions. */
export interface ParsedColumn {
  readonly column: Column;
  readonly reader: MapReader;
  /** Whether the column says itself how it is masked, `none` included. */
  readonly ownMask: boolean;
  readonly primaryKey: boolean;
  readonly primaryKeyPosition?: number;
  readonly partitioned: boolean;
  readonly partitionKeyPosition?: number;
  /** The text that computes the column, to be read when all columns are known. */
  readonly transformLogic?: string;
}

/** Reads one property; a column comes back if its name and type are sound, other problems notwithstanding. */
export function parseColumn(property: MapReader, masks: MaskDefaults = new Map()): ParsedColumn | undefined {
  const name = parseName(property, 'column');
  const options = property.object('logicalTypeOptions');
  const parsed = parseColumnType(property, options, (kind) => parseNestedType(property, kind, masks));
  const limits = options === undefined || parsed === undefined ? {} : parseLimits(options, parsed.type, parsed.exactLength);
  const required = property.boolean('required');
  const unique = property.boolean('unique') ?? false;
  const primaryKey = property.boolean('primaryKey') ?? false;
  const partitioned = property.boolean('partitioned') ?? false;
  const primaryKeyPosition = position(property, 'primaryKeyPosition');
  const partitionKeyPosition = position(property, 'partitionKeyPosition');
  const description = property.text('description');
  const classification = property.text('classification');
  const transformLogic = property.text('transformLogic');
  refuseColumnKeys(property, parsed?.type);
  property.refuse('transformSourceObjects', 'a column is computed from columns of its own record only', 'leave it out, and name the columns in transformLogic');
  if (parsed !== undefined && isNested(parsed.type)) refuseOfNested(property, parsed.type, { unique, computed: transformLogic !== undefined });
  if (parsed !== undefined) options?.finish();

  const custom = readCustomProperties(property, 'column');
  const source = transformLogic === undefined ? readSource(custom.get('headraceSource'), name, parsed?.type) : {};
  if (transformLogic !== undefined) refuseSources(custom, options, parsed?.format);
  const ownMask = readMask(custom.get('headraceMask'));
  const mask = maskOf(ownMask, classification, masks);
  const booleans = readBooleans(custom.get('headraceBoolean'), parsed?.type);
  property.finish();
  if (name === undefined || parsed === undefined) return undefined;

  if (primaryKey && required === false) {
    property.problem('required', { rule: 'key-required', value: 'false', message: 'a primary key column cannot be NULL', fix: 'write required: true, or leave it out' });
  }
  const column: Column = defined({
    name, type: parsed.type, required: required ?? primaryKey, unique, source, ...limits,
    minLength: limits.minLength ?? parsed.exactLength, format: parsed.format, ...booleans, description, classification, mask,
  });
  const fallback = readDefault(custom.get('headraceDefault'), column);
  return {
    column: fallback === undefined ? column : { ...column, default: fallback },
    reader: property, ownMask: ownMask !== undefined, primaryKey, primaryKeyPosition, partitioned, partitionKeyPosition,
    transformLogic: isNested(column.type) ? undefined : transformLogic,
  };
}

/** What compares or computes values that have no one text. */
function refuseOfNested(property: MapReader, { kind }: ColumnType, { unique, computed }: {
  readonly unique: boolean; readonly computed: boolean,
}): void {
  const fix = 'leave it out, or declare a column of a value inside with headraceSource: { path: … }';
  if (unique) property.problem('unique', { rule: 'nested-place', value: 'true', message: `an ${kind} cannot be unique: engines compare ${kind}s in different ways`, fix });
  if (computed) property.problem('transformLogic', { rule: 'nested-place', value: kind, message: `an ${kind} cannot be computed`, fix: 'leave transformLogic out, and read the column from the record' });
}

/** What says how a text of the source is read has no meaning where there is none. */
function refuseSources(custom: ReadonlyMap<string, CustomProperty>, options: MapReader | undefined, format: string | undefined): void {
  const cures = { headraceSource: 'leave it out, and name the columns in transformLogic', headraceDefault: 'write COALESCE into transformLogic', headraceBoolean: 'write CASE or a comparison into transformLogic' };
  for (const [name, fix] of Object.entries(cures)) {
    custom.get(name)?.reader.problem('property', { rule: 'computed-source', value: name, message: `a computed column is read from no field, so ${name} has no meaning`, fix });
  }
  if (format !== undefined) options?.problem('format', { rule: 'computed-source', value: JSON.stringify(format), message: 'a computed column is read from no text, so format has no meaning', fix: 'leave it out' });
}

function position(property: MapReader, key: string): number | undefined {
  const value = property.integer(key, { min: -1, max: 1000 });
  // -1 is what the standard calls "not set".
  if (value === undefined || value === -1) return undefined;
  if (value > 0) return value;
  property.problem(key, { rule: 'position', value: '0', message: 'positions begin with 1', fix: 'write 1 for the first' });
  return undefined;
}

function readSource(property: CustomProperty | undefined, name: string | undefined, type: ColumnType | undefined): ColumnSource {
  const fallback = name === undefined ? {} : { field: name };
  const source = property?.reader.object('value');
  if (source === undefined) return fallback;
  const field = source.text('field');
  const position = source.integer('position', { min: 1, max: 10_000 });
  const path = source.text('path');
  const as = source.choice('as', ['json'], 'write json for the text of an object or array, or leave it out for a plain value');
  source.finish();
  const places = [field, position, path].filter((place) => place !== undefined);
  if (places.length !== 1 || field === '') {
    const found = places.length === 0 ? 'none or malformed' : places.length === 1 ? 'empty' : 'several';
    source.problem(undefined, {
      rule: 'source', value: found, message: 'headraceSource needs one of field, position and path',
      fix: 'write field: <name in the header, or of the member>, position: <1, 2, …> for records without header, or path: /<member>/<member> for a nested value',
    });
    return fallback;
  }
  if (path !== undefined && (!JSON_POINTER.test(path) || path === '' || segmentsOf(path).length > DEEPEST_PATH)) {
    source.problem('path', {
      rule: 'json-pointer', value: JSON.stringify(path), message: `path must be a JSON pointer into the record, of at most ${DEEPEST_PATH} keys`,
      fix: 'write one like /address/city or /tags/0 (~1 for a slash in a name, ~0 for a tilde)',
    });
    return fallback;
  }
  if (as !== undefined && (position !== undefined || (type !== undefined && type.kind !== 'string'))) {
    const value = position === undefined ? typeName(type!) : `position ${position}`;
    source.problem('as', { rule: 'source', value, message: 'JSON text is the value of a string column of JSON records', fix: 'write logicalType: string, or leave as out' });
  }
  return defined({ field, position, path, json: as === undefined ? undefined : true });
}
