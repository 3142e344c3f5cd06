import fc from 'fast-check';
import type { ColumnSpec } from './contract-text';
import type { ShapeCase } from './shape-comparison';
import { csv, TYPE_VALUES, type TypeValues } from './type-values';

/** Rows of one table; small, so that keys meet often. */
const MAX_ROWS = 24;

interface Drawn {
  readonly types: readonly TypeValues[];
  readonly picks: readonly (readonly number[])[];
  readonly keys: number;
  readonly partitions: number;
  readonly dedupe: boolean;
  readonly keep: 'first' | 'last';
  readonly direction: 'asc' | 'desc';
  readonly nulls: 'first' | 'last';
  readonly split: number;
}

const drawn: fc.Arbitrary<Drawn> = fc.shuffledSubarray([...TYPE_VALUES], { minLength: 3, maxLength: 7 }).chain((types) => fc.record({
  types: fc.constant(types),
  picks: fc.array(fc.array(fc.nat(1_000), { minLength: types.length, maxLength: types.length }), { minLength: 1, maxLength: MAX_ROWS }),
  keys: fc.integer({ min: 0, max: 2 }), partitions: fc.integer({ min: 0, max: 2 }), dedupe: fc.boolean(), keep: fc.constantFrom('first' as const, 'last' as const),
  direction: fc.constantFrom('asc' as const, 'desc' as const), nulls: fc.constantFrom('first' as const, 'last' as const), split: fc.nat(100),
}));

/** Random typed tables from a seed, with and without key, dedupe, column partitions and an order. */
export function randomShapes(seed: number, count: number): ShapeCase[] {
  return fc.sample(drawn, { seed, numRuns: count }).map((each, index) => shapeCase(`random table ${index + 1} of seed ${seed}`, each));
}

function shapeCase(title: string, { types, picks, keys, partitions, dedupe, keep, direction, nulls, split }: Drawn): ShapeCase {
  const keyed = types.filter(({ role }) => role !== 'value').slice(0, keys).map((type) => type.column.name);
  const folders = types.filter(({ role, column }) => role === 'partition' && !keyed.includes(column.name)).slice(0, partitions).map((type) => type.column.name);
  const columns: ColumnSpec[] = types.map(({ column: { name, type, more } }) => ({
    name, type, more: [more, keyed.includes(name) ? 'primaryKey: true' : undefined, folders.includes(name) ? 'partitioned: true' : undefined].filter((line) => line !== undefined).join('\n        ') || undefined,
  }));
  // A dedupe orders by what is neither key nor binary; the last column makes sure that there is one, with ties.
  const order = [...types.filter((type) => !keyed.includes(type.column.name) && type.column.name !== 'bytes').slice(0, 2).map((type) => type.column.name), 'extra'];
  const names = [...types.map((type) => type.column.name), 'extra'];
  const rows = picks.map((pick, row) => [...types.map(({ values, column }, index) => {
    // A key is never NULL, and few of its values are drawn.
    if (keyed.includes(column.name)) return values[pick[index]! % values.length]![0];
    return values[(pick[index]! % (values.length + 1)) - 1]?.[0] ?? null;
  }), String(row % 5)]);
  // Half of them, by what is drawn already; small files, so that there are several ranges.
  const sort = split % 2 === 0 ? [] : types.map(({ column }) => column.name).filter((name) => name !== 'bytes' && !folders.includes(name)).slice(-1 - (split % 4)).map((name) => `{ column: ${name}, direction: ${keep === 'first' ? 'desc' : 'asc'}, nulls: ${nulls} }`);
  const cut = Math.floor((rows.length * split) / 100);
  return {
    title, parts: [csv(names, rows.slice(0, cut)), csv(names, rows.slice(cut))],
    ...(sort.length === 0 ? {} : { targetFileBytes: 200 }),
    spec: {
      columns: [...columns, { name: 'extra', type: 'i32' }], record: 'nullTokens: [""]',
      custom: {
        ...(sort.length === 0 ? {} : { headraceSort: `[${sort.join(', ')}]` }),
        ...(dedupe && keyed.length > 0 ? { headraceDedupe: `{ orderBy: [${order.map((name) => `{ column: ${name}, direction: ${direction}, nulls: ${nulls} }`).join(', ')}], keep: ${keep} }` } : {}),
      },
    },
  };
}
