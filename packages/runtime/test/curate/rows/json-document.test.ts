import { gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import type { DatasetSpec } from '../_fixtures/contract-text';
import { RowsBench } from '../_fixtures/rows-bench';

const COLUMNS = [{ name: 'a', type: 'string' }, { name: 'n', type: 'decimal(38,2)' }, { name: 'ok', type: 'boolean' }];
const JSON_SPEC: DatasetSpec = { columns: COLUMNS, record: 'format: json' };
const AT_ITEMS: DatasetSpec = { columns: COLUMNS, record: 'format: json, recordsAt: /data/items' };
const NDJSON_SPEC: DatasetSpec = { columns: COLUMNS, record: 'format: ndjson' };
/** No document of some records fits a record. */
const LONG = 'maxRecordBytes: 64';

describe('records of JSON documents', () => {
  let bench: RowsBench;

  beforeAll(async () => { bench = await RowsBench.start(); });
  afterAll(async () => { await bench.close(); });

  test.each([
    ['an array', JSON_SPEC, '[{"a":"x","n":1},\r\n  {"n":2.50,\n   "a":null} ]\n', [['x', '1.00', null], [null, '2.50', null]]],
    ['an object, which is the one record', JSON_SPEC, ' {"a":\n"x"} ', [['x', null, null]]],
    ['an envelope', AT_ITEMS, '{"next":{"items":[9]},"data":{"count":2,"items":[{"a":"x"},{"a":"y"}],"more":[]},"data2":1}', [['x', null, null], ['y', null, null]]],
    ['an object in an envelope', AT_ITEMS, '{"data":{"items":{"a":"x"}}}', [['x', null, null]]],
    ['a byte order mark', JSON_SPEC, '\ufeff[{"a":"\ufeffx"}]', [['\ufeffx', null, null]]],
    ['escapes and spaces in records', JSON_SPEC, '[{\r\n\t"\\u0061" :\r\n "\\"\\n\\u00e9\\ud83d\\ude00,]}" , "ok": true }]', [['"\n\u00e9😀,]}', null, 'true']]],
  ])('keeps %s', async (_title, spec, document, rows) => {
    const outcome = await bench.curate(spec, document);
    expect([outcome.rows, outcome.quarantine, outcome.result.counts]).toEqual([rows, [], { parsed: rows.length, kept: rows.length, rejected: 0 }]);
  });

  test.each([['no byte', '', 'empty'], ['an empty array', ' [ ] ', 'header-only'], ['an empty array in an envelope', '{"data":{"items":[]}}', 'header-only']])('%s is no record and no failure', async (_title, document, content) => {
    const { result } = await bench.curate(document.includes('data') ? AT_ITEMS : JSON_SPEC, document);
    expect(result).toMatchObject({ content, counts: { parsed: 0, kept: 0, rejected: 0 } });
  });

  test.each([
    ['missing', '{"data":{}}', 'there is nothing'], ['null', '{"data":{"items":null}}', 'there is null'], ['behind an array', '[{"data":1}]', 'there is an array at the top, and a pointer leads through objects only'],
  ])('fails when the list is %s, by the name of the setting and with the cure', async (_title, document, what) => {
    await expect(bench.curate(AT_ITEMS, document)).rejects.toMatchObject({
      code: 'RECORDS_AT', fault: 'user',
      message: expect.stringContaining(`at headraceRecord.recordsAt /data/items of trips ${what}; expected an array of records, which may be empty, or the one record. Correct recordsAt`) as string,
    });
  });

  const BAD: [title: string, record: Buffer | string, code: string][] = [
    ['no object', '"x"', 'JSON'], ['null', 'null', 'JSON'], ['a nested value', '{"a":\n[1,\r\n2]}', 'JSON'], ['a name twice', '{"a":1,\n"\\u0061":2}', 'JSON'], ['an unknown member', '{"b":1}', 'JSON'],
    ['half of a surrogate pair', '{"a":"\\ud83d"}', 'JSON'], ['no UTF-8', Buffer.from([0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xff, 0x22, 0x7d]), 'ENCODING'], ['too deep to be data', '['.repeat(900) + ']'.repeat(900), 'JSON'],
    ['too long', `{"a":"${'x'.repeat(3_000)}"}`, 'RECORD_SIZE'], ['no number', '{\n\n"n":"x"}', 'TYPE'], ['too many digits', '{"n":1.001}', 'SCALE'], ['no boolean', '{"ok":"yes"}', 'TYPE'],
  ];

  test.each([1 << 20, 2_100])('puts every bad record into quarantine, byte for byte, with its place and line, in blocks of %d bytes', async (blockBytes) => {
    const between = ' ,\n\n  ';
    const source = Buffer.concat([Buffer.from('{"data": {\n"items": [\n'), ...BAD.flatMap(([, record]) => [Buffer.from(`{"a":"é\\n"}${between}`), Buffer.from(record), Buffer.from(between)]), Buffer.from('{}\n]}}')]);
    const spec = { columns: COLUMNS, record: 'format: json, recordsAt: /data/items, maxRecordBytes: 2000' };
    const { rows, quarantine, result } = await bench.curate(spec, source, { blockBytes });
    expect(rows).toEqual([...BAD.map(() => ['é\n', null, null]), [null, null, null]]);
    expect(quarantine.map(({ code }, index) => [BAD[index]?.[0], code])).toEqual(BAD.map(([title, , code]) => [title, code]));
    for (const [index, { raw, offset, line }] of quarantine.entries()) {
      expect(raw).toEqual(Buffer.from(BAD[index]![1]).subarray(0, 2_000));
      expect(source.subarray(offset, offset + raw.length)).toEqual(raw);
      expect(line).toBe(source.subarray(0, offset).toString('latin1').split('\n').length);
    }
    expect(result.counts).toEqual({ parsed: 2 * BAD.length + 1, kept: BAD.length + 1, rejected: BAD.length });
  });

  const MALFORMED = ['[{"a":"x"},{"a":"y"}', '[{"a":"x"},{"a":NaN}]', '[{"a":"x"},]', '[{"a":"x"}] {"a":"y"}', '{"a":"x"}\n{"a":"y"}\n', ' ', '\ufeff', '[{"a":"x"},{"n":01}]'];

  test.each(MALFORMED)('keeps nothing of a short document that is malformed, and all of its bytes: %j', async (document) => {
    const { rows, quarantine, result } = await bench.curate(JSON_SPEC, document);
    const bytes = Buffer.from(document.replace('\ufeff', ''));
    expect([rows, quarantine, result.counts]).toEqual([[], [expect.objectContaining({ code: 'DOCUMENT', raw: bytes, line: 1, offset: document.startsWith('\ufeff') ? 3 : 0 })], { parsed: 1, kept: 0, rejected: 1 }]);
  });

  test('tells where the fault of a short document is', async () => {
    const { quarantine } = await bench.curate(JSON_SPEC, '[{"a":"x"},\n{"a":NaN}]');
    expect(quarantine).toMatchObject([{ reason: 'expected a value, at byte 17, line 2' }]);
  });

  test.each(['{"a":NaN}]', '{"a":1}', '{"a":1'])('fails the part when a long document is malformed, and writes no row: %j', async (last) => {
    const document = `[${'{"a":"x"},\n'.repeat(40)}${last}`;
    await expect(bench.curate({ ...JSON_SPEC, record: `format: json, ${LONG}` }, document, { blockBytes: 100, segmentBytes: 1 << 20 })).rejects.toMatchObject({
      code: 'JSON_DOCUMENT', kind: 'terminal', fault: 'user', message: expect.stringMatching(/is not one well-formed JSON document: .*, at byte \d+, line 41\. It is longer than maxRecordBytes \(64\)/) as string,
    });
  });

  test('reads a gzipped document', async () => {
    const { rows } = await bench.curate(JSON_SPEC, gzipSync('[{"a":"x"}]'), { key: 'lake/raw/trips/r1/a1/00000-trips.json.gz' });
    expect(rows).toEqual([['x', null, null]]);
  });

  test('takes the members of the contract only, where it wants a subset', async () => {
    expect((await bench.curate({ ...JSON_SPEC, record: 'format: json, header: subset' }, '[{"b":1,"a":"x"},{"a":"y","c":2,"c":3}]')).rows).toEqual([['x', null, null]]);
  });

  test('gives the same rows and rejects as the same records in lines', async () => {
    const space = fc.string({ unit: fc.constantFrom(' ', '\t', '\r'), maxLength: 2 });
    const text = fc.string({ unit: 'binary', maxLength: 8 }).filter((value) => value.isWellFormed()).map((value) => JSON.stringify(value));
    const odd = ['null', 'true', 'false', '1.10', '-0', '0.1', '12345678901234567890.12', '1e2', '1.001', '9'.repeat(39), '"\\ud83d"', '"\\u0041"', '{}', '[1]'];
    const nested = fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.stringify(value));
    const lexeme = fc.oneof(text, nested, fc.constantFrom(...odd), fc.integer().map(String));
    const member = fc.tuple(fc.constantFrom('"a"', '"n"', '"ok"', '"\\u0061"', '"z"'), lexeme, space).map(([name, value, around]) => `${around}${name}${around}:${around}${value}${around}`);
    const record = fc.oneof({ weight: 9, arbitrary: fc.array(member, { maxLength: 3 }).map((members) => `{${members.join(',')}}`) }, { weight: 1, arbitrary: lexeme });
    const gaps = fc.infiniteStream(fc.string({ unit: fc.constantFrom(' ', '\n', '\r'), maxLength: 3 }));
    const recordLists = fc.array(record, { minLength: 1, maxLength: 30 });
    const headers = fc.constantFrom('exact', 'subset');
    await fc.assert(fc.asyncProperty(recordLists, gaps, fc.constantFrom(70, 150, 1 << 20), headers, async (records, spaces, blockBytes, header) => {
      const gap = (): string => spaces.next().value!;
      // A short limit makes documents of several blocks.
      const more = `header: ${header}, maxRecordBytes: 400`;
      const document = `{"data":${gap()}{"items":${gap()}[${records.map((one) => gap() + one + gap()).join(',')}]}}`;
      const fromJson = await bench.curate({ ...AT_ITEMS, record: `${AT_ITEMS.record!}, ${more}` }, document, { blockBytes });
      const inLines = records.map((one) => `${one}\n`).join('');
      const fromLines = await bench.curate({ ...NDJSON_SPEC, record: `${NDJSON_SPEC.record!}, ${more}` }, inLines, { blockBytes });
      expect(fromJson.rows).toEqual(fromLines.rows);
      const essence = ({ quarantine }: typeof fromJson): unknown[] => quarantine
        .map(({ raw, code, column, reason }) => ({ raw: raw.toString(), code, column, reason }));
      expect(essence(fromJson)).toEqual(essence(fromLines));
      expect(fromJson.result.counts).toEqual(fromLines.result.counts);
      for (const { raw, offset, line } of fromJson.quarantine) {
        const bytes = Buffer.from(document);
        expect(bytes.subarray(offset, offset + raw.length)).toEqual(raw);
        expect(line).toBe(bytes.subarray(0, offset).toString('latin1').split('\n').length);
      }
    }), { numRuns: 25 });
  }, 60_000);

  test('writes the very bytes that lines give', async () => {
    const records = Array.from({ length: 3_000 }, (_, index) => `{"a":"é${index}\\n","n":${index}.50,"ok":${index % 2 === 0}}`);
    const files = await Promise.all([[JSON_SPEC, `[\n  ${records.join(',\n  ')}\n]\n`], [NDJSON_SPEC, `${records.join('\n')}\n`]].map(async ([spec, text], index) => {
      const { result } = await bench.curate(spec as DatasetSpec, text as string, { key: `lake/raw/trips/r1/a1/0000${index}-trips` });
      return result.files.map(({ sha256, kept }) => ({ sha256, kept }));
    }));
    expect(files[0]).toEqual(files[1]);
    expect(files[0]).toEqual([{ sha256: expect.any(String) as string, kept: 3_000 }]);
  });
});
