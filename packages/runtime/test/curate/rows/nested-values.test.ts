import { RowsBench } from '../_fixtures/rows-bench';
import type { ColumnSpec, DatasetSpec } from '../_fixtures/contract-text';

const ADDRESS = '{ logicalType: object, properties: [{ name: zip, logicalType: string, required: true, logicalTypeOptions: { pattern: "^[0-9]+$" } }, { name: town_name, logicalType: string, customProperties: [{ property: headraceSource, value: { field: town/name } }] }] }';
const COLUMNS: readonly ColumnSpec[] = [
  { name: 'id', type: 'integer' }, { name: 'address', type: ADDRESS },
  { name: 'tags', type: '{ logicalType: array, items: { logicalType: integer, required: true }, logicalTypeOptions: { minItems: 1, maxItems: 3 } }' },
  { name: 'lines', type: '{ logicalType: array, items: { logicalType: object, properties: [{ name: price, logicalType: number, physicalType: "decimal(38,9)" }, { name: parts, logicalType: array, items: { logicalType: array, items: { logicalType: string } } }] } }' },
];
const NDJSON: DatasetSpec = { columns: COLUMNS, record: 'format: ndjson' };

describe('objects and arrays', () => {
  let bench: RowsBench;

  beforeAll(async () => { bench = await RowsBench.start(); });
  afterAll(async () => { await bench.close(); });

  const KEPT: [title: string, line: string, row: Record<string, string>][] = [
    ['every digit of numbers', '{"lines":[{"price":12345678901234567890.123456789},{"price":1.10}]}', { lines: "[{'price': 12345678901234567890.123456789, 'parts': NULL}, {'price': 1.100000000, 'parts': NULL}]" }],
    ['members in any order', '{"address":{"town/name":"Köln","zip":"50667"}}', { address: "{'zip': 50667, 'town_name': Köln}" }],
    ['an object of NULLs apart from NULL', '{"lines":[{},null,{"parts":null,"price":null}]}', { lines: "[{'price': NULL, 'parts': NULL}, NULL, {'price': NULL, 'parts': NULL}]" }],
    ['null', '{"address":null,"tags":null,"lines":null}', {}],
    ['empty arrays apart from NULL', '{"lines":[{"parts":[]},{"parts":[null,[],[null]]}]}', { lines: "[{'price': NULL, 'parts': []}, {'price': NULL, 'parts': [NULL, [], [NULL]]}]" }],
    ['texts with everything in them', '{"lines":[{"parts":[["a\\"b\\\\\\u0001\\n\\ud83d\\ude00",""]]}]}', { lines: "[{'price': NULL, 'parts': [['a\"b\\\\\u0001\n😀', '']]}]" }],
  ];

  test.each(KEPT)('keeps %s', async (_title, line, row) => {
    for (const spec of [NDJSON, { ...NDJSON, record: 'format: json, header: subset' }]) {
      const { rows, quarantine } = await bench.curate(spec, spec === NDJSON ? `${line}\n` : `[\n${line},\n${line}]`);
      expect(quarantine).toEqual([]);
      expect(rows[0]).toEqual(COLUMNS.map(({ name }) => row[name] ?? null));
    }
  });

  test('work where a record may be as long as it may ever be: memory is taken for what there is', async () => {
    const columns = [...COLUMNS, { name: 'text', type: 'string', more: 'customProperties: [{ property: headraceSource, value: { field: id, as: json } }]' }].slice(1);
    expect((await bench.curate({ columns, record: 'format: ndjson, maxRecordBytes: 67108864' }, '{"tags":[1]}\n')).rows).toEqual([[null, '[1]', null, null]]);
  });

  const REJECTED: [title: string, line: string, code: string, reason: string][] = [
    ['a required member', '{"address":{"town/name":"x"}}', 'REQUIRED', '/address/zip is required and was NULL'],
    ['a pattern', '{"address":{"zip":"x"}}', 'PATTERN', '/address/zip must match ^[0-9]+$'],
    ['a text that is none', '{"address":{"zip":"1","town/name":"\\u0000"}}', 'TYPE', '/address/town~1name is no string'],
    ['a required element', '{"tags":[1,null]}', 'REQUIRED', '/tags/1 is required and was NULL'],
    ['the first of two', '{"tags":[1,1.5,9999999999]}', 'TYPE', '/tags/1 is no integer i32'],
    ['a range', '{"tags":[1,2,9999999999]}', 'RANGE', '/tags/2 must fit integer i32'],
    ['too few elements', '{"tags":[]}', 'LENGTH', 'tags must have 1 to 3 elements'],
    ['too many elements', '{"tags":[1,2,3,4]}', 'LENGTH', 'tags must have 1 to 3 elements'],
    ['a scale, deep inside', '{"lines":[{},{"price":0.0000000001}]}', 'SCALE', '/lines/1/price has more than 9 digits after the point'],
    ['an object for an element', '{"tags":[{}]}', 'JSON', 'member "/tags/0" is an object, expected a plain value'],
    ['a plain value for an object', '{"address":"x"}', 'JSON', 'member "/address" is a plain value, expected an object'],
    ['an array for an object', '{"lines":[[]]}', 'JSON', 'member "/lines/0" is an array, expected an object'],
    ['a plain value for an array', '{"lines":[{"parts":["x"]}]}', 'JSON', 'member "/lines/0/parts/0" is a plain value, expected an array'],
    ['a name twice', '{"lines":[{"price":1},{"price":1,"price":1}]}', 'JSON', 'member "/lines/1/price" stands twice'],
    ['the column twice', '{"tags":[1],"tags":[1]}', 'JSON', 'member "tags" stands twice'],
    ['an unknown member', '{"lines":[{"x":1}]}', 'JSON', 'member "/lines/0/x" is not in the contract; declare headraceRecord.header: subset to leave it out'],
    ['an open array', '{"tags":[1', 'JSON', 'a comma or ]'],
    ['an open object', '{"address":{"zip":"1"', 'JSON', 'a comma or the end of the object'],
  ];

  test.each(REJECTED)('rejects %s', async (_title, line, code, reason) => {
    const { rows, quarantine } = await bench.curate(NDJSON, `{"id":1}\n${line}\n{"id":2}\n`);
    expect(rows.map(([id]) => id)).toEqual(['1', '2']);
    expect(quarantine).toMatchObject([{ code, line: 2, raw: Buffer.from(line), reason: expect.stringContaining(reason) as string }]);
  });
});
