import type { Column, Dataset, Dedupe, RecordFormat, Threshold } from '../contract';
import { checkColumns, keyColumns, partitionColumns } from './check-columns';
import { checkQuality, type ParsedRule } from './check-quality';
import { readCustomProperties, type CustomProperty } from './custom-properties';
import { parseComputed, parseFilter } from '../expression/parse-computed';
import type { MapReader } from './map-reader';
import { parseColumn, type ParsedColumn } from './parse-column';
import { maskColumns, type MaskDefaults } from './parse-mask';
import { parseName } from './parse-name';
import { readOrderKeys, readSort } from './parse-order';
import { parseQuality } from './parse-quality';
import { parseRecordFormat } from './parse-record-format';

type Custom = ReadonlyMap<string, CustomProperty>;

/** Reads one schema object. */
export function parseDataset(object: MapReader, masks: MaskDefaults = new Map()): Dataset | undefined {
  const name = parseName(object, 'dataset');
  object.choice('logicalType', ['object']);
  const table = parseTable(object) ?? name;
  object.ignore('id', 'physicalType', 'description', 'businessName', 'tags', 'authoritativeDefinitions', 'dataGranularityDescription', 'relationships');

  const columnQuality: ParsedRule[] = [];
  const properties = (object.maps('properties') ?? []).flatMap((property): ParsedColumn[] => {
    columnQuality.push(...parseQuality(property, property.text('name')));
    const column = parseColumn(property, masks);
    return column === undefined ? [] : [column];
  });
  if (!object.has('properties')) {
    object.problem(undefined, { rule: 'required-key', value: 'nothing', message: 'properties is required', fix: 'write properties: with one entry per column' });
  } else if (object.maps('properties')?.length === 0) {
    object.problem('properties', { rule: 'no-columns', value: '[]', message: 'a dataset needs at least one column', fix: 'write one entry per column' });
  }
  const parsed = parseComputed(properties);
  const rules = [...parseQuality(object), ...columnQuality];
  const custom = readCustomProperties(object, 'dataset');
  object.finish();

  const record = readRecord(object, custom);
  const primaryKey = keyColumns(object, parsed);
  const partitions = partitionColumns(object, parsed);
  const columns = checkColumns(object, parsed, record);
  const history = choiceOf(custom, 'headraceHistory', ['append', 'snapshot', 'changes']) ?? 'append';
  const schemaPolicy = choiceOf(custom, 'headraceSchemaPolicy', ['strict', 'evolve', 'permissive']) ?? 'strict';
  const quality = checkQuality(rules, columns);
  const dedupe = readDedupe(object, custom, columns, primaryKey);
  const stored = maskColumns(parsed, columns, { primaryKey, partitionColumns: partitions, dedupe, quality });
  const sort = readSort(custom.get('headraceSort'), columns, stored.columns, partitions);
  const threshold = readThreshold(custom);
  const filter = readFilter(custom, columns);
  const lineageColumns = custom.get('headraceLineageColumns')?.reader.boolean('value') ?? false;
  if (history === 'changes' && primaryKey.length === 0) {
    (custom.get('headraceHistory')?.reader ?? object).problem('value', {
      rule: 'history-key', value: 'no primaryKey', message: 'history changes keeps the newest row per key, so it needs a key', fix: 'mark the key columns with primaryKey: true, or use append or snapshot',
    });
  }
  if (name === undefined || table === undefined || record === undefined) return undefined;
  return {
    name, table, record, history, schemaPolicy, ...stored, primaryKey, partitionColumns: partitions,
    ...(dedupe === undefined ? {} : { dedupe }), ...(sort === undefined ? {} : { sort }), ...(threshold === undefined ? {} : { threshold }),
    ...(filter === undefined ? {} : { filter }), quality, ...(lineageColumns ? { lineageColumns } : {}),
  };
}

function parseTable(object: MapReader): string | undefined {
  const table = object.text('physicalName');
  if (table === undefined) return undefined;
  // 63 bytes is what PostgreSQL keeps of a name; it would cut the rest off silently.
  if (Buffer.byteLength(table) <= 63 && /^[^\x00-\x1f."`]+$/.test(table)) return table;
  object.problem('physicalName', {
    rule: 'table-name', value: JSON.stringify(table), message: 'physicalName is the name of the target table: 1 to 63 bytes, without point, quotes or control characters',
    fix: 'write the table alone; its schema is a prop of the load stage',
  });
  return undefined;
}

function readRecord(object: MapReader, custom: Custom): RecordFormat | undefined {
  const record = custom.get('headraceRecord');
  if (record === undefined) {
    object.problem(undefined, {
      rule: 'required-property', value: 'nothing', message: 'the record format is not declared',
      fix: 'add to customProperties: { property: headraceRecord, value: { format: csv } }',
    });
    return undefined;
  }
  const reader = record.reader.object('value');
  return reader === undefined ? undefined : parseRecordFormat(reader);
}

function choiceOf<const C extends string>(custom: Custom, name: string, choices: readonly C[]): C | undefined {
  return custom.get(name)?.reader.choice('value', choices);
}

function readFilter(custom: Custom, columns: readonly Column[]): Dataset['filter'] {
  const property = custom.get('headraceFilter');
  const text = property?.reader.text('value');
  return property === undefined || text === undefined ? undefined : parseFilter(property.reader, text, columns);
}

function readThreshold(custom: Custom): Threshold | undefined {
  const value = custom.get('headraceThreshold')?.reader.object('value');
  if (value === undefined) return undefined;
  const rows = value.integer('rows', { min: 0, max: Number.MAX_SAFE_INTEGER });
  const percentText = value.number('percent');
  const percent = percentText === undefined ? undefined : Number(percentText);
  value.finish();
  if (percent !== undefined && !(percent >= 0 && percent <= 100)) {
    value.problem('percent', { rule: 'threshold', value: String(percentText), message: 'percent must be from 0 to 100', fix: 'write the share of rejected records that stops the run' });
  }
  if (!value.has('rows') && !value.has('percent')) {
    value.problem(undefined, { rule: 'threshold', value: 'neither', message: 'headraceThreshold needs rows or percent', fix: 'write percent: 5, say' });
  }
  return { ...(rows === undefined ? {} : { rows }), ...(percent === undefined ? {} : { percent }) };
}

function readDedupe(object: MapReader, custom: Custom, columns: readonly Column[], primaryKey: readonly string[]): Dedupe | undefined {
  const value = custom.get('headraceDedupe')?.reader.object('value');
  if (value === undefined) return undefined;
  const orderBy = readOrderKeys(value, 'orderBy', columns);
  const keep = value.choice('keep', ['first', 'last']) ?? 'first';
  value.finish();
  if (primaryKey.length === 0) {
    object.problem(undefined, { rule: 'dedupe-key', value: 'no primaryKey', message: 'headraceDedupe keeps one record per key, so it needs a key', fix: 'mark the key columns with primaryKey: true' });
  }
  return { orderBy, keep };
}
