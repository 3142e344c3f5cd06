import fc from 'fast-check';
import { columnNames, draftContract, engineTypes, guessColumns, parseContract, type Column, type ColumnType } from '../../src/contract';

function guess(values: readonly (string | null)[]): object {
  const [column] = guessColumns(values.map((value) => [value]), ['x']);
  const { type, format, trueTokens } = column!;
  return { type, ...(format === undefined ? {} : { format }), ...(trueTokens === undefined ? {} : { trueTokens }) };
}

describe('guessColumns', () => {
  const cases: [string, (string | null)[], ColumnType, object?][] = [
    ['words', ['a', 'b'], { kind: 'string' }],
    ['nothing', [null, ''], { kind: 'string' }],
    ['codes with leading zeros', ['007', '12'], { kind: 'string' }],
    ['small whole numbers', ['1', '-5', null], { kind: 'integer', bits: 32 }],
    ['whole numbers near the end of i32', ['2000000000'], { kind: 'integer', bits: 64 }],
    ['whole numbers beyond i64', ['9223372036854775808'], { kind: 'decimal', precision: 38, scale: 0 }],
    ['digit strings that no number type keeps', ['1'.repeat(39)], { kind: 'string' }],
    ['amounts', ['1.50', '-100', '.5'], { kind: 'decimal', precision: 7, scale: 2 }],
    ['floats', ['1e5', '1.5'], { kind: 'float', bits: 64 }],
    ['NaN among numbers', ['NaN', '1.5'], { kind: 'float', bits: 64 }],
    ['booleans', ['true', 'false'], { kind: 'boolean' }],
    ['yes and no', ['Y', 'N', 'Y'], { kind: 'boolean' }, { trueTokens: ['Y'] }],
    ['one word alone', ['Y', 'Y'], { kind: 'string' }],
    ['zero and one', ['0', '1'], { kind: 'integer', bits: 32 }],
    ['dates', ['2024-02-29'], { kind: 'date' }],
    ['a day that does not exist', ['2024-02-30'], { kind: 'string' }],
    ['German dates', ['29.02.2024'], { kind: 'date' }, { format: 'dd.MM.yyyy' }],
    ['American dates that a day above 12 proves', ['01/31/2024', '01/02/2024'], { kind: 'date' }, { format: 'MM/dd/yyyy' }],
    ['dates that could be either', ['01/02/2024'], { kind: 'string' }],
    ['clock times', ['2024-01-05 10:00:00'], { kind: 'timestamp', zoned: false }],
    ['instants', ['2024-01-05T10:00:00Z', '2024-01-05T10:00:00+02:00'], { kind: 'timestamp', zoned: true }],
    ['instants and clock times mixed', ['2024-01-05T10:00:00Z', '2024-01-05T10:00:00'], { kind: 'string' }],
    ['clock times to the minute', ['2024-01-05 10:00'], { kind: 'timestamp', zoned: false }, { format: 'yyyy-MM-dd HH:mm' }],
    ['times', ['10:00:00'], { kind: 'time' }],
    ['uuids', ['3F2504E0-4F89-11D3-9A0C-0305E82C3301'], { kind: 'uuid' }],
  ];
  test.each(cases)('takes %s for what they are', (_name, values, type, rest = {}) => {
    expect(guess(values)).toEqual({ type, ...rest });
  });

  test('tells required and distinct fields', () => {
    const found = guessColumns([['a', '1', null], ['b', '1', 'x']], ['id', 'n', 'o']);
    expect(found.map(({ required, distinct }) => [required, distinct])).toEqual([[true, true], [true, false], [false, false]]);
  });
});

describe('columnNames', () => {
  test('makes legal names that differ', () => {
    expect(columnNames(['Pick-up Time', 'tripId', 'trip_id', 'Größe', '2nd', '', 'A', '价格', 'x'.repeat(80)])).toEqual([
      'pick_up_time', 'trip_id', 'trip_id_2', 'gro_e', 'c_2nd', 'column_6', 'a', 'column_8', 'x'.repeat(58),
    ]);
  });
});

describe('draftContract', () => {
  test('marks every guess', () => {
    const columns = guessColumns([['1', 'x', '1.5', 'Y'], ['2', '', '2.25', 'N']], ['Trip ID', 'note', 'fare', 'paid']);
    expect(draftContract({ name: 'trips', format: 'csv', columns, records: 10_000 })).toBe(`# What the data is. Where it comes from, where it goes and how fast are props of the stages.
apiVersion: v3.1.0
kind: DataContract
id: trips
name: trips
version: "0.1.0"
status: draft

schema:
  - name: trips
    customProperties:
      - property: headraceRecord
        value: { format: csv, header: exact, delimiter: "," } # guessed from 10,000 records
      # append: runs add rows. snapshot: a run is the whole. changes: a run has new versions of rows, and needs a primaryKey.
      - property: headraceHistory
        value: append
      # More rejected records than this stop a run before anything is published.
      - property: headraceThreshold
        value: { percent: 5 }
    properties:
      - name: trip_id
        logicalType: integer # guessed from 10,000 records
        logicalTypeOptions: { format: i32 } # guessed from 10,000 records
        required: true # guessed from 10,000 records
        # primaryKey: true  # all values differ; guessed from 10,000 records
        customProperties:
          - { property: headraceSource, value: { field: "Trip ID" } }
      - name: note
        logicalType: string # guessed from 10,000 records
      - name: fare
        logicalType: number # guessed from 10,000 records
        physicalType: decimal(5,2) # guessed from 10,000 records
        required: true # guessed from 10,000 records
      - name: paid
        logicalType: boolean # guessed from 10,000 records
        required: true # guessed from 10,000 records
        customProperties:
          - { property: headraceBoolean, value: { trueTokens: ["Y"], falseTokens: ["N"] } }
`);
  });

  test('declares objects and arrays with what is in them, and JSON text where that has no one type', () => {
    const inner = (name: string, type: ColumnType, more: Partial<Column> = {}): Column => (
      { name, type, required: false, unique: false, source: { field: name }, ...more });
    const type: ColumnType = { kind: 'array', item: inner('element', { kind: 'object', members: [
      inner('zip', { kind: 'string' }), inner('paid_at', { kind: 'timestamp', zoned: true }, { source: { field: 'paidAt' } }), inner('flags', { kind: 'array', item: inner('element', { kind: 'boolean' }, { trueTokens: ['Y'], falseTokens: ['N'] }) }),
    ] }) };
    const base = { required: false, distinct: false };
    const draft = draftContract({ name: 'trips', format: 'ndjson', records: 2, columns: [{ field: 'lines', name: 'lines', type, ...base }, { field: 'any', name: 'any', type: { kind: 'string' }, json: true, ...base }] });
    const { contract, problems } = parseContract(draft, 'c.yaml');
    expect(problems).toEqual([]);
    const [lines, any] = contract!.datasets[0]!.columns;
    expect([engineTypes(lines!.type).glue, any!.type, any!.source]).toEqual(['array<struct<zip:string,paid_at:timestamp,flags:array<boolean>>>', { kind: 'string' }, { field: 'any', json: true }]);
    expect(lines).toMatchObject({ type: { item: { type: { members: [{ source: { field: 'zip' } }, { source: { field: 'paidAt' } }, { type: { item: { trueTokens: ['Y'] } } }] } } } });
  });

  test.each(['csv', 'ndjson', 'json'] as const)('is a valid contract with the guessed columns for any %s sample', (format) => {
    const value = fc.oneof(
      fc.constantFrom('', null, 'true', 'Y', 'N', '2024-01-05', '29.02.2024', '2024-01-05T10:00:00Z', '2024-01-05 10:00', '10:00:00', '1e5', '007', '"', '#', ': x', "it's"),
      fc.integer().map(String), fc.string(), fc.uuid(), fc.double().map(String),
    );
    const sample = fc.integer({ min: 1, max: 5 }).chain((width) => fc.tuple(
      fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: width, maxLength: width }),
      fc.array(fc.array(value, { minLength: width, maxLength: width }), { maxLength: 5 }),
    ));
    fc.assert(fc.property(sample, fc.boolean(), ([header, records], named) => {
      const columns = guessColumns(records, header);
      const { contract, problems } = parseContract(draftContract({ name: 'trips', format, columns, records: records.length, header: named, recordsAt: '/data~1x/: "items' }), 'c.yaml');
      expect(problems).toEqual([]);
      if (format === 'json') expect(contract?.datasets[0]?.record.recordsAt).toBe('/data~1x/: "items');
      const essence = ({ name, type, required }: Pick<Column, 'name' | 'type' | 'required'>): object => ({ name, type, required });
      expect(contract?.datasets[0]?.columns.map(essence)).toEqual(columns.map(essence));
      if (named || format !== 'csv') expect(contract?.datasets[0]?.columns.map(({ source }) => source.field)).toEqual(header);
    }), { numRuns: 100, seed: 8 });
  });

  test.each(['csv', 'ndjson', 'json'] as const)('says the encoding of %s', (format) => {
    const columns = guessColumns([['Zoë']], ['name']);
    const { contract, problems } = parseContract(draftContract({ name: 'trips', format, columns, records: 1, encoding: 'windows-1252' }), 'c.yaml');
    expect(problems).toEqual([]);
    expect(contract?.datasets[0]?.record.encoding).toBe('windows-1252');
  });
});
