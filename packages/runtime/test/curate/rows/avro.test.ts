import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ColumnSpec } from '../_fixtures/contract-text';
import { RowsBench, type RowsOutcome } from '../_fixtures/rows-bench';

const file = (name: string): Buffer => readFileSync(join(__dirname, '../_fixtures/typed', name));
const KEY = 'lake/raw/trips/r1/a1/00000-trips.avro';

describe('Avro files', () => {
  let bench: RowsBench;

  beforeAll(async () => { bench = await RowsBench.start(); });
  afterAll(async () => { await bench.close(); });

  const curate = (columns: readonly ColumnSpec[], bytes: Buffer | string, record = '', options = {}): Promise<RowsOutcome> =>
    bench.curate({ columns, record: `format: avro${record === '' ? '' : `, ${record}`}` }, typeof bytes === 'string' ? file(bytes) : bytes, { key: KEY, ...options });
  const one = (column: ColumnSpec, bytes: Buffer | string): Promise<RowsOutcome> => curate([column], bytes, 'header: subset');

  test('gives every type at its ends, as fastavro wrote them', async () => {
    const { rows, quarantine, result } = await curate([
      { name: 'i32', type: 'i32' }, { name: 'i64', type: 'integer' }, { name: 'dec', type: 'decimal(10,2)' }, { name: 'dec38', type: 'decimal(38,0)' },
      { name: 'f32', type: 'f32' }, { name: 'f64', type: 'number' }, { name: 'wide', type: 'number' }, { name: 'flag', type: 'boolean' }, { name: 'text', type: 'string' },
      { name: 'code', type: 'string' }, { name: 'code2', type: 'string' }, { name: 'raw', type: 'string', more: 'logicalTypeOptions: { format: binary }' },
      { name: 'id', type: 'string', more: 'logicalTypeOptions: { format: uuid }' }, { name: 'day', type: 'date' }, { name: 'local_ms', type: 'timestamp' },
      { name: 'local_us', type: 'timestamp' }, { name: 'instant', type: 'zoned' }, { name: 'instant_ms', type: 'zoned' }, { name: 'clock', type: 'time' }, { name: 'clock_ms', type: 'time' },
    ], 'types.avro', 'header: subset');
    expect(quarantine).toEqual([]);
    expect(rows).toEqual([
      ['-2147483648', '-9223372036854775808', '-0.05', `-${'9'.repeat(38)}`, '0.1', '-0.0', '0.10000000149011612', 'true', 'Åland 😀', 'a', 'b', '\\xFF\\x00',
        '00000000-0000-0000-0000-000000000001', '0001-01-01', '2024-02-29 10:00:00', '9999-12-31 23:59:59.999999', '2024-02-29 10:00:00.000001+00',
        '1969-12-31 23:59:59.999+00', '86399999999', '1000'],
      ['2147483647', '9223372036854775807', '99999999.99', '1', 'nan', '-inf', '3.4028234663852886e+38', 'false', '', 'b', 'a', '',
        'ffffffff-ffff-ffff-ffff-ffffffffffff', '9999-12-31', '0001-01-01 00:00:00', '1969-12-31 23:59:59.999999', '0001-01-01 00:00:00+00', '2024-02-29 00:00:00+00', '0', '86399999000'],
      [null, '0', null, null, '1.5', '5e-324', '0.0', ...Array.from({ length: 13 }, () => null)],
    ]);
    expect(result).toMatchObject({ content: 'records', sourceBytes: file('types.avro').length, counts: { parsed: 3, kept: 3, rejected: 0 } });
  });

  test.each<[ColumnSpec, RegExp]>([
    [{ name: 'union', type: 'string' }, /"union": it is a union of several types/],
    [{ name: 'local', type: 'zoned' }, /"local": long local-timestamp-micros does not become timestamp/],
    [{ name: 'instant', type: 'timestamp' }, /"instant": long timestamp-micros does not become timestamp/],
    [{ name: 'f64', type: 'f32' }, /"f64": double does not become/],
    [{ name: 'f64', type: 'decimal(10,2)' }, /"f64": double does not become/],
    [{ name: 'i64', type: 'number' }, /"i64": long does not become/],
    [{ name: 'i64', type: 'string' }, /"i64": long does not become string/],
    [{ name: 'list', type: 'string' }, /"list": array does not become/],
    [{ name: 'more', type: 'string' }, /column "more" is missing/],
  ])('refuses %o', async (column, message) => {
    await expect(one(column, 'refused.avro')).rejects.toMatchObject({ code: 'COLUMNS', fault: 'user', message: expect.stringMatching(message) as string });
  });

  test('checks values that only sometimes fit, and texts by the forms of texts', async () => {
    expect(await one({ name: 'nanos', type: 'zoned' }, 'refused.avro')).toMatchObject({ rows: [['2024-02-29 10:00:00.123456+00']], quarantine: [{ code: 'TYPE', offset: 0, line: 1 }] });
    expect(await one({ name: 'text', type: 'date' }, 'refused.avro')).toMatchObject({ rows: [['2024-02-29']], quarantine: [{ code: 'TYPE', raw: Buffer.from('{"text":"29.02.2024"}') }] });
    expect(await one({ name: 'i64', type: 'i32' }, 'refused.avro')).toMatchObject({ rows: [['1']], quarantine: [{ code: 'RANGE', offset: 1, line: 2 }] });
  });

  const POISON: ColumnSpec[] = [{ name: 'id', type: 'u8' }, { name: 'name', type: 'string', more: 'logicalTypeOptions: { maxLength: 11, minLength: 2 }' }, { name: 'at', type: 'timestamp', more: 'required: true' }];

  test.each([['in one segment', {}], ['in a segment for each block', { segmentBytes: 1 }]])('keeps good records and quarantines the others with their texts, %s', async (_name, options) => {
    const { rows, quarantine } = await curate(POISON, 'poison.avro', '', options);
    expect(rows).toEqual([['5', 'long enough', '2024-01-05 00:00:00']]);
    expect(quarantine.map(({ code, column, offset, line, raw }) => [code, column, offset, line, JSON.parse(raw.toString())])).toEqual([
      ['TYPE', 'id', 0, 1, { id: '-1', name: 'ok', at: '2024-01-01T00:00:00.000000' }],
      ['LENGTH', 'name', 1, 2, { id: '2', name: 'a "quoted"\nname', at: '2024-01-02T00:00:00.000000' }],
      ['ENCODING', 'name', 2, 3, { id: '3', name: { base64: Buffer.from('BROKEN\xff', 'latin1').toString('base64') }, at: '2024-01-03T00:00:00.000000' }],
      ['LENGTH', 'name', 3, 4, { id: '4', name: '', at: null }],
    ]);
  });

  test('makes a record that is too long a reject', async () => {
    const { quarantine } = await curate(POISON, 'poison.avro', 'maxRecordBytes: 64');
    expect(quarantine.some(({ code }) => code === 'RECORD_SIZE')).toBe(false);
    const long = await curate([{ name: 'dec38', type: 'decimal(38,0)' }, { name: 'day', type: 'date' }, { name: 'local_us', type: 'timestamp' }], 'types.avro', 'header: subset, maxRecordBytes: 64');
    expect(long.quarantine.map(({ code, offset }) => [code, offset])).toEqual([['RECORD_SIZE', 0]]);
    expect(long.rows.length).toBe(2);
  });

  test.each(['null', 'snappy', 'zstandard'])('fails a file of codec %s wherever it is cut but behind a block, and with the place', async (codec) => {
    const whole = file(`countries.${codec}.avro`);
    const outcomes = new Set<string>();
    for (let length = 0; length < whole.length; length += 71) {
      const outcome = await one({ name: 'code', type: 'string' }, whole.subarray(0, length)).then(() => 'whole', (error: unknown) => (error as { code: string }).code);
      outcomes.add(outcome);
    }
    expect([...outcomes].filter((outcome) => outcome !== 'whole')).toEqual(['AVRO']);
    await expect(one({ name: 'code', type: 'string' }, whole.subarray(0, -5))).rejects.toMatchObject({
      code: 'AVRO', fault: 'user', message: expect.stringMatching(new RegExp(`it ends in the block that begins at byte \\d+, at byte ${whole.length - 5};`)) as string,
    });
  });

  function long(value: number | bigint): number[] {
    let rest = BigInt.asUintN(64, BigInt(value) << 1n ^ BigInt(value) >> 63n);
    const bytes: number[] = [];
    for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
    return [...bytes, Number(rest)];
  }

  /** A file without a block. */
  function headOf(schema: unknown): Buffer {
    const text = (value: string): Buffer => Buffer.from([...long(Buffer.byteLength(value)), ...Buffer.from(value)]);
    return Buffer.concat([Buffer.from('Obj\x01'), Buffer.from(long(1)), text('avro.schema'), text(JSON.stringify(schema)), Buffer.from([0]), Buffer.alloc(16)]);
  }
  const fixed = (name: string, scale: number) => ({ type: 'fixed', name, size: 8, logicalType: 'decimal', precision: 10, scale });

  /** A file of one record whose field before `code` is of a type; nobody reads it. */
  function behind(type: unknown, field: readonly number[], code = long(7), records = 1): Buffer {
    const content = [...field, ...code];
    const block = Buffer.from([...long(records), ...long(content.length), ...content]);
    return Buffer.concat([headOf({ type: 'record', name: 'r', fields: [{ name: 'more', type }, { name: 'code', type: 'long' }] }), block, Buffer.alloc(16)]);
  }
  const ARRAY = { type: 'array', items: 'int' };
  const MAP = { type: 'map', values: 'int' };

  test.each<[string, unknown, number[]]>([
    ['an array in blocks with and without their bytes', ARRAY, [...long(-2), ...long(2), 2, 4, ...long(1), 2, 0]],
    ['a map in blocks with their bytes', MAP, [...long(-1), ...long(3), 2, 97, 2, 0]],
    ['a type in itself', { type: 'record', name: 'node', fields: [{ name: 'next', type: ['null', 'node'] }] }, [2, 2, 0]],
    ['nulls, which have no bytes', { type: 'array', items: 'null' }, [...long(1000), 0]],
  ])('reads what stands behind %s', async (_name, type, field) => {
    expect((await one({ name: 'code', type: 'integer' }, behind(type, field))).rows).toEqual([['7']]);
  });

  test('reads longs at their ends, beyond what a number holds', async () => {
    const ends = [9223372036854775807n, -9223372036854775808n, 9007199254740993n, -9007199254740993n, 281474976710656n, -562949953421312n, -1n];
    for (const end of ends) expect((await one({ name: 'code', type: 'integer' }, behind('null', [], long(end)))).rows).toEqual([[String(end)]]);
  });

  test.each<[string, unknown, number[], RegExp, number[]?, number?]>([
    ['a wrong length', ARRAY, [...long(-2), ...long(3), 2, 4, 0], /2 entries are said to have 3 bytes, and have 2/],
    ['a count that its bytes belie', ARRAY, [...long(-1), ...long(2), 2, 0, 0], /1 entries are said to have 2 bytes, and have 1/],
    ['bytes behind the end', ARRAY, [...long(-2), ...long(99), 2, 4, 0], /entries have 99 bytes, and the block 4 more/],
    ['less than no bytes', ARRAY, [...long(-2), ...long(-3), 2, 4, 0], /entries have -3 bytes/],
    ['a huge count', ARRAY, [...long(2 ** 40), 2, 4, 0], /1099511627776 entries follow, and the block has 4 more bytes/],
    ['a huge count of nulls', { type: 'array', items: 'null' }, [...long(2 ** 40), 0], /1099511627776 entries follow/],
    ['a count of more than 53 bits', ARRAY, [...long(2n ** 60n), 0], /a length has more than 53 bits/],
    ['a wrong length of a map', MAP, [...long(-1), ...long(4), 2, 97, 2, 0], /1 entries are said to have 4 bytes, and have 3/],
    ['a string behind the end', 'string', [...long(500), 97], /a value has 500 bytes, and the block 2 more/],
    ['a string of less than no bytes', 'string', [...long(-5), 97], /a value has -5 bytes/],
    ['a boolean that is none', 'boolean', [7], /a boolean is 7, and neither 0 nor 1/],
    ['an int of more than 32 bits', 'int', long(2 ** 31), /an int has more than 32 bits/],
    ['a branch that there is not', ['null', 'int'], [...long(2), 2], /a union has branch 2 of 2/],
    ['a symbol that there is not', { type: 'enum', name: 'e', symbols: ['A'] }, long(-1), /an enum has symbol -1 of 1/],
    ['a number of more than 64 bits', 'null', [], /a number has more than 64 bits/, [...Array<number>(9).fill(255), 2]],
    ['a number without an end', 'null', [], /it goes beyond the block/, [255]],
    ['more records than bytes', 'null', [], /99 entries follow, and the block has 1 more bytes/, [2], 99],
  ])('fails a file of which a field that nobody reads, or one that is read, has %s', async (_name, type, field, message, code = long(7), records = 1) => {
    await expect(one({ name: 'code', type: 'integer' }, behind(type, field, code, records))).rejects.toMatchObject({ code: 'AVRO', fault: 'user', message: expect.stringMatching(message) as string });
  });

  test('keeps bytes that are no text in quarantine, inside of a value too, by the names of the source', async () => {
    const who = { type: 'record', name: 'who', fields: [{ name: 'Nick', type: 'string' }, { name: 'others', type: { type: 'array', items: ['null', 'string'] } }] };
    const inside = { name: 'more', type: '{ logicalType: object, properties: [{ name: nick, logicalType: string, customProperties: [{ property: headraceSource, value: { field: Nick } }] }, { name: others, logicalType: array, items: { logicalType: string } }] }' };
    const { quarantine } = await one(inside, behind(who, [...long(1), 0xff, ...long(2), 2, ...long(2), 0xc3, 0xa5, 0, 0]));
    expect(quarantine.map(({ code, raw }) => [code, JSON.parse(raw.toString())])).toEqual([['ENCODING', { more: { Nick: { base64: '/w==' }, others: ['å', null] } }]]);
  });

  test.each<[string, unknown, string, RegExp]>([
    ['names two types alike', { type: 'record', name: 'r', fields: [{ name: 'code', type: fixed('x.D', 2) }, { name: 'b', type: fixed('y.D', 4) }] }, 'AVRO', /two types called D in different namespaces/],
    ['is null', null, 'AVRO', /its schema is no record/],
    ['has a field without a type', { type: 'record', name: 'r', fields: [{ name: 'code', type: {} }] }, 'AVRO', /its schema cannot be read/],
    ['has a scale that is none', { type: 'record', name: 'r', fields: [{ name: 'code', type: fixed('D', -2) }] }, 'COLUMNS', /"code": fixed decimal does not become decimal/],
  ])('refuses a file whose schema %s', async (_name, schema, code, message) => {
    await expect(one({ name: 'code', type: 'decimal(10,2)' }, headOf(schema))).rejects.toMatchObject({ code, fault: 'user', message: expect.stringMatching(message) as string });
  });

  test.each([
    ['is something else', Buffer.from('a,b\n1,2\n'), /does not begin as an Avro/],
    ['is damaged between blocks', Buffer.concat([file('countries.null.avro').subarray(0, -1), Buffer.from('x')]), /the mark after the block at byte \d+ is not that of the file/],
    ['is damaged in a block', Buffer.from(file('countries.snappy.avro').toString('latin1').replace('AX', 'AY'), 'latin1'), /its checksum does not fit/],
  ])('fails a file that %s', async (_name, bytes, message) => {
    await expect(one({ name: 'code', type: 'string' }, bytes)).rejects.toMatchObject({ code: 'AVRO', fault: 'user', message: expect.stringMatching(message) as string });
  });
});
