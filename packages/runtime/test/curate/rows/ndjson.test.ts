import { RowsBench } from '../_fixtures/rows-bench';
import type { DatasetSpec } from '../_fixtures/contract-text';

const SPEC: DatasetSpec = { columns: [{ name: 'a', type: 'string' }, { name: 'n', type: 'decimal(38,2)' }, { name: 'ok', type: 'boolean' }], record: 'format: ndjson' };
const GOOD = '{"a":"first","n":1,"ok":true}';
const LAST = '{"a":"last","n":2,"ok":false}';
const KEPT_AROUND = [['first', '1.00', 'true'], ['last', '2.00', 'false']];

describe('framing of NDJSON records', () => {
  let bench: RowsBench;

  beforeAll(async () => { bench = await RowsBench.start(); });
  afterAll(async () => { await bench.close(); });

  const lines = (...middle: string[]): string => [GOOD, ...middle, LAST, ''].join('\n');

  test('keeps the digits of numbers as they are written', async () => {
    const spec: DatasetSpec = { columns: [{ name: 'a', type: 'string' }, { name: 'big', type: 'decimal(38,9)' }, { name: 'i', type: 'u64' }, { name: 'f', type: 'number' }], record: 'format: ndjson' };
    const { rows } = await bench.curate(spec, '{"a":1.10,"big":12345678901234567890.123456789,"i":18446744073709551615,"f":1.5e-7}\n{"a":"1.10","big":"0.1","i":9007199254740993,"f":-0.0}\n');
    expect(rows).toEqual([['1.10', '12345678901234567890.123456789', '18446744073709551615', '1.5e-07'], ['1.10', '0.100000000', '9007199254740993', '-0.0']]);
  });

  const KEPT: [title: string, line: string, row: (string | null)[]][] = [
    ['members in any order', '{"ok":null,"n":3,"a":"x"}', ['x', '3.00', null]],
    ['absent members as NULL', '{}', [null, null, null]],
    ['NULL apart from empty', '{"a":"","n":null}', ['', null, null]],
    ['the text null apart from NULL', '{"a":"null"}', ['null', null, null]],
    ['escapes', '{"a":"\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00"}', ['"\\/\b\f\n\r\t\u00e9😀', null, null]],
    ['escaped names', '{"\\u0061":"x"}', ['x', null, null]],
    ['what CSV would read otherwise', '{"a":"x,\\"y\\"\\n,\\"\\"z"}', ['x,"y"\n,""z', null, null]],
    ['spaces between tokens', ' {\t"a" : "x" , "n" : 1 } ', ['x', '1.00', null]],
    ['a byte order mark in a text', '{"a":"\ufeffx"}', ['\ufeffx', null, null]],
  ];

  test.each(KEPT)('keeps %s', async (_title, line, row) => {
    const { rows, quarantine } = await bench.curate(SPEC, lines(line));
    expect(quarantine).toEqual([]);
    expect(rows).toEqual([KEPT_AROUND[0], row, KEPT_AROUND[1]]);
  });

  const REJECTED: [title: string, line: string | Buffer, code: string][] = [
    ['a name twice', '{"a":"x","a":"y"}', 'JSON'],
    ['a name twice, once escaped', '{"a":"x","\\u0061":null}', 'JSON'],
    ['a name twice, first NULL', '{"a":null,"a":"y"}', 'JSON'],
    ['an unknown member', '{"a":"x","b":1}', 'JSON'],
    ['a nested object', '{"a":{"b":1}}', 'JSON'],
    ['an array', '{"a":[1]}', 'JSON'],
    ['half of a surrogate pair', '{"a":"\\ud83d"}', 'JSON'],
    ['a lone low surrogate', '{"a":"\\ude00x"}', 'JSON'],
    ['two high surrogates', '{"a":"\\ud83d\\ud83d"}', 'JSON'],
    ['an unknown escape', '{"a":"\\x41"}', 'JSON'],
    ['a control character', '{"a":"x\ty"}', 'JSON'],
    ['single quotes', "{'a':'x'}", 'JSON'],
    ['a trailing comma', '{"a":"x",}', 'JSON'],
    ['text after the object', '{"a":"x"} x', 'JSON'],
    ['two objects', '{"a":"x"}{"a":"y"}', 'JSON'],
    ['an array as record', '["x"]', 'JSON'],
    ['an open string', '{"a":"x', 'JSON'],
    ['an empty line', '', 'JSON'],
    ['NaN', '{"n":NaN}', 'JSON'],
    ['a leading zero', '{"n":01}', 'JSON'],
    ['a leading plus', '{"n":+1}', 'JSON'],
    ['a bare point', '{"n":1.}', 'JSON'],
    ['a bare exponent', '{"n":1e}', 'JSON'],
    ['a wrong word', '{"ok":True}', 'JSON'],
    ['bytes that are not UTF-8', Buffer.from([0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xff, 0x22, 0x7d]), 'ENCODING'],
    ['a NUL character', '{"a":"x\\u0000y"}', 'TYPE'],
    ['a text that is no number', '{"n":"x"}', 'TYPE'],
    ['a number with too many digits after the point', '{"n":1.001}', 'SCALE'],
    ['a word that is no boolean', '{"ok":"yes"}', 'TYPE'],
  ];

  test('puts every broken line into quarantine, byte for byte, and only those', async () => {
    const source = Buffer.concat([Buffer.from(`${GOOD}\n`), ...REJECTED.flatMap(([, line]) => [Buffer.from(line), Buffer.from('\n'), Buffer.from(`${LAST}\n`)])]);
    const { rows, quarantine, result } = await bench.curate(SPEC, source, { blockBytes: 4096 });
    expect(rows).toEqual([KEPT_AROUND[0], ...REJECTED.map(() => KEPT_AROUND[1])]);
    expect(
      quarantine.map(({ raw, code, line }, index) => [REJECTED[index]?.[0], raw, code, line]),
    ).toEqual(REJECTED.map(([title, line, code], index) => [title, Buffer.from(line), code, 2 + 2 * index]));
    for (const { offset, raw } of quarantine) expect(source.subarray(offset, offset + raw.length)).toEqual(raw);
    expect(result.counts).toEqual({ parsed: 1 + 2 * REJECTED.length, kept: 1 + REJECTED.length, rejected: REJECTED.length });
  });

  test('leaves unknown members out where the contract wants a subset, yet no name twice', async () => {
    const { rows, quarantine } = await bench.curate({ ...SPEC, record: 'format: ndjson, header: subset' }, lines('{"b":1,"a":"x","c":null}', '{"b":1,"b":2,"a":"y"}'));
    expect(rows).toEqual([KEPT_AROUND[0], ['x', null, null], KEPT_AROUND[1]]);
    expect(quarantine).toMatchObject([{ code: 'JSON', line: 3 }]);
  });

  test('leaves unknown members of any form out where the contract wants a subset, as long as they are JSON', async () => {
    const nested = ['{}', '[]', '{"x":[{"a":"no"},[],{}],"a":{"b":null}}', '[1.50,"]}",true,[[{"c":-0e1}]]]', `${'['.repeat(1_000)}${']'.repeat(1_000)}`, ' [ 1 , { "x" : 2 } ] '];
    const broken = ['[1,]', '{"x":1,}', '[1}', '{"x"}', '{"x":}', '[01]', '["\\u12"]', '{x:1}', '[', '{"x":[1', '[1 2]', `${'['.repeat(1_001)}${']'.repeat(1_001)}`];
    const line = (value: string): string => `{"b":${value},"a":"x"}`;
    const { rows, quarantine } = await bench.curate({ ...SPEC, record: 'format: ndjson, header: subset' }, lines(...nested.map(line), ...broken.map(line), '{"a":{"x":1}}', '{"a":[1]}'));
    expect(rows).toEqual([KEPT_AROUND[0], ...nested.map(() => ['x', null, null]), KEPT_AROUND[1]]);
    expect(quarantine.map(({ raw, code }) => [raw.toString(), code])).toEqual([...broken.map(line), '{"a":{"x":1}}', '{"a":[1]}'].map((text) => [text, 'JSON']));
  });

  test('keeps every record whatever the block and segment size', async () => {
    const text = Array.from({ length: 200 }, (_, index) => (index % 17 === 3 ? '{"a":' : `{"a":"${'é'.repeat(index % 40)}\\n${index}","n":${index}.5}`)).join('\r\n');
    for (const [blockBytes, segmentBytes] of [[200, 1_000], [1 << 20, 1 << 20]] as const) {
      const { rows, quarantine, result } = await bench.curate(SPEC, text, { blockBytes, segmentBytes });
      expect(rows.map(([, n]) => Math.floor(Number(n)))).toEqual(Array.from(
        { length: 200 }, (_, index) => index,
      ).filter((index) => index % 17 !== 3));
      expect(quarantine.map(({ line }) => line - 1)).toEqual(Array.from({ length: 200 }, (_, index) => index).filter((index) => index % 17 === 3));
      expect(result.counts.parsed).toBe(200);
    }
  });

  test('tells an empty file from one with records', async () => {
    expect((await bench.curate(SPEC, '')).result.content).toBe('empty');
  });
});
