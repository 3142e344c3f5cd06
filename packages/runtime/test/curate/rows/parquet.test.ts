import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { engineError } from '../../../src/curate/engine/duckdb-engine';
import { notParquet } from '../../../src/curate/rows/typed/parquet-fault';
import { ParquetRows } from '../../../src/curate/rows/typed/parquet-rows';
import { rowStretches, type RowGroup, type RowStretch } from '../../../src/curate/rows/typed/row-stretches';
import type { TextSegment } from '../../../src/curate/rows/typed/text-records';
import type { TypedPart } from '../../../src/curate/rows/typed/typed-part';
import type { ColumnSpec } from '../_fixtures/contract-text';
import { RowsBench, type RowsOutcome } from '../_fixtures/rows-bench';

const file = (name: string): Buffer => readFileSync(join(__dirname, '../_fixtures/typed', name));
const KEY = 'lake/raw/trips/r1/a1/00000-trips.parquet';
const uuid = 'logicalTypeOptions: { format: uuid }';
const binary = 'logicalTypeOptions: { format: binary }';

/** The footer, and nothing of what it tells of. */
function withoutMiddle(bytes: Buffer): Buffer {
  return Buffer.concat([bytes.subarray(0, 8), bytes.subarray(bytes.length - 8 - bytes.readUInt32LE(bytes.length - 8))]);
}

describe('Parquet files', () => {
  let bench: RowsBench;

  beforeAll(async () => { bench = await RowsBench.start(); });
  afterAll(async () => { await bench.close(); });

  const curate = (columns: readonly ColumnSpec[], bytes: Buffer | string, record = '', options = {}): Promise<RowsOutcome> =>
    bench.curate({ columns, record: `format: parquet${record === '' ? '' : `, ${record}`}` }, typeof bytes === 'string' ? file(bytes) : bytes, { key: KEY, ...options });
  const one = (column: ColumnSpec, bytes: Buffer | string): Promise<RowsOutcome> => curate([column], bytes, 'header: subset');

  test.each([['of one statement', {}], ['of a row group that is copied', { segmentBytes: 1 }]])('gives every type at its ends, as pyarrow wrote them, %s', async (_name, options) => {
    const { rows, quarantine, result } = await curate([
      { name: 'i8', type: 'i8' }, { name: 'i64', type: 'integer' }, { name: 'u64', type: 'u64' }, { name: 'dec', type: 'decimal(10,2)' }, { name: 'dec38', type: 'decimal(38,0)' },
      { name: 'f32', type: 'f32' }, { name: 'f64', type: 'number' }, { name: 'wide', type: 'number' }, { name: 'flag', type: 'boolean' }, { name: 'text', type: 'string' },
      { name: 'code', type: 'string' }, { name: 'raw', type: 'string', more: binary }, { name: 'fixed', type: 'string', more: binary }, { name: 'id', type: 'string', more: uuid },
      { name: 'day', type: 'date' }, { name: 'local_ms', type: 'timestamp' }, { name: 'local_us', type: 'timestamp' }, { name: 'instant', type: 'zoned' }, { name: 'clock', type: 'time' },
    ], 'types.parquet', '', options);
    expect(quarantine).toEqual([]);
    expect(rows).toEqual([
      ['-128', '-9223372036854775808', '0', '-0.05', `-${'9'.repeat(38)}`, '0.1', '-0.0', '0.10000000149011612', 'true', 'Åland 😀', 'a', '\\xFF\\x00', 'abc',
        '00000000-0000-0000-0000-000000000001', '0001-01-01', '2024-02-29 10:00:00', '9999-12-31 23:59:59.999999', '2024-02-29 10:00:00.000001+00', '86399999999'],
      ['127', '9223372036854775807', '18446744073709551615', '99999999.99', '1', 'nan', '-inf', '3.4028234663852886e+38', 'false', '', 'b', '', '\\x00\\x00\\x00',
        'ffffffff-ffff-ffff-ffff-ffffffffffff', '9999-12-31', '0001-01-01 00:00:00', '1969-12-31 23:59:59.999999', '0001-01-01 00:00:00+00', '0'],
      [null, null, null, null, null, null, '5e-324', null, null, null, null, null, null, null, null, null, null, null, null],
    ]);
    expect(result).toMatchObject({ content: 'records', sourceBytes: file('types.parquet').length, counts: { parsed: 3, kept: 3, rejected: 0 } });
  });

  test.each<[ColumnSpec, string, RegExp]>([
    [{ name: 'instant_ns', type: 'zoned' }, 'refused', /"instant_ns": it is in nanoseconds .*have the source write microseconds/],
    [{ name: 'clock_ns', type: 'time' }, 'refused', /"clock_ns": it is in nanoseconds/],
    [{ name: 'dec76', type: 'decimal(38,2)' }, 'refused', /"dec76": .*precision=50.* has more than 38 digits/],
    [{ name: 'local', type: 'zoned' }, 'refused', /"local": INT64 TimestampType\(isAdjustedToUTC=0.*MICROS\) does not become timestamp/],
    [{ name: 'instant', type: 'timestamp' }, 'refused', /"instant": INT64 TimestampType\(isAdjustedToUTC=1.* does not become timestamp/],
    [{ name: 'list', type: 'string' }, 'refused', /"list": it is nested/],
    [{ name: 'struct', type: 'string' }, 'refused', /"struct": it is nested/],
    [{ name: 'map', type: 'string' }, 'refused', /"map": it is nested/],
    [{ name: 'f64', type: 'f32' }, 'refused', /"f64": DOUBLE does not become/],
    [{ name: 'f64', type: 'decimal(10,2)' }, 'refused', /"f64": DOUBLE does not become decimal\(10,2\) exactly/],
    [{ name: 'f64', type: 'integer' }, 'refused', /"f64": DOUBLE does not become/],
    [{ name: 'i64', type: 'number' }, 'refused', /"i64": INT64 does not become/],
    [{ name: 'i64', type: 'string' }, 'refused', /"i64": INT64 does not become string/],
    [{ name: 'at', type: 'timestamp' }, 'int96', /"at": it is an INT96 timestamp/],
    [{ name: 'f64', type: 'number', more: 'customProperties: [{ property: headraceSource, value: { field: F64 } }]' }, 'refused', /column "F64" is missing/],
    [{ name: 'local', type: 'timestamp', more: 'logicalTypeOptions: { format: "yyyy-MM-dd HH:mm:ss" }' }, 'refused', /"local": its values are typed, and format .* leave format out/],
  ])('refuses %o', async (column, name, message) => {
    await expect(one(column, `${name}.parquet`)).rejects.toMatchObject({ code: 'COLUMNS', fault: 'user', message: expect.stringMatching(message) as string });
  });

  test('checks values that only sometimes fit, and texts by the forms of texts', async () => {
    expect(await one({ name: 'local_ns', type: 'timestamp' }, 'refused.parquet')).toMatchObject({ rows: [['2024-02-29 10:00:00.123456'], [null]], quarantine: [{ code: 'TYPE', offset: 0, line: 1 }] });
    expect(await one({ name: 'text', type: 'date' }, 'refused.parquet')).toMatchObject({ rows: [['2024-02-29'], [null]], quarantine: [{ code: 'TYPE', raw: Buffer.from('{"text":"29.02.2024"}') }] });
    expect(await one({ name: 'text', type: 'date', more: 'logicalTypeOptions: { format: dd.MM.yyyy }' }, 'refused.parquet')).toMatchObject({ rows: [['2024-02-29'], [null]], quarantine: [{ code: 'TYPE', offset: 0 }] });
    expect(await one({ name: 'raw', type: 'string' }, 'refused.parquet')).toMatchObject({ rows: [['ok'], [null]], quarantine: [{ code: 'TYPE', offset: 0, raw: Buffer.from('{"raw":{"base64":"/w=="}}') }] });
    expect(await one({ name: 'dec', type: 'decimal(10,1)' }, 'types.parquet')).toMatchObject({ rows: [[null]], quarantine: [{ code: 'SCALE' }, { code: 'SCALE' }] });
    expect(await one({ name: 'i64', type: 'i32' }, 'types.parquet')).toMatchObject({ rows: [[null]], quarantine: [{ code: 'RANGE' }, { code: 'RANGE' }] });
    for (const options of [{}, { segmentBytes: 1 }]) {
      expect((await curate([{ name: 'nothing', type: 'zoned' }], 'refused.parquet', 'header: subset', options)).rows).toEqual([[null], [null], [null]]);
    }
  });

  const POISON: ColumnSpec[] = [
    { name: 'id', type: 'u8' }, { name: 'name', type: 'string', more: 'logicalTypeOptions: { maxLength: 11, minLength: 2 }' },
    { name: 'day', type: 'timestamp', more: 'required: true\n        customProperties: [{ property: headraceSource, value: { field: at } }]' },
  ];

  test.each([['in one segment', {}], ['in a segment for each row', { segmentBytes: 1 }]])('keeps good rows and quarantines the others with their texts, %s', async (_name, options) => {
    const { rows, quarantine, result } = await curate(POISON, 'poison.parquet', '', options);
    expect(rows).toEqual([['5', 'long enough', '2024-01-05 00:00:00']]);
    expect(quarantine.map(({ code, column, offset, line }) => [code, column, offset, line])).toEqual([
      ['TYPE', 'id', 0, 1], ['LENGTH', 'name', 1, 2], ['TYPE', 'name', 2, 3], ['LENGTH', 'name', 3, 4],
    ]);
    expect(quarantine.map(({ raw }) => JSON.parse(raw.toString()) as unknown)).toEqual([
      { id: '-1', name: 'ok', at: '2024-01-01 00:00:00' }, { id: '2', name: 'a "quoted"\nname', at: '2024-01-02 00:00:00' }, { id: '3', name: 'x\0y', at: '2024-01-03 00:00:00' },
      { id: '4', name: '', at: null },
    ]);
    expect(result.counts).toEqual({ parsed: 5, kept: 1, rejected: 4 });
  });

  test('keeps bytes that are no text in quarantine, inside of a value too, by the names of the source', async () => {
    const columns = [{ name: 'who', type: '{ logicalType: object, properties: [{ name: nick, logicalType: string, customProperties: [{ property: headraceSource, value: { field: Nick } }] }, { name: others, logicalType: array, items: { logicalType: string } }] }' }];
    const { quarantine } = await curate(columns, await bench.parquet("SELECT {'Nick': '\\xFF\\x00'::BLOB, 'others': ['ok'::BLOB, '\\xFE'::BLOB, NULL]} AS who"));
    expect(quarantine.map(({ raw }) => JSON.parse(raw.toString()) as unknown)).toEqual([{ who: { Nick: { base64: '/wA=' }, others: ['ok', { base64: '/g==' }, null] } }]);
  });

  test('gives the rows of large and small row groups once and in order, with their numbers', async () => {
    const rows = "SELECT CASE WHEN range % 1500 = 1499 THEN 'x' ELSE range::VARCHAR END AS id, '-0.0'::DOUBLE AS zero, range::VARCHAR AS more FROM range";
    const parts = [await bench.parquet(`${rows}(4096)`, 'ROW_GROUP_SIZE 4096'), await bench.parquet(`${rows}(4096)`, 'ROW_GROUP_SIZE 2048')];
    for (const bytes of parts) {
      const found = await curate([{ name: 'id', type: 'integer' }, { name: 'zero', type: 'number' }], bytes, 'header: subset', { segmentBytes: 15_000 });
      expect(found.result.files.length).toBe(2);
      expect(found.rows).toEqual(Array.from({ length: 4096 }, (_, id) => [String(id), '-0.0']).filter((_, id) => id % 1500 !== 1499));
      expect(found.quarantine.map(({ offset, line, raw }) => [offset, line, raw.toString()])).toEqual([1499, 2999].map((at) => [at, at + 1, '{"id":"x","zero":"-0.0"}']));
    }
  });

  test('names what is unknown or missing where the header is exact', async () => {
    await expect(curate(POISON.slice(0, 1), 'poison.parquet')).rejects.toMatchObject({ code: 'COLUMNS', message: expect.stringContaining('"name", "at" not in the contract') as string });
    await expect(curate([...POISON, { name: 'more', type: 'string' }], 'poison.parquet', 'header: subset')).rejects.toMatchObject({ message: expect.stringContaining('column "more" is missing') as string });
  });

  test.each([
    ['is cut', file('countries.parquet').subarray(0, -9)], ['has lost its middle', withoutMiddle(file('countries.parquet'))], ['has no bytes', Buffer.alloc(0)], ['is something else', Buffer.from('a,b\n1,2\n')],
    ['is damaged inside', Buffer.concat([file('poison.parquet').subarray(0, 8), Buffer.alloc(200, 0xff), file('poison.parquet').subarray(208)])],
  ])('fails a file that %s', async (_name, bytes) => {
    await expect(one({ name: 'name', type: 'string' }, bytes)).rejects.toMatchObject({ code: 'PARQUET', fault: 'user', message: expect.stringContaining('is not a whole Parquet file') as string });
  });
});

describe('what one statement reads of a Parquet file', () => {
  const MIB = 1024 * 1024;
  const of = (rows: number, bytes: number, count = 1) => Array.from({ length: count }, () => ({ rows, bytes }));

  test.each<[string, RowGroup[], RowStretch[]]>([
    ['nothing of none', [], []],
    ['small row groups together, and none in part', of(1000, 15 * MIB, 5), [{ first: 0, rows: 2000 }, { first: 2000, rows: 2000 }, { first: 4000, rows: 1000 }]],
    ['as many rows as most writers put into one, and no more', of(1_048_576, MIB, 2), [{ first: 0, rows: 1_048_576 }, { first: 1_048_576, rows: 1_048_576 }]],
    ['one that is larger than a segment alone', of(100_000, 50 * MIB, 2), [{ first: 0, rows: 100_000 }, { first: 100_000, rows: 100_000 }]],
    ['a huge one in pieces of a single copy, between others', [...of(10, MIB), ...of(1_000_000, 1000 * MIB), ...of(10, MIB)],
      [{ first: 0, rows: 10 }, { first: 10, rows: 1_000_000, pieces: 32_768 }, { first: 1_000_010, rows: 10 }]],
    ['one of many small rows in pieces', of(3_000_000, MIB), [{ first: 0, rows: 3_000_000, pieces: 1_048_576 }]],
    ['rows of which no piece can be held one after the other', of(100, 1600 * MIB), Array.from({ length: 50 }, (_, index) => ({ first: 2 * index, rows: 2 }))],
  ])('is %s', (_name, groups, stretches) => {
    expect(rowStretches(groups, 32 * MIB)).toEqual(stretches);
  });
});

describe('an error of the engine', () => {
  const failed = (message: string) => engineError(new Error(message));

  test.each(['Out of Memory Error: could not allocate block of size 1.0 GiB', 'INTERNAL Error: Attempted to access index 3 within vector of size 3', 'FATAL Error: database has been invalidated',
    'Binder Error: no column c7', 'IO Error: Could not write file "/tmp/1.parquet": No space left on device', 'Interrupt Error: Interrupted!'])('is not the fault of the file: %s', (message) => {
    expect(notParquet(failed(message), 's3://raw/a', { columns: [] })).toBeUndefined();
  });

  test.each(['Invalid Error: TProtocolException: Invalid data', 'IO Error: Could not read enough bytes from file "/tmp/a.parquet": attempted to read 8'])('is, where the reader says it: %s', (message) => {
    expect(notParquet(failed(message), 's3://raw/a', { columns: [] })).toMatchObject({ code: 'PARQUET', fault: 'user' });
  });

  test('of a whole statement is the fault of the file only where reading alone fails as well', async () => {
    const judged = async (again: () => Promise<unknown>, columns: readonly object[] = []): Promise<unknown> => {
      let segment: TextSegment | undefined;
      const part = { dataset: { columns }, source: 's3://raw/a', session: { rows: again }, curate: (found: TextSegment) => { segment = found; return Promise.resolve(); }, flush: () => Promise.resolve() };
      await new ParquetRows(part as unknown as TypedPart, '/a.parquet', 1, [{ place: 0, text: 'c0', raw: 'c0' }]).curate([{ first: 0, rows: 1 }]);
      return segment!.failure!(failed('Invalid Input Error: it does not fit'));
    };
    expect(await judged(() => Promise.resolve([]))).toMatchObject({ code: 'ENGINE' });
    expect(await judged(() => Promise.reject(failed('Out of Memory Error: full')))).toMatchObject({ code: 'ENGINE' });
    expect(await judged(() => Promise.reject(failed('Invalid Error: Out of buffer')))).toMatchObject({ code: 'PARQUET', message: expect.stringContaining('Out of buffer') as string });
    const masked = await judged(() => Promise.reject(failed('Invalid Input Error: Invalid string encoding found: "secret"')), [{ mask: {} }]);
    expect([masked, (masked as Error).cause]).toMatchObject([{ code: 'PARQUET', message: expect.not.stringContaining('secret') as string }, undefined]);
  });
});
