import type { Column, ColumnType, OrderKey } from '../contract';
import { typeName } from '../engine-types';
import { isNested } from '../nested-type';
import type { CustomProperty } from './custom-properties';
import type { MapReader } from './map-reader';

/** More columns would cost time, and readers pass over row groups by the first ones. */
const MOST_SORT_COLUMNS = 4;

/** Types that both engines order alike, and for which both write the least and greatest value of a row group. */
const SORT_KINDS: ReadonlySet<ColumnType['kind']> = new Set(['string', 'integer', 'decimal', 'float', 'boolean', 'date', 'timestamp', 'time', 'uuid']);

/** What to order by: each item names one of the columns. */
export function readOrderKeys(owner: MapReader, key: string, columns: readonly Column[]): OrderKey[] {
  return (owner.maps(key) ?? []).flatMap((item) => readOrderKey(item, columns) ?? []);
}

function readOrderKey(item: MapReader, columns: readonly Column[]): OrderKey | undefined {
  const column = item.requiredText('column', 'write column: with the name of a column');
  const direction = item.choice('direction', ['asc', 'desc']) ?? 'asc';
  // "Newest first" must not be won by a row that does not say when it is from.
  const nulls = item.choice('nulls', ['first', 'last']) ?? 'last';
  item.finish();
  if (column === undefined) return undefined;
  const found = columns.find((candidate) => candidate.name === column);
  if (found !== undefined && isNested(found.type)) {
    item.problem('column', { rule: 'nested-place', value: JSON.stringify(column), message: `an ${found.type.kind} has no order that every engine shares`, fix: 'order by a column of a value inside, with headraceSource: { path: … }' });
    return undefined;
  }
  if (found !== undefined) return { column, direction, nulls };
  // A dataset without columns is told as such.
  if (columns.length > 0) item.problem('column', { rule: 'unknown-column', value: JSON.stringify(column), message: 'no column has this name', fix: `use one of ${columns.map((candidate) => candidate.name).join(', ')}` });
  return undefined;
}

/** Reads `headraceSort`; `stored` are the columns as files hold them, masked ones as what stands in their place. */
export function readSort(
  property: CustomProperty | undefined, columns: readonly Column[], stored: readonly Column[], partitionColumns: readonly string[],
): OrderKey[] | undefined {
  if (property === undefined) return undefined;
  const { reader } = property;
  const items = reader.maps('value');
  if (items === undefined) return undefined;
  if (items.length === 0 || items.length > MOST_SORT_COLUMNS) {
    reader.problem('value', {
      rule: 'sort-columns', value: `${items.length} columns`, message: `headraceSort names 1 to ${MOST_SORT_COLUMNS} columns`,
      fix: 'name the columns that queries have ranges of, the coarsest first, or leave headraceSort out',
    });
  }
  const keys: OrderKey[] = [];
  for (const item of items) {
    const key = readOrderKey(item, columns);
    if (key === undefined) continue;
    const refusal = refuse(key.column, keys, stored, partitionColumns);
    if (refusal === undefined) keys.push(key);
    else item.problem('column', { rule: 'sort-column', value: JSON.stringify(key.column), ...refusal });
  }
  return keys;
}

function refuse(
  name: string, before: readonly OrderKey[], stored: readonly Column[], partitionColumns: readonly string[],
): { message: string; fix: string } | undefined {
  if (before.some(({ column }) => column === name)) return { message: `headraceSort names ${name} twice`, fix: 'leave the second one out' };
  if (partitionColumns.includes(name)) return { message: `${name} is a column partition: all rows of a file have the same value`, fix: 'leave it out; files of a partition are sorted apart from others in any case' };
  const column = stored.find((candidate) => candidate.name === name);
  if (column === undefined || column.mask?.method === 'redact') {
    return { message: `${name} is masked by ${column === undefined ? 'drop' : 'redact'}, which leaves nothing to sort by`, fix: 'sort by another column, or mask it by hash: queries for one hash then read little' };
  }
  if (SORT_KINDS.has(column.type.kind)) return undefined;
  return { message: `${name} is a ${typeName(column.type)}, and files cannot be sorted by one`, fix: 'sort by a string, number, boolean, date, timestamp, time or uuid column' };
}
