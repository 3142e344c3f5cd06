import type { DatasetSpec } from './_fixtures/contract-text';
import { CurateBench } from './_fixtures/curate-bench';

const LINES = '{ logicalType: array, items: { logicalType: object, properties: [{ name: sku, logicalType: string, required: true }, { name: price, logicalType: number, physicalType: "decimal(38,9)" }, { name: ratio, logicalType: number, logicalTypeOptions: { format: f64 } }] }';
const masked = (method: string): string => `{ logicalType: object, properties: [{ name: name, logicalType: string, required: true }], customProperties: [{ property: headraceMask, value: { method: ${method} } }] }`;

/** Orders as an API sends them: keyed, in partitions, some masked, with rules over what is inside. */
const ORDERS: DatasetSpec = {
  columns: [
    { name: 'id', type: 'integer', more: 'primaryKey: true' }, { name: 'day', type: 'date', more: 'partitioned: true' },
    { name: 'lines', type: `${LINES}, quality: [{ id: empty, metric: nullValues, mustBeLessThan: 9 }] }` }, { name: 'buyer', type: masked('drop') }, { name: 'payer', type: masked('redact') },
    { name: 'paid', type: 'boolean', more: 'transformLogic: "payer IS NOT NULL"\n        customProperties: [{ property: headraceMask, value: { method: none } }]' }, { name: 'version', type: 'i32' },
  ],
  record: 'format: ndjson, header: subset',
  custom: { headraceFilter: '"lines IS NOT NULL"', headraceDedupe: '{ orderBy: [{ column: version, direction: desc }], keep: first }' },
  quality: ['{ id: sum, type: sql, query: "SELECT sum(l.price) FROM (SELECT unnest(lines) AS l FROM {object})", mustBeGreaterOrEqualTo: 37037036703703703670.370370370 }'],
};

const PRICE = '12345678901234567890.123456790';
const order = (id: number, version: number, rest: string): string => `{"id":${id},"version":${version},"day":"2024-01-0${1 + (id % 2)}",${rest}}\n`;

describe('a dataset with objects and arrays', () => {
  let bench: CurateBench;

  beforeAll(async () => { bench = await CurateBench.start(); });
  afterAll(async () => { await bench.close(); });

  test('is checked, masked, ruled, deduplicated, published and compacted as any other', async () => {
    await bench.reset(ORDERS);
    const lines = `"lines":[{"sku":"a","price":${PRICE},"ratio":-0.0,"more":1},{"ratio":0.0,"sku":"b"}]`;
    await bench.ingest('r1', [
      `${order(1, 1, `${lines},"payer":{"name":"x"},"buyer":{"name":"x"}`)}${order(1, 2, `${lines},"payer":null`)}${order(2, 1, '"lines":[]')}${order(3, 1, '"lines":null')}${order(4, 1, '"lines":[{"sku":"a"},{"price":1}]')}`,
      `${order(6, 1, `${lines},"payer":{"name":"x"}`)}${order(8, 1, '"lines":[null],"payer":{}')}${order(8, 1, '"lines":[null],"buyer":{}')}${order(10, 1, '"lines":[null]')}`,
    ]);
    expect((await bench.run('s1')).datasets.trips).toMatchObject({ outcome: 'committed', counts: { parsed: 9, kept: 6, rejected: 3, filtered: 1, deduplicated: 1, written: 4 } });
    const [manifest] = await bench.manifests();
    expect(manifest!.quarantine.byCode).toEqual({ REQUIRED: 3 });
    expect((await bench.quarantine()).map(([, , column, reason]) => `${column}: ${reason}`).sort()).toEqual([
      'buyer: /buyer/name is required and was NULL', 'lines: /lines/1/sku is required and was NULL', 'payer: /payer/name is required and was NULL',
    ]);
    const told = `[{'sku': a, 'price': ${PRICE}, 'ratio': -0.0}, {'sku': b, 'price': NULL, 'ratio': 0.0}]`;
    const rows = [['1', '2024-01-02', told, null, 'false', '2'], ['10', '2024-01-01', '[NULL]', null, 'false', '1'], ['2', '2024-01-01', '[]', null, 'false', '1'], ['6', '2024-01-01', told, null, 'true', '1']];
    expect(await bench.view('1')).toEqual(rows);
    await bench.ingest('r2', [order(12, 1, `${lines},"payer":null`) + order(12, 0, lines) + order(14, 0, lines) + order(16, 0, lines)]);
    await bench.run('s2');
    const before = await bench.view('1');
    await bench.run('m1', 1, { operation: 'compact' });
    expect(await bench.view('1')).toEqual(before);
    expect(before).toHaveLength(7);
  });
});
