import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ColumnSpec } from '../_fixtures/contract-text';
import { RowsBench } from '../_fixtures/rows-bench';

const WHO = '{ logicalType: object, properties: [{ name: name, logicalType: string, customProperties: [{ property: headraceSource, value: { field: Name } }] }, { name: since, logicalType: timestamp, logicalTypeOptions: { timezone: true } }] }';
const COLUMNS: readonly ColumnSpec[] = [
  { name: 'id', type: 'integer' }, { name: 'who', type: WHO }, { name: 'tags', type: '{ logicalType: array, items: { logicalType: string } }' },
  { name: 'lines', type: '{ logicalType: array, items: { logicalType: object, properties: [{ name: price, logicalType: number, physicalType: "decimal(38,9)" }, { name: qty, logicalType: integer }, { name: ratio, logicalType: number, logicalTypeOptions: { format: f64 } }] } }' },
  { name: 'deep', type: '{ logicalType: array, items: { logicalType: array, items: { logicalType: string, logicalTypeOptions: { format: binary } } } }' },
];

describe.each(['parquet', 'avro'])('objects and arrays of %s', (format) => {
  let bench: RowsBench;

  beforeAll(async () => { bench = await RowsBench.start(); });
  afterAll(async () => { await bench.close(); });

  const curate = (columns: readonly ColumnSpec[], header = 'subset') => bench.curate(
    { columns, record: `format: ${format}, header: ${header}` }, readFileSync(join(__dirname, '../_fixtures/typed', `nested.${format}`)), { key: `lake/raw/trips/r1/a1/00000-trips.${format}` },
  );

  test('give their values as others wrote them, and a text that is none costs its record', async () => {
    const { rows, quarantine } = await curate(COLUMNS);
    expect(rows).toEqual([
      ['1', "{'name': Åland 😀, 'since': '9999-12-31 23:59:59.999999+00'}", '[a, \'\', NULL, \'says "hello"\\\\\n\']',
        "[{'price': 12345678901234567890123456789.123456789, 'qty': -2147483648, 'ratio': -0.0}, NULL, {'price': NULL, 'qty': NULL, 'ratio': nan}]", '[[\\xFF\\x00], [], NULL]'],
      ['2', "{'name': NULL, 'since': NULL}", '[]', '[]', '[]'],
      ['3', null, null, null, null],
    ]);
    expect(quarantine).toMatchObject([{ code: 'TYPE', column: 'tags', reason: '/tags/1 is no string', offset: 3 }]);
    expect(JSON.parse(quarantine[0]!.raw.toString())).toMatchObject({ id: '4', who: { Name: 'x', since: null }, tags: ['ok', 'x\0y'] });
  });

  test.each<[string, string, RegExp]>([
    ['who', WHO.replace('Name', 'name'), /column "who": member "name" is missing/],
    ['who', '{ logicalType: array, items: { logicalType: string } }', /column "who": it is no /],
    ['tags', WHO, /column "tags": it is no /],
    ['tags', '{ logicalType: array, items: { logicalType: array, items: { logicalType: string } } }', /column "tags": elements: it is no /],
    ['lines', '{ logicalType: array, items: { logicalType: object, properties: [{ name: ratio, logicalType: number, logicalTypeOptions: { format: f32 } }] } }', /column "lines": elements: member ratio: \w+ does not become number f32 exactly/],
    ['who', '{ logicalType: string }', /column "who": /],
  ])('are refused where %s is declared as %s', async (name, type, message) => {
    await expect(curate([{ name, type }])).rejects.toMatchObject({ code: 'COLUMNS', fault: 'user', message: expect.stringMatching(message) as string });
  });

  test('have no member that the contract does not have where the header is exact', async () => {
    await expect(curate(COLUMNS, 'exact')).rejects.toMatchObject({ code: 'COLUMNS', message: expect.stringContaining('column "who": member "more" not in the contract, and headraceRecord.header is exact') as string });
  });
});

test('an Avro type that is named in another place is known', async () => {
  const bench = await RowsBench.start();
  try {
    const { rows } = await bench.curate({ columns: [{ name: 'again', type: WHO }], record: 'format: avro, header: subset' }, readFileSync(join(__dirname, '../_fixtures/typed/nested.avro')), { key: 'lake/raw/trips/r1/a1/00000-trips.avro' });
    expect(rows[0]).toEqual(["{'name': Åland 😀, 'since': '9999-12-31 23:59:59.999999+00'}"]);
  } finally {
    await bench.close();
  }
});
