import type { Column, ColumnSource, ColumnType } from '../contract';
import { readCustomProperties, type CustomProperty } from './custom-properties';
import { integerRange, typeName } from '../engine-types';
import { JSON_POINTER, segmentsOf } from '../json-pointer';
import { lexicalGrammar, matchesGrammar } from '../lexical-grammar';
import { type MapReader } from './map-reader';
import { maskOf, readMask, type MaskDefaults } from './parse-mask';
import { parseLimits } from './parse-bounds';
import { NESTED_FIX, NESTED_MESSAGE, parseColumnType } from './parse-column-type';

const NAME = /^[a-z][a-z0-9_]{0,62}$/;

/** DuckDB reads no Parquet file with such a column once it is asked for the numbers of rows. */
const ENGINE_WORD = 'file_row_number';

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
  const parsed = parseColumnType(property, options);
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
  refuseKeys(property);
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
    reader: property, ownMask: ownMask !== undefined, primaryKey, primaryKeyPosition, partitioned, partitionKeyPosition, transformLogic,
  };
}

/** Reads a `name` that becomes a key, a table or a column, so it must be safe everywhere. */
export function parseName(reader: MapReader, what: string): string | undefined {
  const name = reader.requiredText('name', `write name: of the ${what}`);
  if (name === undefined) return undefined;
  if (what === 'column' && name === ENGINE_WORD) {
    reader.problem('name', {
      rule: 'name', value: JSON.stringify(name), message: 'the engine counts the rows of a file by this name, and reads no file that has such a column',
      fix: `write another name and, with headraceSource, field: ${JSON.stringify(name)}`,
    });
    return undefined;
  }
  if (NAME.test(name)) return name;
  const cured = name.toLowerCase().replace(/[^a-z0-9_]+/g, '_').replace(/^[^a-z]+/, '').slice(0, 63);
  const legal = cured === '' ? 'name' : cured;
  reader.problem('name', {
    rule: 'name', value: JSON.stringify(name), message: `a ${what} name has 1 to 63 lower case letters, digits and _, and begins with a letter`,
    fix: what === 'column' ? `write name: ${legal} and, with headraceSource, field: ${JSON.stringify(name)}` : `write name: ${legal}`,
  });
  return undefined;
}

function refuseKeys(property: MapReader): void {
  property.refuse('physicalName', 'name is the column everywhere', 'leave it out; the name in the source is headraceSource: { field: … }');
  property.refuse('encryptedName', 'encrypted twins of columns are not supported', 'declare the encrypted column as a column of its own');
  property.refuse('transformSourceObjects', 'a column is computed from columns of its own record only', 'leave it out, and name the columns in transformLogic');
  property.refuse('items', NESTED_MESSAGE, NESTED_FIX);
  property.refuse('properties', NESTED_MESSAGE, NESTED_FIX);
  property.ignore('id', 'businessName', 'tags', 'authoritativeDefinitions', 'examples', 'criticalDataElement', 'relationships', 'transformDescription');
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

function readBooleans(property: CustomProperty | undefined, type: ColumnType | undefined): Pick<Column, 'trueTokens' | 'falseTokens'> {
  const tokens = property?.reader.object('value');
  if (tokens === undefined) return {};
  const trueTokens = tokens.texts('trueTokens') ?? [];
  const falseTokens = tokens.texts('falseTokens') ?? [];
  tokens.finish();
  const all = [...trueTokens, ...falseTokens];
  if (type !== undefined && type.kind !== 'boolean') {
    tokens.problem(undefined, { rule: 'boolean-tokens', value: typeName(type), message: 'headraceBoolean belongs to a boolean column', fix: 'leave it out, or write logicalType: boolean' });
  } else if (trueTokens.length === 0 || falseTokens.length === 0 || new Set(all).size !== all.length || all.includes('')) {
    tokens.problem(undefined, { rule: 'boolean-tokens', value: JSON.stringify({ trueTokens, falseTokens }), message: 'headraceBoolean needs different, non-empty texts for true and for false', fix: 'write trueTokens: ["Y"] and falseTokens: ["N"], say' });
  } else {
    return { trueTokens, falseTokens };
  }
  return {};
}

function readDefault(property: CustomProperty | undefined, column: Column): string | undefined {
  if (property === undefined) return undefined;
  const { value, reader } = property;
  // Numbers and booleans have their source text, so 1.10 stays 1.10.
  const text = value.kind === 'text' || value.kind === 'number' || value.kind === 'boolean' ? value.text : undefined;
  if (text !== undefined && matchesGrammar(lexicalGrammar(column), text) && fits(column.type, text)) return text;
  reader.problem('value', {
    rule: 'default', value: text === undefined ? 'a list or object' : JSON.stringify(text),
    message: `headraceDefault is no ${typeName(column.type)} in the form that the records use${column.format === undefined ? '' : ` (${column.format})`}`,
    fix: 'write it as a record would',
  });
  return undefined;
}

function fits(type: ColumnType, text: string): boolean {
  if (type.kind === 'string') return type.length === undefined || [...text].length <= type.length;
  if (type.kind === 'integer') {
    const { min, max } = integerRange(type.bits, type.unsigned ?? false);
    return BigInt(text) >= min && BigInt(text) <= max;
  }
  if (type.kind === 'decimal') {
    const [whole = '', fraction = ''] = text.replace('-', '').split('.');
    return whole.replace(/^0+/, '').length <= type.precision - type.scale && fraction.replace(/0+$/, '').length <= type.scale;
  }
  return true;
}

function defined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as T;
}
