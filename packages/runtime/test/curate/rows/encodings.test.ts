import * as fc from 'fast-check';
import { encode } from 'iconv-lite';
import { BYTE_ENCODINGS, ENCODINGS, type Encoding } from '../../../src/contract';
import { csvDialect } from '../../../src/curate/rows/csv/csv-dialect';
import { CsvScanner } from '../../../src/curate/rows/csv/csv-scanner';
import { scanRecords } from '../../../src/curate/rows/record-blocks';
import { sourceEncoding, sourceLength } from '../../../src/curate/rows/encoding/source-encoding';
import { SourceOffsets } from '../../../src/curate/rows/encoding/source-offsets';
import { TranscodedRecords } from '../../../src/curate/rows/encoding/transcoded-records';
import { HeldMemory } from '../../_fixtures/held-memory';
import { hasPython, python } from '../../_fixtures/python';
import { testContract, type DatasetSpec } from '../_fixtures/contract-text';
import { RowsBench } from '../_fixtures/rows-bench';

const OTHERS = ENCODINGS.filter((name): name is Exclude<Encoding, 'utf-8'> => name !== 'utf-8');

/** For each encoding the code point of each byte, or null, as Python has them: its tables are made of those that Unicode publishes. */
function tablesOfPython(): Record<string, (number | null)[]> {
  const script = [
    'import json, sys', 'def code(byte, name):', '  try: return ord(bytes([byte]).decode(name))', '  except UnicodeDecodeError: return None',
    'print(json.dumps({name: [code(byte, name) for byte in range(256)] for name in json.load(sys.stdin)}))',
  ].join('\n');
  return python(script, BYTE_ENCODINGS);
}

/** A text as the source writes it. */
function written(text: string, name: Exclude<Encoding, 'utf-8'>): Buffer {
  return name === 'utf-16' ? encode(`\ufeff${text}`, 'utf-16be', { addBOM: false }) : encode(text, name, { addBOM: false });
}

(hasPython ? test : test.skip)('every byte of every encoding means what the published tables say, and those without meaning stay what they are', () => {
  const tables = tablesOfPython();
  for (const name of BYTE_ENCODINGS) {
    const encoding = sourceEncoding(name)!;
    for (let byte = 0; byte < 256; byte++) {
      const utf8 = encoding.transcoder('s').take(Buffer.from([byte]));
      const code = tables[name]![byte]!;
      expect([name, byte, utf8.toString()]).toEqual([name, byte, code === null ? '\ufffd\ufffd\ufffd' : String.fromCodePoint(code)]);
      expect([encoding.toSource(utf8)[0], sourceLength(encoding, utf8, 0, utf8.length)]).toEqual([byte, 1]);
    }
  }
});

test('any bytes come back as they were, wherever chunks end, and every place is that of the source', async () => {
  const unit = fc.constantFrom(
    [0x61, 0], [0, 0x61], [0xe4, 0], [0xac, 0x20], [0x20, 0xac], [0x3d, 0xd8, 0, 0xde], [0xd8, 0x3d, 0xde, 0],
    [0x3d, 0xd8], [0xde, 0], [0], [0x81], [0xff], [0x0a, 0],
  );
  const units = fc.array(unit, { maxLength: 12 });
  const chunkSizes = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1 });
  await fc.assert(fc.asyncProperty(fc.constantFrom(...OTHERS), units, chunkSizes, async (name, some, sizes) => {
    const source = Buffer.from([...(name === 'utf-16' ? [0xff, 0xfe] : []), ...some.flat()]);
    const encoding = sourceEncoding(name)!;
    const offsets = new SourceOffsets(encoding);
    async function* chunks(): AsyncGenerator<Buffer> {
      let index = 0;
      for (let at = 0, size = sizes[0]!; at < source.length; at += size) {
        size = sizes[index++ % sizes.length]!;
        yield source.subarray(at, at + size);
      }
    }
    const whole: Buffer[] = [];
    for await (const utf8 of offsets.read(chunks(), encoding.transcoder('s'))) whole.push(Buffer.from(utf8));
    const utf8 = Buffer.concat(whole);
    expect(encoding.toSource(utf8)).toEqual(source);
    // Without what is cut, a text gives the beginning of its bytes.
    for (let at = 0; at <= utf8.length; at++) {
      if (at < utf8.length && (utf8[at]! & 0xc0) === 0x80) continue;
      expect(offsets.of(at)).toBe(encoding.toSource(utf8.subarray(0, at)).length);
    }
  }), { numRuns: 300 });
});

test.each([['good records', 'é,1\n'.repeat(50_000)], ['one record', 'é'.repeat(200_000)]])('memory does not grow with %s of another encoding', async (_title, text) => {
  const encoding = sourceEncoding('windows-1252')!;
  const offsets = new SourceOffsets(encoding);
  const counts = { good: 0, bad: [] as unknown[] };
  const framed = new TranscodedRecords({
    good: (_block, _start, _end, records) => { counts.good += records; },
    bad: (code, _reason, bytes, offset, line) => { counts.bad.push([code, bytes.length, offset, line]); },
  }, encoding, offsets);
  const piece = encode(text, 'windows-1252');
  const many = 100;
  async function* chunks(): AsyncGenerator<Buffer> {
    yield Buffer.from('x,1\n');
    for (let count = 0; count < many; count++) yield piece;
    yield Buffer.from('\nx,1\n');
  }
  // Far less than the 20 or 30 MB that are read.
  const allowed = 8 * 1024 * 1024;
  const held = new HeldMemory(allowed);
  const record = testContract({ columns: [{ name: 'a', type: 'string' }], record: 'format: csv' }).datasets[0]!.record;
  await scanRecords(offsets.read(chunks(), encoding.transcoder('s')), {
    source: 's', maxRecordBytes: 1 << 20, framed, scanner: (line) => new CsvScanner(csvDialect(record, 2), framed, line),
    release: (offset) => { offsets.release(offset); }, flush: async () => { held.measure(); },
  });
  const lines = text.split('\n').length - 1;
  expect(counts.good).toBe(2 + many * lines);
  // The line between is empty, or all of the pieces.
  expect(counts.bad).toEqual([lines > 0 ? ['FIELDS', 0, 4 + many * piece.length, 2 + many * lines] : ['RECORD_SIZE', 1 << 19, 4, 2]]);
  expect(held.most).toBeLessThan(allowed);
});

describe('records of sources in other encodings', () => {
  let bench: RowsBench;

  beforeAll(async () => { bench = await RowsBench.start(); });
  afterAll(async () => { await bench.close(); });

  const COLUMNS = [{ name: 'a', type: 'string' }, { name: 'n', type: 'i32' }];

  const FORMATS: [record: string, head: string, write: (a: string, n: string) => string, tail: string][] = [
    ['format: csv', 'a,n\r\n', (a, n) => `${a},${n}\r\n`, ''],
    ['format: csv, multiline: true, header: none', '', (a, n) => `"${a}\n""",${n}\n`, ''],
    ['format: ndjson', '', (a, n) => `{"a":"${a}","n":"${n}"}\n`, ''],
    ['format: json, recordsAt: /x', '{"x":[', (a, n) => `{"a":"${a}",\n"n":"${n}"},`, '{}]}'],
    ['format: xml, recordsAt: /x/r', '<x>', (a, n) => `<r><a>${a}</a>\n<n>${n}</n></r><!--${'é'}-->`, '</x>'],
  ];

  const IN = ['windows-1252', 'utf-16', 'utf-16le'] as const;

  test.each(IN.flatMap((name) => FORMATS.map((format) => [name, format[0], format] as const)))('%s in %s: rows, and rejects with the bytes and places of the source', async (name, _title, [record, head, write, tail]) => {
    const text = name === 'windows-1252' ? 'äö€' : '日本😀';
    const pieces = [head];
    const bad: [index: number, line: number][] = [];
    for (let index = 0; index < 40; index++) {
      if (index % 5 === 2 || index === 39) bad.push([index, pieces.join('').split('\n').length]);
      pieces.push(write(`${text}${index}`, index % 5 === 2 || index === 39 ? `x${text}` : String(index)));
    }
    pieces.push(tail);
    const source = written(pieces.join(''), name);
    const spec: DatasetSpec = { columns: COLUMNS, record: `${record}, encoding: ${name}, maxRecordBytes: 200` };
    const { rows, quarantine, result } = await bench.curate(spec, source, { blockBytes: 250, segmentBytes: 300 });
    const isBad = new Set(bad.map(([index]) => index));
    const value = (index: number): string => `${text}${index}${record.includes('multiline') ? '\n"' : ''}`;
    const kept = Array.from({ length: 40 }, (_, index) => index).filter((index) => !isBad.has(index)).map((index) => [value(index), String(index)]);
    expect(rows).toEqual(record.includes('json,') ? [...kept, [null, null]] : kept);
    expect(quarantine.map(({ code, line }) => [code, line])).toEqual(bad.map(([, line]) => ['TYPE', line]));
    for (const [index, { raw, offset }] of quarantine.entries()) {
      const told = pieces[bad[index]![0] + 1]!.replace(/(\r?\n|,|<!--.*)$/, '');
      expect(raw).toEqual(written(told, name === 'utf-16' ? 'utf-16be' : name));
      expect(source.subarray(offset, offset + raw.length)).toEqual(raw);
    }
    expect(result.sourceBytes).toBe(source.length);
  });

  test.each<[Encoding, Buffer, Buffer]>([
    ['windows-1252', Buffer.from('x\x81y', 'latin1'), Buffer.from('é', 'latin1')], ['utf-16le', Buffer.from('x\ud83dy', 'utf16le'), Buffer.from('é', 'utf16le')], ['utf-16le', Buffer.from('\ude00x', 'utf16le'), Buffer.from('é', 'utf16le')],
  ])('%s: what encodes nothing is a reject with its bytes, never another character', async (name, bad, good) => {
    const text = (value: string): Buffer => (name === 'utf-16le' ? Buffer.from(value, 'utf16le') : Buffer.from(value, 'latin1'));
    const source = Buffer.concat([text('a\n'), good, text('\n'), bad, text('\n'), good, text('\n'), bad]);
    const { rows, quarantine } = await bench.curate({ columns: [{ name: 'a', type: 'string' }], record: `format: csv, encoding: ${name}` }, source);
    expect(rows).toEqual([['é'], ['é']]);
    expect(quarantine).toMatchObject([{ code: 'ENCODING', raw: bad, line: 3, reason: `not valid ${name}` }, { code: 'ENCODING', raw: bad, line: 5 }]);
    for (const { raw, offset } of quarantine) expect(source.subarray(offset, offset + raw.length)).toEqual(raw);
  });

  test.each<[Encoding, Buffer, string]>([
    ['utf-16le', Buffer.from('\ufeffx\n', 'utf16le').swap16(), 'UTF-16 in the other order; declare utf-16be'],
    ['utf-16be', Buffer.from('\ufeffx\n', 'utf16le'), 'UTF-16 in the other order; declare utf-16le'],
    ['utf-16le', Buffer.from('\ufeffxy\n'), 'UTF-8; declare utf-8'],
  ])('%s is not taken for what another mark says', async (encoding, source, what) => {
    await expect(bench.curate({ columns: [{ name: 'a', type: 'string' }], record: `format: csv, header: none, encoding: ${encoding}` }, source))
      .rejects.toMatchObject({ code: 'ENCODING', message: expect.stringContaining(`begins with the byte order mark of ${what}`) as string });
  });

  test('half of a unit of UTF-16 at the end is a reject with its byte', async () => {
    const source = Buffer.concat([Buffer.from('a\nx\ny', 'utf16le'), Buffer.from([0x7a])]);
    const { quarantine } = await bench.curate({ columns: [{ name: 'a', type: 'string' }], record: 'format: csv, encoding: utf-16le' }, source);
    expect(quarantine).toMatchObject([{ code: 'ENCODING', raw: source.subarray(8), offset: 8, line: 3 }]);
  });

  test('keeps as much of a record that is too long as it may, and goes on behind it', async () => {
    const source = Buffer.from(`a\n${'é'.repeat(5_000)}\nx\n`, 'utf16le');
    const { rows, quarantine } = await bench.curate({ columns: [{ name: 'a', type: 'string' }], record: 'format: csv, encoding: utf-16le, maxRecordBytes: 101' }, source, { blockBytes: 128 });
    expect(rows).toEqual([['x']]);
    expect(quarantine).toMatchObject([{ code: 'RECORD_SIZE', raw: source.subarray(4, 104), offset: 4, line: 2 }]);
  });

  test.each([
    ['utf-16', Buffer.from('a\nx\n', 'utf16le'), /has no byte order mark, which headraceRecord.encoding utf-16 goes by; declare utf-16le or utf-16be/],
    ['latin-1', Buffer.from('\ufeffa\nx\n'), /begins with the byte order mark of UTF-8, and headraceRecord.encoding is iso-8859-1; declare utf-8/],
    ['utf-8', Buffer.from('\ufeffa\nx\n', 'utf16le'), /begins with the byte order mark of UTF-16; declare headraceRecord.encoding: utf-16/],
  ])('fails by the byte order mark of another encoding: %s', async (name, source, message) => {
    await expect(bench.curate({ columns: [{ name: 'a', type: 'string' }], record: `format: csv, encoding: ${name}` }, source)).rejects.toMatchObject({ code: 'ENCODING', fault: 'user', message: expect.stringMatching(message) as string });
  });

  test('a declaration of XML may say the encoding that the contract has', async () => {
    const spec: DatasetSpec = { columns: [{ name: 'a', type: 'string' }], record: 'format: xml, recordsAt: /x/r, encoding: utf-16' };
    expect((await bench.curate(spec, Buffer.from('\ufeff<?xml version="1.0" encoding="UTF-16"?><x><r><a>é</a></r></x>', 'utf16le'))).rows).toEqual([['é']]);
  });
});
