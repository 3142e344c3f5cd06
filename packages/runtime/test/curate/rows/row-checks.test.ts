import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { RowsBench } from '../_fixtures/rows-bench';
import type { DatasetSpec } from '../_fixtures/contract-text';

describe('checks of rows', () => {
  let bench: RowsBench;

  beforeAll(async () => { bench = await RowsBench.start(); });
  afterAll(async () => { await bench.close(); });

  const one = (type: string, more?: string): DatasetSpec => ({ columns: [{ name: 'id', type: 'i32' }, { name: 'v', type, more }] });

  /** Each line: type, text, the value or the code. Texts that engines alone would read otherwise. */
  const VALUES: [type: string, text: string, value: string | null | { code: string }, more?: string][] = [
    ['date', '2024-01-05 junk', { code: 'TYPE' }], ['date', '2024-02-30', { code: 'TYPE' }], ['date', '2024-1-5', { code: 'TYPE' }], ['date', '2024-02-29', '2024-02-29'],
    ['timestamp', '2024-01-05T10:00:00+02:00', { code: 'TYPE' }], ['timestamp', '2024-01-05T10:00:00', '2024-01-05 10:00:00'],
    ['zoned', '2024-01-05T10:00:00+02:00', '2024-01-05 08:00:00+00'], ['zoned', '2024-01-05T10:00:00', { code: 'TYPE' }],
    ['i32', '1.5', { code: 'TYPE' }], ['i32', '1e3', { code: 'TYPE' }], ['i32', '1_000', { code: 'TYPE' }], ['i32', '0x1F', { code: 'TYPE' }], ['i32', ' 1', { code: 'TYPE' }],
    ['i32', '2147483647', '2147483647'], ['i32', '2147483648', { code: 'RANGE' }], ['u64', '18446744073709551615', '18446744073709551615'], ['u8', '256', { code: 'RANGE' }],
    ['decimal(5,2)', '1.999', { code: 'SCALE' }], ['decimal(5,2)', '1.990', '1.99'], ['decimal(5,2)', '1000', { code: 'RANGE' }], ['decimal(5,2)', '999.99', '999.99'],
    ['number', '1e400', { code: 'RANGE' }], ['number', 'NaN', 'nan'], ['number', '-Infinity', '-inf'], ['number', '0.1', '0.1'], ['number', '1.0d', { code: 'TYPE' }],
    ['boolean', 'true', 'true'], ['boolean', 'TRUE', { code: 'TYPE' }], ['boolean', '1', { code: 'TYPE' }],
    ['string', '', null], ['string', '""', ''], ['string', 'ß', 'ß'],
    ['string', 'é'.repeat(3), 'é'.repeat(3), 'logicalTypeOptions: { maxLength: 3 }'], ['string', 'é'.repeat(4), { code: 'LENGTH' }, 'logicalTypeOptions: { maxLength: 3 }'],
    ['string', 'ab1', { code: 'PATTERN' }, 'logicalTypeOptions: { pattern: "^[a-z]+$" }'], ['string', 'ab', 'ab', 'logicalTypeOptions: { pattern: "^[a-z]+$" }'],
    ['string', '', { code: 'REQUIRED' }, 'required: true'],
    ['string', '', 'n/a', 'customProperties: [{ property: headraceDefault, value: "n/a" }]'],
    ['string', '""', { code: 'PARTITION' }, 'partitioned: true'], ['string', '', null, 'partitioned: true'],
  ];

  const groups = new Map<string, (typeof VALUES)[number][]>();
  for (const value of VALUES) {
    const name = `${value[0]} ${value[3] ?? ''}`.trim();
    groups.set(name, [...groups.get(name) ?? [], value]);
  }

  test.each([...groups])('reads texts of %s exactly, or not at all', async (_name, values) => {
    const [[type,,, more]] = values as [(typeof VALUES)[number]];
    const lines = values.map(([, text], index) => `${index},${text}`);
    const { rows, quarantine } = await bench.curate(one(type, more), `id,v\n${lines.join('\n')}\n`);
    const kept = new Map(rows.map(([id, value]) => [Number(id), value]));
    const rejected = new Map(quarantine.map((row) => [row.line - 2, row]));
    expect(values.map(([, text], index) => [text, rejected.has(index) ? {
      code: rejected.get(index)!.code,
    } : kept.get(index)])).toEqual(values.map(([, text, expected]) => [text, expected]));
    for (const [index, { raw, column, reason }] of rejected) {
      expect(raw).toEqual(Buffer.from(lines[index]!));
      expect(column).toBe('v');
      expect(reason).toMatch(/^v[ :]/);
    }
  });

  test('rejects NULL in a key column', async () => {
    const { rows, quarantine } = await bench.curate({ columns: [{ name: 'id', type: 'i32', more: 'primaryKey: true' }, { name: 'v', type: 'string' }] }, 'id,v\n1,a\n,b\n');
    expect(rows).toEqual([['1', 'a']]);
    expect(quarantine).toMatchObject([{ code: 'REQUIRED', column: 'id', line: 3 }]);
  });

  test('says the first column at fault and none of the values', async () => {
    const { quarantine } = await bench.curate({ columns: [{ name: 'a', type: 'i32' }, { name: 'b', type: 'i32' }] }, 'a,b\n1,secret\nhidden,secret\n');
    expect(quarantine.map(({ column, code }) => [column, code])).toEqual([['b', 'TYPE'], ['a', 'TYPE']]);
    for (const { reason } of quarantine) expect(reason).not.toMatch(/secret|hidden/);
  });

  test('writes the types that the contract derives', async () => {
    const spec: DatasetSpec = { columns: [['a', 'i32'], ['b', 'u8'], ['c', 'decimal(10,2)'], ['d', 'date'], ['e', 'timestamp'], ['f', 'zoned'], ['g', 'number'], ['h', 'boolean'], ['i', 'string']].map(([name, type]) => ({ name: name!, type: type! })) };
    const { result } = await bench.curate(spec, 'a,b,c,d,e,f,g,h,i\n,,,,,,,,\n');
    expect(await bench.types(result.files[0]!.key)).toEqual({
      a: 'INTEGER', b: 'SMALLINT', c: 'DECIMAL(10,2)', d: 'DATE', e: 'TIMESTAMP', f: 'TIMESTAMP WITH TIME ZONE', g: 'DOUBLE', h: 'BOOLEAN', i: 'VARCHAR', _reject: 'VARCHAR',
    });
  });

  test.each([['spark' as const, ['PLAIN']], ['duckdb' as const, ['BYTE_STREAM_SPLIT', 'DELTA_BINARY_PACKED', 'DELTA_LENGTH_BYTE_ARRAY']]])('tells values as %s reads them', async (engine, expected) => {
    const spec: DatasetSpec = { columns: [{ name: 'a', type: 'i64' }, { name: 'b', type: 'string' }, { name: 'c', type: 'number' }] };
    const { result } = await bench.curate(spec, `a,b,c\n${Array.from({ length: 30_000 }, (_, index) => `${index},text ${index},${index}.5`).join('\n')}\n`, { engine });
    expect(await bench.encodings(result.files[0]!.key)).toEqual(expected);
  });

  test.each([
    ['first', 0], ['in the middle of a segment', 250], ['at the end of a block', 99], ['last', 999],
  ])('finds a bad value %s, and no other', async (_title, at) => {
    // 10 bytes a line and 100 lines a block, so that records begin exactly with blocks and segments.
    const lines = Array.from({ length: 1000 }, (_, index) => (index === at ? `${String(index).padStart(4, '1')},nope` : `${String(index + 1000)},1234`));
    const csv = `id,v\n${lines.join('\n')}\n`;
    const { rows, quarantine, result } = await bench.curate(one('i32'), csv, { blockBytes: 1_000, segmentBytes: 3_000 });
    expect(result.counts).toEqual({ parsed: 1000, kept: 999, rejected: 1 });
    expect(quarantine).toMatchObject([{ code: 'TYPE', column: 'v', line: at + 2, offset: 5 + 10 * at, raw: Buffer.from(lines[at]!) }]);
    expect(new Set(rows.map(([id]) => id)).size).toBe(999);
    expect(rows.map(([id]) => Number(id) - 1000)).toEqual([...Array(1000).keys()].filter((index) => index !== at));
  });

  test('keeps rows and rejects apart when most are bad', async () => {
    const lines = Array.from({ length: 60_000 }, (_, index) => (index % 3 === 0 ? `${index},1` : index % 3 === 1 ? `${index},x` : `${index}`));
    const { rows, quarantine, result } = await bench.curate(one('i32'), `id,v\r\n${lines.join('\r\n')}`, { segmentBytes: 200_000, blockBytes: 65_536 });
    expect(result.counts).toEqual({ parsed: 60_000, kept: 20_000, rejected: 40_000 });
    expect(result.quarantine.byCode).toEqual({ TYPE: 20_000, FIELDS: 20_000 });
    expect(rows.every(([id], index) => Number(id) === 3 * index)).toBe(true);
    const found = quarantine.sort((a, b) => a.line - b.line);
    expect(found.map(({ raw }) => raw.toString())).toEqual(lines.filter((_, index) => index % 3 !== 0));
    const source = Buffer.from(`id,v\r\n${lines.join('\r\n')}`);
    expect(found.every(({ raw, offset }) => source.subarray(offset, offset + raw.length).equals(raw))).toBe(true);
  });

  test('numbers records for a dedupe in the order of the source', async () => {
    const spec: DatasetSpec = { columns: [{ name: 'id', type: 'i32', more: 'primaryKey: true' }], custom: { headraceDedupe: '{ orderBy: [], keep: last }' } };
    const { rows } = await bench.curate(spec, `id\n${Array.from({ length: 100 }, (_, index) => (index % 10 === 9 ? 'x' : index)).join('\n')}\n`, { blockBytes: 64, segmentBytes: 100 });
    const numbers = rows.map(([, , record]) => Number(record));
    expect(numbers).toHaveLength(90);
    expect(numbers.every((number, index) => index === 0 || number > numbers[index - 1]!)).toBe(true);
    expect(new Set(rows.map(([, part]) => part))).toEqual(new Set(['0']));
  });

  describe('gzip', () => {
    const csv = `id,v\n${Array.from({ length: 2_000 }, (_, index) => `${index},${index * 7}`).join('\n')}\n`;

    test('is read by name, with offsets in what it holds', async () => {
      const { result, quarantine } = await bench.curate(one('i32'), gzipSync(Buffer.from(`${csv}bad,1\n`)), { key: 'lake/raw/x.csv.gz' });
      expect(result.counts).toEqual({ parsed: 2_001, kept: 2_000, rejected: 1 });
      expect(result.sourceBytes).toBe(csv.length + 6);
      expect(quarantine).toMatchObject([{ offset: csv.length, line: 2_002 }]);
    });

    test('is read to its last member', async () => {
      const { result } = await bench.curate(one('i32'), Buffer.concat([gzipSync(csv), gzipSync('5,5\n')]), { key: 'lake/raw/x.csv.gz' });
      expect(result.counts.kept).toBe(2_001);
    });

    test.each([
      ['is cut', (zipped: Buffer) => zipped.subarray(0, zipped.length - 20)],
      ['is followed by something else', (zipped: Buffer) => Buffer.concat([zipped, Buffer.from('garbage')])],
      ['has a wrong checksum', (zipped: Buffer) => Buffer.concat([zipped.subarray(0, -6), Buffer.from([1, 2, 3, 4, 5, 6])])],
      ['is no gzip', () => Buffer.from(csv)],
    ])('fails when it %s', async (_title, damage) => {
      await expect(bench.curate(one('i32'), damage(gzipSync(csv)), { key: 'lake/raw/x.csv.gz' })).rejects.toMatchObject({ code: 'GZIP', fault: 'user' });
    });
  });

  test('stops when it is asked to, and leaves no file behind', async () => {
    const stop = new AbortController();
    const csv = `id,v\n${'1,2\n'.repeat(50_000)}`;
    const { TMPDIR } = process.env;
    const directory = await mkdtemp(join(tmpdir(), 'headrace-test-'));
    process.env.TMPDIR = directory;
    // The source is put first; the next object would be the first typed rows.
    bench.s3.fault = ({ action, bucket }) => {
      if (action === 'PutObject' && bucket === 'curated') stop.abort(new Error('enough'));
      return undefined;
    };
    try {
      await expect(bench.curate(one('i32'), csv, { signal: stop.signal, key: 'lake/raw/stop.csv' })).rejects.toThrow();
      expect(stop.signal.aborted).toBe(true);
      expect(await readdir(directory)).toEqual([]);
    } finally {
      bench.s3.fault = () => undefined;
      if (TMPDIR === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = TMPDIR;
      await rm(directory, { recursive: true, force: true });
    }
  });
});
