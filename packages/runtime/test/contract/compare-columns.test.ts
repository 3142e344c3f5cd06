import { compareColumns, derivedColumns, widens, type ColumnType, type DerivedColumn, type SchemaPolicy } from '../../src/contract';
import { columnOf, datasetOf } from '../_fixtures/dataset';

const DATASET = datasetOf({
  columns: [columnOf('id', { kind: 'integer', bits: 64 }, { required: true }), columnOf('note', { kind: 'string' }), columnOf('fare', { kind: 'decimal', precision: 10, scale: 2 })],
});
const OWN = derivedColumns(DATASET);

function differences(manifest: readonly DerivedColumn[], policy: SchemaPolicy): string[] {
  return compareColumns(manifest, DATASET, policy).map(({ column, rule, severity }) => `${column} ${rule} ${severity}`);
}

function changed(name: string, change: Partial<DerivedColumn>): DerivedColumn[] {
  return OWN.map((column) => (column.name === name ? { ...column, ...change } : column));
}

test('derivedColumns gives plain JSON in contract order', () => {
  expect(JSON.parse(JSON.stringify(OWN))).toEqual([
    { name: 'id', type: { kind: 'integer', bits: 64 }, nullable: false }, { name: 'note', type: { kind: 'string' }, nullable: true },
    { name: 'fare', type: { kind: 'decimal', precision: 10, scale: 2 }, nullable: true },
  ]);
});

describe('compareColumns', () => {
  test('finds nothing between equal columns, whatever their order', () => {
    for (const policy of ['strict', 'evolve', 'permissive'] as const) expect(differences([...OWN].reverse(), policy)).toEqual([]);
  });

  test.each<[string, readonly DerivedColumn[], string, SchemaPolicy | 'never']>([
    ['a new nullable column', OWN.slice(0, 2), 'fare missing-column', 'evolve'],
    ['a new required column', OWN.slice(1), 'id missing-column', 'never'],
    ['a column that the contract does not know', [...OWN, { name: 'x', type: { kind: 'date' }, nullable: true }], 'x extra-column', 'permissive'],
    ['a wider type', changed('id', { type: { kind: 'integer', bits: 32 } }), 'id type', 'evolve'],
    ['a narrower type', changed('fare', { type: { kind: 'decimal', precision: 12, scale: 2 } }), 'fare type', 'never'],
    ['another type', changed('note', { type: { kind: 'date' } }), 'note type', 'never'],
    ['a column that became nullable', changed('note', { nullable: false }), 'note nullable', 'evolve'],
    ['a column that became required', changed('id', { nullable: true }), 'id nullable', 'never'],
  ])('allows %s only from its policy on', (_name, manifest, difference, from) => {
    const order: SchemaPolicy[] = ['strict', 'evolve', 'permissive'];
    for (const policy of order) {
      const allowed = from !== 'never' && order.indexOf(policy) >= order.indexOf(from);
      expect(differences(manifest, policy)).toEqual([`${difference} ${allowed ? 'allowed' : 'error'}`]);
    }
  });

  test('says what differs and how to go on', () => {
    expect(compareColumns(changed('id', { type: { kind: 'integer', bits: 32 } }), DATASET)).toEqual([{
      column: 'id', rule: 'type', severity: 'error', message: 'trips.id: the data has integer i32, the contract integer i64', fix: 'set headraceSchemaPolicy: evolve to widen the values, or curate the data again',
    }]);
  });
});

describe('widens', () => {
  const decimal = (precision: number, scale: number): ColumnType => ({ kind: 'decimal', precision, scale });
  const integer = (bits: 8 | 16 | 32 | 64, unsigned = false): ColumnType => ({ kind: 'integer', bits, unsigned });
  test.each<[ColumnType, ColumnType, boolean]>([
    [integer(32), integer(64), true], [integer(64), integer(32), false], [integer(32, true), integer(64), true],
    [integer(32, true), integer(32), false], [integer(8), integer(64, true), false],
    [integer(64, true), decimal(20, 0), true], [integer(64, true), decimal(19, 0), false], [integer(64), decimal(19, 0), true],
    [integer(32), decimal(12, 2), true], [integer(32), decimal(11, 2), false],
    [decimal(5, 2), decimal(6, 3), true], [decimal(5, 2), decimal(6, 4), false], [decimal(5, 2), decimal(5, 2), true],
    [decimal(5, 0), integer(64), false],
    [{ kind: 'float', bits: 32 }, { kind: 'float', bits: 64 }, true], [{ kind: 'float', bits: 64 }, { kind: 'float', bits: 32 }, false], [integer(32), { kind: 'float', bits: 64 }, false],
    [{ kind: 'string', length: 3 }, { kind: 'string' }, true], [{ kind: 'string' }, { kind: 'string', length: 3 }, false], [{ kind: 'string', length: 3 }, { kind: 'string', length: 4 }, true],
    [{ kind: 'timestamp', zoned: false }, { kind: 'timestamp', zoned: true }, false], [{ kind: 'date' }, { kind: 'timestamp', zoned: false }, false], [{ kind: 'uuid' }, { kind: 'string' }, false],
  ])('from %j to %j is %s', (from, to, expected) => {
    expect(widens(from, to)).toBe(expected);
  });
});
