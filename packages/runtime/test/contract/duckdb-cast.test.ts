import fc from 'fast-check';
import { columnReject, duckdbCast, duckdbText, duckdbType, lexicalGrammar, matchesGrammar, type Column } from '../../src/contract';
import { startTestDuckDb, textValues, type TestDuckDb } from '../_fixtures/duckdb';

let duckdb: TestDuckDb;
beforeAll(async () => {
  duckdb = await startTestDuckDb();
});
afterAll(() => duckdb.close());

type Given = Pick<Column, 'type'> & Partial<Column>;

function column(given: Given): Column {
  return { name: 'c', required: false, unique: false, source: { field: 'c' }, ...given };
}

/** For each text: the typed value as VARCHAR, or the reject code in brackets. */
async function cast(given: Given, texts: readonly (string | null)[]): Promise<(string | null)[]> {
  const of = column(given);
  const shown = of.type.kind === 'binary' ? 'hex(typed)' : of.type.kind === 'timestamp' && of.type.zoned ? 'CAST(epoch_us(typed) AS VARCHAR)'
    : of.type.kind === 'decimal' ? duckdbText(of, 'typed') : 'CAST(typed AS VARCHAR)';
  const rows = await duckdb.rows(`
    SELECT coalesce('[' || (${columnReject(of, { raw: 'x', typed: 'typed' })}) || ']', ${shown})
    FROM (SELECT i, x, ${duckdbCast(of, 'x')} AS typed FROM ${textValues(texts)}) ORDER BY i`);
  return rows.map(([value]) => value ?? null);
}

/** Checks a whole table at once: one query, one comparison. */
async function expectCasts(given: Given, table: Record<string, string>): Promise<void> {
  const texts = Object.keys(table);
  const found = await cast(given, texts);
  expect(Object.fromEntries(texts.map((text, index) => [text, found[index]]))).toEqual(table);
}

const I32 = { type: { kind: 'integer', bits: 32 } } as const;
const DEC = { type: { kind: 'decimal', precision: 5, scale: 2 } } as const;
const DATE = { type: { kind: 'date' } } as const;
const STAMP = { type: { kind: 'timestamp', zoned: false } } as const;
const ZONED = { type: { kind: 'timestamp', zoned: true } } as const;
const TIME = { type: { kind: 'time' } } as const;

describe('duckdbCast', () => {
  test('keeps NULL as NULL for every type', async () => {
    const types: Column['type'][] = [
      { kind: 'string' }, I32.type, DEC.type, { kind: 'float', bits: 64 }, { kind: 'boolean' }, DATE.type, STAMP.type, ZONED.type, TIME.type, { kind: 'uuid' }, { kind: 'binary' },
    ];
    for (const type of types) expect(await cast({ type }, [null])).toEqual([null]);
  });

  test('reads whole numbers only as they are', async () => {
    await expectCasts(I32, {
      '0': '0', '7': '7', '-1': '-1', '-0': '0', '2147483647': '2147483647', '-2147483648': '-2147483648',
      '2147483648': '[RANGE]', '-2147483649': '[RANGE]', '99999999999999999999999999999999999999999999': '[RANGE]',
      '1.5': '[TYPE]', '1.0': '[TYPE]', '1e3': '[TYPE]', '1_000': '[TYPE]', '0x1F': '[TYPE]', '+1': '[TYPE]', '007': '[TYPE]', ' 1': '[TYPE]', '1 ': '[TYPE]',
      '': '[TYPE]', '-': '[TYPE]', '1,000': '[TYPE]', '١': '[TYPE]', '1\n': '[TYPE]', 'true': '[TYPE]',
    });
  });

  test.each([
    [8, false, '-128', '127'], [16, false, '-32768', '32767'], [64, false, '-9223372036854775808', '9223372036854775807'],
    [8, true, '0', '255'], [16, true, '0', '65535'], [32, true, '0', '4294967295'], [64, true, '0', '18446744073709551615'],
  ] as const)('takes exactly the range of integers of %d bits, unsigned %s', async (bits, unsigned, min, max) => {
    const below = String(BigInt(min) - 1n);
    const above = String(BigInt(max) + 1n);
    await expectCasts({ type: { kind: 'integer', bits, unsigned } }, {
      [min]: min, [max]: max, [below]: unsigned ? '[TYPE]' : '[RANGE]', [above]: '[RANGE]',
    });
  });

  test('agrees with BigInt on random texts that look like integers', async () => {
    const text = fc.oneof(fc.bigInt({ min: -(2n ** 66n), max: 2n ** 66n }).map(String), fc.stringMatching(/^[-+]?[0-9_.e ]{1,12}$/));
    const texts = fc.sample(text, { numRuns: 600, seed: 11 });
    for (const [bits, unsigned] of [[8, false], [16, true], [32, false], [32, true], [64, false], [64, true]] as const) {
      const min = unsigned ? 0n : -(2n ** BigInt(bits - 1));
      const max = unsigned ? 2n ** BigInt(bits) - 1n : 2n ** BigInt(bits - 1) - 1n;
      const expected = texts.map((candidate) => {
        if (!(unsigned ? /^(0|[1-9]\d*)$/ : /^-?(0|[1-9]\d*)$/).test(candidate)) return '[TYPE]';
        const value = BigInt(candidate);
        return value < min || value > max ? '[RANGE]' : String(value);
      });
      expect(await cast({ type: { kind: 'integer', bits, unsigned } }, texts)).toEqual(expected);
    }
  });

  test('never rounds a decimal', async () => {
    await expectCasts(DEC, {
      '1.99': '1.99', '1.9': '1.90', '1': '1.00', '-0.01': '-0.01', '.5': '0.50', '-.5': '-0.50', '999.99': '999.99', '-999.99': '-999.99', '0.00': '0.00', '-0.00': '0.00',
      '1.990000': '1.99', '1.999': '[SCALE]', '0.001': '[SCALE]', '1000': '[RANGE]', '1000.001': '[RANGE]', '99999999999999999999999999999999999999999': '[RANGE]',
      '1e2': '[TYPE]', '1.': '[TYPE]', '01.5': '[TYPE]', '+1.5': '[TYPE]', '1,5': '[TYPE]', '1 000.5': '[TYPE]', '$1.50': '[TYPE]', 'NaN': '[TYPE]', '': '[TYPE]', '.': '[TYPE]', '-': '[TYPE]',
    });
  });

  test('agrees with BigInt arithmetic on random decimals of random sizes', async () => {
    const size = fc.integer({ min: 1, max: 38 }).chain((precision) => fc.tuple(fc.constant(precision), fc.integer({ min: 0, max: precision })));
    const sizes = fc.sample(size, { numRuns: 25, seed: 3 });
    for (const [precision, scale] of sizes) {
      const text = fc.tuple(fc.boolean(), fc.bigInt({ min: 0n, max: 10n ** BigInt(precision - scale + 1) }), fc.stringMatching(/^[0-9]{0,40}$/), fc.integer({ min: 0, max: scale + 2 }))
        .map(([negative, whole, fraction, digits]) => `${negative ? '-' : ''}${whole}${fraction.slice(0, digits) === '' ? '' : `.${fraction.slice(0, digits)}`}`);
      const texts = fc.sample(text, { numRuns: 60, seed: precision * 100 + scale });
      const expected = texts.map((candidate) => exactDecimal(candidate, precision, scale));
      expect(await cast({ type: { kind: 'decimal', precision, scale } }, texts)).toEqual(expected);
    }
  });

  test('reads floats to the nearest value, and words only as declared', async () => {
    await expectCasts({ type: { kind: 'float', bits: 64 } }, {
      '1': '1.0', '0.1': '0.1', '-1.5e-7': '-1.5e-07', '1E3': '1000.0', '1e+3': '1000.0', '.5': '0.5', '-0': '-0.0', '0e5': '0.0', '0.000e-400': '0.0', '5e-324': '5e-324', '1.7976931348623157e308': '1.7976931348623157e+308',
      'NaN': 'nan', 'Infinity': 'inf', '-Infinity': '-inf',
      '1e309': '[RANGE]', '-1e400': '[RANGE]', '1e-400': '[RANGE]', '0.0001e-330': '[RANGE]',
      'nan': '[TYPE]', 'inf': '[TYPE]', '+Infinity': '[TYPE]', '1.0d': '[TYPE]', '0x1p3': '[TYPE]', '1e': '[TYPE]', '1_0': '[TYPE]', '': '[TYPE]', '1e99999': '[TYPE]', ' 1': '[TYPE]',
    });
    await expectCasts({ type: { kind: 'float', bits: 32 } }, { '0.1': '0.1', '1e39': '[RANGE]', '1e-50': '[RANGE]', '3.4028234e38': '3.4028235e+38' });
  });

  test('gives the bits that JavaScript gives for random doubles', async () => {
    const values = fc.sample(fc.double({ noNaN: true, noDefaultInfinity: true }), { numRuns: 1000, seed: 5 });
    const of = column({ type: { kind: 'float', bits: 64 } });
    const texts = values.map((value) => (Object.is(value, -0) ? '-0' : String(value)));
    const rows = await duckdb.rows(`SELECT CAST(${duckdbText(of, 't')} AS VARCHAR) FROM (SELECT i, ${duckdbCast(of, 'x')} AS t FROM ${textValues(texts)}) ORDER BY i`);
    expect(rows.map(([text]) => Number(text))).toEqual(values);
  });

  test('gives the float that Math.fround gives for texts of random floats', async () => {
    const values = fc.sample(fc.float({ noNaN: true, noDefaultInfinity: true }), { numRuns: 1000, seed: 6 });
    const of = column({ type: { kind: 'float', bits: 32 } });
    const rows = await duckdb.rows(`SELECT CAST(CAST(t AS DOUBLE) AS VARCHAR) FROM (SELECT i, ${duckdbCast(of, 'x')} AS t FROM ${textValues(values.map(String))}) ORDER BY i`);
    expect(rows.map(([text]) => Number(text))).toEqual(values.map((value) => (Object.is(value, -0) ? 0 : Math.fround(value))));
  });

  test('reads booleans by the declared texts only', async () => {
    await expectCasts({ type: { kind: 'boolean' } }, { 'true': 'true', 'false': 'false', 'True': '[TYPE]', 't': '[TYPE]', '1': '[TYPE]', 'yes': '[TYPE]', '': '[TYPE]' });
    await expectCasts({ type: { kind: 'boolean' }, trueTokens: ['Y', "o'k"], falseTokens: ['N', '.'] }, { 'Y': 'true', "o'k": 'true', 'N': 'false', '.': 'false', 'x': '[TYPE]', 'true': '[TYPE]' });
  });

  test('reads only days of the calendar', async () => {
    await expectCasts(DATE, {
      '2024-02-29': '2024-02-29', '0001-01-01': '0001-01-01', '9999-12-31': '9999-12-31', '2000-02-29': '2000-02-29',
      '2024-02-30': '[TYPE]', '2023-02-29': '[TYPE]', '1900-02-29': '[TYPE]', '2024-04-31': '[TYPE]', '2024-13-01': '[TYPE]', '2024-00-10': '[TYPE]', '0000-01-01': '[TYPE]',
      '2024-01-05 junk': '[TYPE]', '2024-01-05 00:00:00': '[TYPE]', '2024-1-5': '[TYPE]', '2024/01/05': '[TYPE]', '20240105': '[TYPE]', '05.01.2024': '[TYPE]',
      '12024-01-01': '[TYPE]', '2024-01-01 (BC)': '[TYPE]', 'infinity': '[TYPE]', 'epoch': '[TYPE]', '': '[TYPE]',
    });
  });

  test('agrees with the calendar of JavaScript on every combination near month ends', async () => {
    const texts: string[] = [];
    for (const year of ['0001', '0004', '1582', '1600', '1700', '1899', '1900', '1970', '2000', '2023', '2024', '2100', '9999']) {
      for (let month = 0; month <= 13; month += 1) {
        for (const day of [0, 1, 15, 28, 29, 30, 31, 32]) texts.push(`${year}-${two(month)}-${two(day)}`);
      }
    }
    const expected = texts.map((text) => (isDay(text) ? text : '[TYPE]'));
    expect(await cast(DATE, texts)).toEqual(expected);
  });

  test.each([
    ['dd.MM.yyyy', '29.02.2024', '2024-02-29', '30.02.2024'],
    ['yyyyMMdd', '20240105', '2024-01-05', '2024-01-05'],
    ['MM/dd/yyyy', '12/31/1999', '1999-12-31', '31/12/1999'],
    ["'day' dd MM (yyyy)", 'day 05 01 (2024)', '2024-01-05', 'day 05 01 2024'],
    ["dd'|'MM'|'yyyy", '05|01|2024', '2024-01-05', '05x01x2024'],
  ])('reads dates of the form %s', async (format, good, iso, bad) => {
    await expectCasts({ ...DATE, format }, { [good]: iso, [bad]: '[TYPE]', [` ${good}`]: '[TYPE]', [`${good} `]: '[TYPE]' });
  });

  test('keeps clock times without a zone, and refuses an offset there', async () => {
    await expectCasts(STAMP, {
      '2024-01-05 10:00:00': '2024-01-05 10:00:00', '2024-01-05T10:00:00': '2024-01-05 10:00:00', '2024-01-05T10:00:00.5': '2024-01-05 10:00:00.5',
      '2024-01-05T10:00:00.123456': '2024-01-05 10:00:00.123456', '2024-01-05T10:00:00.123456000': '2024-01-05 10:00:00.123456',
      '2024-01-05T10:00:00.1234567': '[TYPE]', '2024-01-05T10:00:00Z': '[TYPE]', '2024-01-05T10:00:00+02:00': '[TYPE]', '2024-01-05 10:00:00 Europe/Berlin': '[TYPE]',
      '2024-01-05T24:00:00': '[TYPE]', '2024-06-30T23:59:60': '[TYPE]', '2024-01-05T10:60:00': '[TYPE]', '2024-02-30T10:00:00': '[TYPE]', '2024-01-05': '[TYPE]',
      '2024-01-05T10:00': '[TYPE]', '2024-01-05  10:00:00': '[TYPE]', '2024-01-05t10:00:00': '[TYPE]',
    });
    await expectCasts({ ...STAMP, format: 'dd.MM.yyyy HH:mm' }, { '05.01.2024 23:59': '2024-01-05 23:59:00', '05.01.2024 24:00': '[TYPE]', '31.04.2024 10:00': '[TYPE]' });
    await expectCasts({ ...STAMP, format: 'yyyyMMddHHmmssSSS' }, { '20240105235959123': '2024-01-05 23:59:59.123', '20240105235959': '[TYPE]' });
  });

  test('turns texts with an offset into instants', async () => {
    const micros = (iso: string, extra = 0): string => String(BigInt(Date.parse(iso)) * 1000n + BigInt(extra));
    await expectCasts(ZONED, {
      '2024-01-05T10:00:00Z': micros('2024-01-05T10:00:00Z'), '2024-01-05 10:00:00+02:00': micros('2024-01-05T08:00:00Z'), '2024-01-05T10:00:00-0930': micros('2024-01-05T19:30:00Z'),
      '2024-01-05T10:00:00.123456+00': micros('2024-01-05T10:00:00Z', 123456), '2024-01-05T00:30:00+14:00': micros('2024-01-04T10:30:00Z'),
      '0001-01-01T00:00:00Z': '-62135596800000000', '9999-12-31T23:59:59.999999Z': '253402300799999999',
      '0001-01-01T00:00:00+14:00': '[TYPE]', '9999-12-31T23:59:59-01:00': '[TYPE]',
      '2024-01-05T10:00:00': '[TYPE]', '2024-01-05T10:00:00 UTC': '[TYPE]', '2024-01-05T10:00:00 Europe/Berlin': '[TYPE]', '2024-01-05T10:00:00+16:00': '[TYPE]', '2024-01-05T10:00:00+02:60': '[TYPE]',
      '2024-01-05T10:00:00z': '[TYPE]', '2024-02-30T10:00:00Z': '[TYPE]', '2024-01-05T10:00:00+2': '[TYPE]',
    });
    await expectCasts({ ...ZONED, format: 'dd.MM.yyyy HH:mm:ss X' }, { '05.01.2024 10:00:00 +0200': micros('2024-01-05T08:00:00Z'), '05.01.2024 10:00:00': '[TYPE]' });
    await expectCasts({ ...ZONED, format: 'yyyy-MM-dd HH:mm:ssXXX' }, { '2024-01-05 10:00:00+02:00': micros('2024-01-05T08:00:00Z'), '2024-01-05 10:00:00+0200': '[TYPE]' });
    await expectCasts({ ...ZONED, format: "yyyy-MM-dd'T'HH:mm:ss'Z'" }, { '2024-01-05T10:00:00Z': micros('2024-01-05T10:00:00Z'), '2024-01-05T10:00:00+02:00': '[TYPE]' });
  });

  test('agrees with Date on random instants, in a session of another zone too', async () => {
    const sample = fc.sample(fc.tuple(fc.date({ min: new Date('0002-01-01T00:00:00Z'), max: new Date('9998-12-31T23:59:59Z'), noInvalidDate: true }), fc.integer({ min: -15 * 60 - 59, max: 15 * 60 + 59 })), { numRuns: 500, seed: 9 });
    const texts = sample.map(([date, minutes]) => {
      const local = new Date(date.getTime() + minutes * 60_000).toISOString().replace('Z', '');
      return `${local}${minutes < 0 ? '-' : '+'}${two(Math.floor(Math.abs(minutes) / 60))}:${two(Math.abs(minutes) % 60)}`;
    });
    const expected = sample.map(([date]) => String(BigInt(date.getTime()) * 1000n));
    await duckdb.run("SET TimeZone = 'Asia/Kolkata'");
    try {
      expect(await cast(ZONED, texts)).toEqual(expected);
    } finally {
      await duckdb.run("SET TimeZone = 'UTC'");
    }
  });

  test('reads times of day as microseconds since midnight', async () => {
    await expectCasts(TIME, { '00:00:00': '0', '23:59:59.999999': '86399999999', '10:00:00.5': '36000500000', '24:00:00': '[TYPE]', '10:00': '[TYPE]', '10:00:00Z': '[TYPE]', '1:00:00': '[TYPE]', '10:00:00 PM': '[TYPE]' });
    await expectCasts({ ...TIME, format: 'HHmm' }, { '0930': '34200000000', '9:30': '[TYPE]' });
  });

  test('keeps texts byte for byte, and refuses the one character PostgreSQL cannot hold', async () => {
    const texts = ['', ' ', 'a\nb', '  x ', "it's", 'é', 'e\u0301', '👍🏽', '\u202e', 'NULL', '\\N', '"'];
    expect(await cast({ type: { kind: 'string' } }, texts)).toEqual(texts);
    const rows = await duckdb.rows(`SELECT ${columnReject(column({ type: { kind: 'string' } }), { raw: 'x', typed: 't' })} FROM (SELECT x, ${duckdbCast(column({ type: { kind: 'string' } }), 'x')} AS t FROM (SELECT 'a' || chr(0) AS x))`);
    expect(rows).toEqual([['TYPE']]);
  });

  test('reads uuids in any case and keeps them in lower case', async () => {
    await expectCasts({ type: { kind: 'uuid' } }, {
      '3F2504E0-4F89-11D3-9A0C-0305E82C3301': '3f2504e0-4f89-11d3-9a0c-0305e82c3301',
      '3f2504e04f8911d39a0c0305e82c3301': '[TYPE]', '{3f2504e0-4f89-11d3-9a0c-0305e82c3301}': '[TYPE]', '3f2504e0-4f89-11d3-9a0c-0305e82c330': '[TYPE]', '': '[TYPE]',
    });
  });

  test('reads canonical base64 only', async () => {
    await expectCasts({ type: { kind: 'binary' } }, { '': '', 'AP8=': '00FF', 'QQ==': '41', 'AAAA': '000000', 'QR==': '[TYPE]', 'AP9=': '[TYPE]', 'QQ': '[TYPE]', 'A P8': '[TYPE]', '_-__': '[TYPE]' });
    const buffers = fc.sample(fc.uint8Array({ maxLength: 40 }), { numRuns: 300, seed: 2 }).map((bytes) => Buffer.from(bytes));
    expect(await cast({ type: { kind: 'binary' } }, buffers.map((bytes) => bytes.toString('base64')))).toEqual(buffers.map((bytes) => bytes.toString('hex').toUpperCase()));
  });

  test('has the type that the type table says', async () => {
    const types: Column['type'][] = [
      { kind: 'string' }, { kind: 'string', length: 5 }, I32.type, { kind: 'integer', bits: 8, unsigned: true }, { kind: 'integer', bits: 64, unsigned: true }, DEC.type, { kind: 'decimal', precision: 38, scale: 10 },
      { kind: 'float', bits: 32 }, { kind: 'float', bits: 64 }, { kind: 'boolean' }, DATE.type, STAMP.type, ZONED.type, TIME.type, { kind: 'uuid' }, { kind: 'binary' },
    ];
    for (const type of types) {
      expect(await duckdb.rows(`SELECT typeof(${duckdbCast(column({ type }), 'x')}) FROM (SELECT NULL::VARCHAR AS x)`)).toEqual([[duckdbType(type)]]);
    }
  });
});

describe('duckdbText', () => {
  const cases: [string, Given, string[]][] = [
    ['integers', I32, ['-2147483648', '0', '7']],
    ['decimals', { type: { kind: 'decimal', precision: 38, scale: 9 } }, ['12345678901234567890123456789.123456789', '-0.000000001']],
    ['floats', { type: { kind: 'float', bits: 64 } }, ['NaN', 'Infinity', '-Infinity', '0.1', '1e+22', '5e-324']],
    ['booleans', { type: { kind: 'boolean' } }, ['true', 'false']],
    ['dates', DATE, ['0001-01-01', '2024-02-29', '9999-12-31']],
    ['timestamps', STAMP, ['0001-01-01 00:00:00.000000', '2024-01-05 10:00:00.123456', '9999-12-31 23:59:59.999999']],
    ['instants', ZONED, ['0001-01-01 00:00:00.000000+00', '2024-01-05 10:00:00.123456+00', '9999-12-31 23:59:59.999999+00']],
    ['times', TIME, ['00:00:00.000000', '23:59:59.999999']],
    ['texts', { type: { kind: 'string' } }, ['', "it's", '👍']],
    ['uuids', { type: { kind: 'uuid' } }, ['3f2504e0-4f89-11d3-9a0c-0305e82c3301']],
    ['binary', { type: { kind: 'binary' } }, ['', 'AP8=']],
  ];
  test.each(cases)('gives back the canonical text of %s in any session zone', async (_name, given, texts) => {
    const of = column(given);
    await duckdb.run("SET TimeZone = 'America/New_York'");
    const rows = await duckdb.rows(`SELECT ${duckdbText(of, 't')} FROM (SELECT i, ${duckdbCast(of, 'x')} AS t FROM ${textValues(texts)}) ORDER BY i`).finally(() => duckdb.run("SET TimeZone = 'UTC'"));
    expect(rows.map(([text]) => text)).toEqual(texts);
    for (const text of texts) expect(matchesGrammar(lexicalGrammar(of), text)).toBe(true);
  });
});

function two(value: number): string {
  return String(value).padStart(2, '0');
}

function isDay(text: string): boolean {
  const [year = 0, month = 0, day = 0] = text.split('-').map(Number);
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const days = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
  return day >= 1 && day <= (days[month - 1] ?? 0);
}

function exactDecimal(text: string, precision: number, scale: number): string {
  const negative = text.startsWith('-');
  const [whole = '', fraction = ''] = text.replace('-', '').split('.');
  const kept = fraction.replace(/0+$/, '');
  if (whole.replace(/^0+/, '').length > precision - scale) return '[RANGE]';
  if (kept.length > scale) return '[SCALE]';
  const unscaled = BigInt(whole + kept.padEnd(scale, '0')) * (negative ? -1n : 1n);
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0');
  const sign = unscaled < 0n ? '-' : '';
  return scale === 0 ? `${sign}${digits}` : `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}
