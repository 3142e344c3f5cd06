import type { DatasetSpec } from './contract-text';
import type { ShapeCase } from './shape-comparison';
import { orderedTable } from './ordered-table';
import { csv, TYPE_VALUES, type TypeValues } from './type-values';

const RECORD = 'nullTokens: [""]';

const column = (name: string, type: string, more?: string) => ({ name, type, more });

function dataset(columns: DatasetSpec['columns'], custom: DatasetSpec['custom'] = {}): DatasetSpec {
  return { columns, record: RECORD, custom };
}

/** Rows of every type, in ever new combinations; each value and NULL stand at least once in each column. */
function everyType(): ShapeCase {
  const names = ['id', ...TYPE_VALUES.map((type) => type.column.name)];
  const longest = Math.max(...TYPE_VALUES.map(({ values }) => values.length + 1));
  const rows = Array.from({ length: longest * 4 }, (_, row) => [String(row), ...TYPE_VALUES.map(({ values }, index) => {
    const at = (row + index * 5 + Math.floor(row / longest) * (index + 1)) % (values.length + 1);
    return values[at - 1]?.[0] ?? null;
  })]);
  return {
    title: 'every type', spec: dataset([column('id', 'integer', 'primaryKey: true'), ...TYPE_VALUES.map((type) => type.column)]),
    parts: [`${csv(names, rows)}"not a number"${','.repeat(TYPE_VALUES.length)}\n`],
  };
}

const DEDUPED = [
  column('k1', 'integer', 'primaryKey: true'), column('k2', 'string', 'primaryKey: true'), column('rank', 'number'), column('at', 'date'),
  column('city', 'string', 'partitioned: true'), column('month', 'i32', 'partitioned: true'), column('line', 'i32'),
];

/** Three parts with keys that stand up to 8 times, ties, NULL, NaN, infinities and both zeros in what they are ordered by. */
function deduped(keep: 'first' | 'last', direction: 'asc' | 'desc', nulls: 'first' | 'last'): ShapeCase {
  const ranks = [null, 'NaN', 'Infinity', '-Infinity', '-0.0', '0', '0.5', '0.5', '-1'];
  const row = (line: number) => [
    String(line % 37), ['', 'a', 'A', 'ä', 'a '][line % 3]!, ranks[(line * 5) % ranks.length]!, line % 4 === 0 ? null : `2024-01-0${1 + (line % 2)}`,
    [null, 'Berlin', 'a/b=c%d'][line % 3]!, line % 11 === 0 ? null : String(line % 2), String(line),
  ];
  return {
    title: `a dedupe that keeps the ${keep} by rank ${direction}, NULL ${nulls}`,
    spec: dataset(DEDUPED, { headraceDedupe: `{ orderBy: [{ column: rank, direction: ${direction}, nulls: ${nulls} }, { column: at, direction: asc }], keep: ${keep} }` }),
    parts: [0, 1, 2].map((part) => csv(DEDUPED.map(({ name }) => name), Array.from({ length: 200 }, (_, index) => row(part * 200 + index)))),
  };
}

/** Partitions and the order of a dedupe that are computed, and records that a filter leaves out: Spark gets them as any other. */
function computed(): ShapeCase {
  const columns = [
    column('month', 'date', 'partitioned: true\n        transformLogic: "DATE_TRUNC(\'month\', at)"'), column('id', 'integer', 'primaryKey: true'), column('at', 'zoned'), column('fare', 'decimal(10,2)'),
    column('twice', 'decimal(12,3)', 'transformLogic: "fare * 2.0"'),
  ];
  const rows = Array.from({ length: 200 }, (_, row) => [String(row % 40), row % 7 === 0 ? null : `2024-0${1 + (row % 3)}-01T0${row % 10}:30:00+05:00`, `${row}.5`]);
  return {
    title: 'computed columns and a filter',
    spec: dataset(columns, { headraceFilter: '"id <> 7 AND (fare > 20 OR at IS NULL)"', headraceDedupe: '{ orderBy: [{ column: twice, direction: desc }], keep: first }' }),
    parts: [csv(['id', 'at', 'fare'], rows)],
  };
}

/** Every value of every type that may be a partition, and NULL. */
function partitions(): ShapeCase {
  const types = TYPE_VALUES.filter(({ role }) => role === 'partition');
  const longest = Math.max(...types.map(({ values }) => values.length + 1));
  const text = ({ values }: TypeValues, row: number): string | null => values[(row % (values.length + 1)) - 1]?.[0] ?? null;
  const rows = Array.from({ length: longest }, (_, row) => [...types.map((type) => text(type, row)), String(row)]);
  return {
    title: 'column partitions of every type', spec: dataset([...types.map(({ column: { name, type, more } }) => column(name, type, `${more === undefined ? '' : `${more}\n        `}partitioned: true`)), column('a', 'i32')]),
    parts: [csv([...types.map((type) => type.column.name), 'a'], rows)],
  };
}

const WORDS = Array.from({ length: 6_000 }, (_, index) => [String(index), index % 3 === 0 ? 'few' : 'many', `${(index * 2654435761) % 4294967296}`.repeat(4)]);

const SIZED = [column('id', 'integer', 'primaryKey: true'), column('part', 'string', 'partitioned: true'), column('word', 'string')];

export const SHAPED: readonly ShapeCase[] = [
  everyType(),
  deduped('first', 'desc', 'first'), deduped('last', 'asc', 'last'), { ...deduped('last', 'desc', 'last'), large: true },
  partitions(),
  computed(),
  {
    title: 'rows that tell where they came from',
    spec: dataset([column('id', 'integer', 'primaryKey: true'), column('day', 'date', 'partitioned: true')], { headraceLineageColumns: 'true', headraceDedupe: '{ keep: last }' }),
    parts: ['id,day\n1,2024-01-01\n2\n1,2024-01-01\nx,\n3,\n', 'id,day\n1,2024-01-01\n4,\n'],
  },
  { title: 'a filter that keeps nothing', spec: dataset([column('a', 'i32')], { headraceFilter: '"a < 0"' }), parts: ['a\n1\n2\n'] },
  { title: 'partitions of several files', spec: dataset(SIZED), parts: [csv(['id', 'part', 'word'], WORDS)], targetFileBytes: 10_000 },
  { title: 'several files of equal rows', spec: dataset([column('a', 'string')]), parts: [csv(['a'], Array.from({ length: 3_000 }, () => ['x'.repeat(20)]))], targetFileBytes: 80 },
  { title: 'a dataset without key and partitions', spec: dataset([column('a', 'string')]), parts: ['a\nx\nx\n\n""\n', 'a\nx\n'] },
  { title: 'a unique column with NULL', spec: dataset([column('id', 'integer', 'primaryKey: true'), column('a', 'string', 'unique: true')]), parts: ['id,a\n1,\n2,\n3,""\n4,x\n'] },
  {
    title: 'a unique column whose copies a dedupe leaves out',
    spec: dataset([column('id', 'integer', 'primaryKey: true'), column('a', 'string', 'unique: true')], { headraceDedupe: '{ orderBy: [{ column: a, direction: asc }], keep: last }' }),
    parts: ['id,a\n1,x\n1,y\n2,x\n'],
  },
  {
    title: 'columns with the words of queries',
    spec: dataset([
      column('rows', 'integer', 'primaryKey: true'), column('files', 'i32'), column('first_file', 'i32'), column('number', 'i32', 'partitioned: true'), column('text0', 'string', 'partitioned: true'),
      column('row_count', 'i32'), column('place', 'i32'), column('places', 'string'), column('file', 'i32'), column('losers', 'i32'), column('select', 'i32'), column('count', 'i32'),
    ], { headraceDedupe: '{ orderBy: [{ column: place, direction: asc }, { column: file, direction: desc }], keep: last }' }),
    parts: [csv(['rows', 'files', 'first_file', 'number', 'text0', 'row_count', 'place', 'places', 'file', 'losers', 'select', 'count'],
      Array.from({ length: 60 }, (_, index) => [index % 40, index % 7, index % 5, index % 3, index % 2, index, index % 4, 'p', 59 - index, 1, 2, 3].map(String)))],
  },
  {
    title: 'duplicates that are counted before rejection',
    spec: {
      ...dataset([column('id', 'i32'), column('a', 'string'), column('b', 'decimal(10,2)'), column('c', 'zoned')]),
      quality: [['a'], ['b', 'a'], ['c']].map((names) => `{ metric: duplicateValues, arguments: { properties: [${names.join(', ')}] }, mustBe: 0 }`),
    },
    parts: ['id,a,b,c\n1,x,1.5,\nno,x,1.50,2024-01-01T00:00:00Z\n2,x,,2024-01-01T01:00:00+01:00\n3,,1.5,\n4,"",2,\n5,"",2.0,\n', 'id,a,b,c\nno,ä,2,\nno,ä,no,\n'],
  },
  {
    title: 'duplicates of rejected records alone',
    spec: { ...dataset([column('id', 'i32'), column('a', 'string')]), quality: ['{ metric: duplicateValues, arguments: { properties: [a] }, mustBe: 0 }'] }, parts: ['id,a\nno,x\nno,x\n'],
  },
  { title: 'an empty run', spec: dataset([column('a', 'string')]), parts: ['a\n'] },
];

/** Rows of one column whose values each engine could order in its own way, in one file. */
function oneColumn(name: string, direction: 'asc' | 'desc', nulls: 'first' | 'last'): ShapeCase {
  const { column: { type }, values } = TYPE_VALUES.find((each) => each.column.name === name)!;
  const texts = [null, ...values.map(([text]) => text)];
  return {
    title: `${name} sorted ${direction} with NULL ${nulls}`, spec: dataset([column(name, type)], { headraceSort: `[{ column: ${name}, direction: ${direction}, nulls: ${nulls} }]` }),
    parts: [csv([name], [...texts, ...texts].map((_, row, both) => [both[(row * 7) % both.length]!]))],
  };
}

/** Datasets with an order; those of several files have small ones. */
export const SORTED: readonly ShapeCase[] = [
  oneColumn('note', 'desc', 'first'), oneColumn('f64', 'asc', 'last'), orderedTable('asc'),
  {
    title: 'sorted partitions of one file and of several, with values that stand often, after a dedupe',
    spec: dataset([column('id', 'integer', 'primaryKey: true'), column('part', 'string', 'partitioned: true'), column('word', 'string'), column('kind', 'i32')], {
      headraceSort: '[{ column: kind, nulls: first }, { column: word, direction: desc }]', headraceDedupe: '{ orderBy: [{ column: word }] }', headraceLineageColumns: 'true',
    }),
    parts: [csv(['id', 'part', 'word', 'kind'], [...WORDS, ...WORDS.slice(0, 100)].map(([id, part, word], row) => [id!, row % 50 === 7 ? null : row % 50 === 8 ? 'rare' : part!, word!, row % 10 === 0 ? null : String(row % 2)]))],
    targetFileBytes: 20_000,
  },
];

export const REFUSED: readonly (ShapeCase & { readonly code: string })[] = [
  { title: 'more rejects than the threshold', code: 'THRESHOLD', spec: dataset([column('a', 'i32')], { headraceThreshold: '{ percent: 0.1, rows: 3 }' }), parts: [`a\n${'1\n'.repeat(799)}x\n`] },
  { title: 'a key that stands twice', code: 'KEY', spec: dataset([column('a', 'string', 'primaryKey: true'), column('b', 'date', 'primaryKey: true')]), parts: ['a,b\nx,2024-01-01\ny,0001-01-01\ny,0001-01-01\nx,2024-01-01\nx,2024-01-01\n'] },
  { title: 'a unique column that stands twice', code: 'UNIQUE', spec: dataset([column('id', 'integer', 'primaryKey: true'), column('a', 'decimal(10,2)', 'unique: true')]), parts: ['id,a\n1,1.5\n2,1.50\n3,\n4,\n'] },
];
