import type { Column, ColumnType, FixedField, RecordFormat } from '../contract';
import { typeName } from '../engine-types';
import { pointerOf } from '../json-pointer';
import type { MapReader } from './map-reader';
import { isNested } from '../nested-type';
import { checkXmlFields } from './check-xml-fields';
import type { ParsedColumn } from './parse-column';

// NaN, and texts whose bytes differ while they mean the same, make such keys equal or different by engine.
export const NO_KEY: readonly ColumnType['kind'][] = ['float', 'binary', 'object', 'array'];
// Types whose value in a path every engine reads back alike.
const PARTITION_KINDS: readonly ColumnType['kind'][] = ['string', 'integer', 'boolean', 'date'];

/** Formats whose records hold objects and arrays. */
const NESTED_FORMATS: readonly RecordFormat['format'][] = ['ndjson', 'json', 'avro', 'parquet'];

/** Checks what spans columns: names, sources and positions; gives the columns with their final sources. */
export function checkColumns(object: MapReader, parsed: readonly ParsedColumn[], record: RecordFormat | undefined): Column[] {
  for (const [first, second] of repeated(parsed, ({ column }) => column.name)) {
    second.reader.problem('name', { rule: 'duplicate-name', value: JSON.stringify(second.column.name), message: `another column of this dataset has this name (line ${first.reader.at('name').line})`, fix: 'rename one of them' });
  }
  if (record === undefined) return parsed.map(({ column }) => column);
  const byPosition = (record.format === 'csv' || record.format === 'excel') && record.header === 'none';
  const sourced = parsed.filter(({ transformLogic }) => transformLogic === undefined);
  const columns = parsed.map((item) => {
    const place = sourced.indexOf(item);
    if (place < 0) return item;
    if (record.format !== 'json' && record.format !== 'ndjson') refuseMembers(item, record);
    if (isNested(item.column.type) && !NESTED_FORMATS.includes(record.format)) refuseNested(item, record);
    return { ...item, column: withSource(item, place, byPosition, sourced) };
  });
  if (parsed.length > 0 && sourced.length === 0) {
    object.problem('properties', { rule: 'only-computed', value: `${parsed.length} columns`, message: 'every column is computed, and nothing is read', fix: 'declare the columns that they are computed from' });
  }
  const readers = columns.filter(({ transformLogic }) => transformLogic === undefined);
  for (const [first, second] of repeated(readers, placeOf)) {
    second.reader.problem(undefined, { rule: 'duplicate-source', value: JSON.stringify(second.column.source), message: `${second.column.name} and ${first.column.name} read the same field`, fix: 'give one of them another headraceSource' });
  }
  refuseInside(readers);
  if (record.format === 'xml') checkXmlFields(readers);
  if (record.fields !== undefined && record.fields.length > 0) checkFixedFields(readers, record.fields);
  if (parsed.length > 0 && parsed.every(({ partitioned }) => partitioned)) {
    object.problem('properties', { rule: 'only-partitions', value: `${parsed.length} columns`, message: 'every column is partitioned', fix: 'keep at least one column that is not' });
  }
  return columns.map(({ column }) => column);
}

/** Columns of fixed-width records read fields by their names; what no column reads is left out. */
function checkFixedFields(columns: readonly ParsedColumn[], fields: readonly FixedField[]): void {
  for (const { column, reader } of columns) {
    if (fields.some(({ name }) => name === column.source.field)) continue;
    const names = fields.map(({ name }) => name).join(', ');
    reader.problem(undefined, { rule: 'source', value: `field ${JSON.stringify(column.source.field)}`, message: `${column.name} reads a field that headraceRecord.fields does not have`, fix: `use one of ${names}, or add the field` });
  }
}

/** The primary key in key order. */
export function keyColumns(object: MapReader, parsed: readonly ParsedColumn[]): string[] {
  const keys = parsed.filter(({ primaryKey }) => primaryKey);
  for (const { column, reader } of keys) {
    if (NO_KEY.includes(column.type.kind)) {
      reader.problem('primaryKey', { rule: 'key-type', value: typeName(column.type), message: `${aType(column.type)} cannot be a key`, fix: 'use a string, integer, decimal, date, timestamp or uuid column' });
    }
  }
  for (const { reader } of parsed.filter((item) => !item.primaryKey && item.primaryKeyPosition !== undefined)) {
    reader.problem('primaryKeyPosition', { rule: 'position', value: 'no primaryKey', message: 'primaryKeyPosition without primaryKey: true', fix: 'write primaryKey: true, or leave it out' });
  }
  return inOrder(object, keys, 'primaryKeyPosition', (item) => item.primaryKeyPosition);
}

/** The column partitions in path order. */
export function partitionColumns(object: MapReader, parsed: readonly ParsedColumn[]): string[] {
  const partitions = parsed.filter(({ partitioned }) => partitioned);
  for (const { column, reader } of partitions) {
    if (!PARTITION_KINDS.includes(column.type.kind)) {
      reader.problem('partitioned', {
        rule: 'partition-type', value: typeName(column.type), message: `${aType(column.type)} cannot be a column partition`,
        fix: `partition by a string, integer, boolean or date column, ${column.type.kind === 'timestamp' ? `for example a date with transformLogic: "DATE_TRUNC('day', ${column.name})"` : 'for example one that holds the month'}`,
      });
    }
  }
  for (const { reader } of parsed.filter((item) => !item.partitioned && item.partitionKeyPosition !== undefined)) {
    reader.problem('partitionKeyPosition', { rule: 'position', value: 'no partitioned', message: 'partitionKeyPosition without partitioned: true', fix: 'write partitioned: true, or leave it out' });
  }
  return inOrder(object, partitions, 'partitionKeyPosition', (item) => item.partitionKeyPosition);
}

/** Where a column is read from, so that equal places are equal texts. */
function placeOf({ column: { source } }: ParsedColumn): string {
  return source.position === undefined ? source.path ?? pointerOf(source.field ?? '') : String(source.position);
}

/** `a decimal(10,2)`, `an object`. */
export function aType(type: ColumnType): string {
  return isNested(type) ? `an ${type.kind}` : `a ${typeName(type)}`;
}

function refuseNested({ column: { type }, reader }: ParsedColumn, { format }: RecordFormat): void {
  reader.problem('logicalType', {
    rule: 'nested-format', value: type.kind, message: `an ${type.kind} is read from ${NESTED_FORMATS.join(', ')}, and the records are ${format}`,
    fix: 'declare a column for each value, or a string for a text that holds it',
  });
}

function refuseMembers({ column: { source }, reader }: ParsedColumn, { format }: RecordFormat): void {
  if (source.path === undefined && source.json === undefined) return;
  reader.problem(undefined, {
    rule: 'source', value: format, message: `${source.path === undefined ? 'as: json' : 'path'} leads into members of JSON, and the records are ${format}`,
    fix: 'write field: <name in the header>, or format: ndjson or json',
  });
}

/** What is a value for one column, plain or whole, cannot have others inside of it. */
function refuseInside(readers: readonly ParsedColumn[]): void {
  for (const inner of readers.filter(({ column }) => column.source.path !== undefined)) {
    const outer = readers.find((other) => other.column.source.json === undefined && other.column.source.position === undefined && placeOf(inner).startsWith(`${placeOf(other)}/`));
    if (outer === undefined) continue;
    inner.reader.problem(undefined, {
      rule: 'source', value: placeOf(inner), message: `${inner.column.name} is read from inside of ${placeOf(outer)}, which is ${isNested(outer.column.type) ? `an ${outer.column.type.kind}` : 'a plain value'} for ${outer.column.name}`,
      fix: isNested(outer.column.type) ? `leave ${inner.column.name} out: the value is inside of ${outer.column.name}` : `write as: json into the headraceSource of ${outer.column.name}, or leave one of them out`,
    });
  }
}

function withSource(item: ParsedColumn, index: number, byPosition: boolean, parsed: readonly ParsedColumn[]): Column {
  const { column, reader } = item;
  if (!byPosition) {
    if (column.source.position !== undefined) {
      reader.problem(undefined, { rule: 'source', value: `position ${column.source.position}`, message: `${column.name} reads by position, and the records have names`, fix: 'write headraceSource: { field: … }, or header: none' });
    }
    return column;
  }
  if (column.source.position !== undefined) return column;
  if (column.source.field !== column.name) {
    reader.problem(undefined, { rule: 'source', value: `field ${JSON.stringify(column.source.field)}`, message: `${column.name} reads by name, and the records have no header`, fix: 'write headraceSource: { position: … }' });
  } else if (parsed.some((other) => other.column.source.position !== undefined)) {
    reader.problem(undefined, { rule: 'source', value: 'no position', message: `${column.name} has no position, and other columns have`, fix: 'give every column a position, or none of them' });
  }
  return { ...column, source: { position: index + 1 } };
}

function inOrder(object: MapReader, items: readonly ParsedColumn[], key: string, position: (item: ParsedColumn) => number | undefined): string[] {
  const given = items.filter((item) => position(item) !== undefined);
  const sorted = [...given].sort((a, b) => (position(a) ?? 0) - (position(b) ?? 0));
  if (given.length === 0) return items.map(({ column }) => column.name);
  if (given.length < items.length || sorted.some((item, index) => position(item) !== index + 1)) {
    const found = items.map((item) => `${item.column.name}: ${position(item) ?? 'none'}`).join(', ');
    object.problem('properties', { rule: 'position', value: found, message: `${key} must number the columns 1, 2, …`, fix: 'number all of them, or leave it out for the order of the file' });
  }
  return sorted.map(({ column }) => column.name);
}

function repeated<T>(items: readonly T[], name: (item: T) => string): [first: T, second: T][] {
  const seen = new Map<string, T>();
  return items.flatMap((item): [T, T][] => {
    const first = seen.get(name(item));
    if (first !== undefined) return [[first, item]];
    seen.set(name(item), item);
    return [];
  });
}
