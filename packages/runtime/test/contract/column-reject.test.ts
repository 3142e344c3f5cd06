import { columnReject, duckdbCast, rejectReason, REJECT_CODES, withDefault, type Column, type ColumnRejectCode } from '../../src/contract';
import { columnOf } from '../_fixtures/dataset';
import { startTestDuckDb, textValues, type TestDuckDb } from '../_fixtures/duckdb';

let duckdb: TestDuckDb;
beforeAll(async () => {
  duckdb = await startTestDuckDb();
});
afterAll(() => duckdb.close());

async function codes(column: Column, texts: readonly (string | null)[], partition = false): Promise<(string | null)[]> {
  const raw = withDefault(column, 'x');
  const rows = await duckdb.rows(`SELECT ${columnReject(column, { raw: 'raw', typed: 'typed', partition })}
    FROM (SELECT i, raw, ${duckdbCast(column, 'raw')} AS typed FROM (SELECT i, ${raw} AS raw FROM ${textValues(texts)})) ORDER BY i`);
  return rows.map(([code]) => code ?? null);
}

const string = (rest: Partial<Column> = {}): Column => columnOf('c', { kind: 'string' }, rest);
const i32 = (rest: Partial<Column> = {}): Column => columnOf('c', { kind: 'integer', bits: 32 }, rest);
const f64 = (rest: Partial<Column> = {}): Column => columnOf('c', { kind: 'float', bits: 64 }, rest);
const decimal = (rest: Partial<Column> = {}): Column => columnOf('c', { kind: 'decimal', precision: 38, scale: 2 }, rest);

describe('columnReject', () => {
  test.each<[string, Column, Record<string, string | null>]>([
    ['lengths in code points', string({ minLength: 2, maxLength: 3 }), { 'a': 'LENGTH', 'ab': null, 'abc': null, 'abcd': 'LENGTH', '👍👍': null, '👍': 'LENGTH', 'e\u0301': null, '': 'LENGTH' }],
    ['the length of varchar(n)', columnOf('c', { kind: 'string', length: 2 }, { maxLength: 5 }), { 'ab': null, 'abc': 'LENGTH' }],
    ['a pattern, unanchored', string({ pattern: '[A-Z]{3}' }), { 'ABC': null, 'xABCx': null, 'AbC': 'PATTERN', '': 'PATTERN' }],
    ['a pattern, anchored', string({ pattern: '^[A-Z]{3}$' }), { 'ABC': null, 'ABC\n': 'PATTERN', '\nABC': 'PATTERN' }],
    ['length before pattern', string({ maxLength: 2, pattern: '^[a-z]+$' }), { 'ABC': 'LENGTH', 'AB': 'PATTERN' }],
    ['inclusive bounds', i32({ minimum: '-5', maximum: '5' }), { '-5': null, '5': null, '-6': 'RANGE', '6': 'RANGE' }],
    ['exclusive bounds', i32({ exclusiveMinimum: '-5', exclusiveMaximum: '5' }), { '-5': 'RANGE', '5': 'RANGE', '-4': null, '4': null }],
    ['bounds of 64 bits exactly', columnOf('c', { kind: 'integer', bits: 64 }, { maximum: '9007199254740992' }), { '9007199254740992': null, '9007199254740993': 'RANGE' }],
    ['decimal bounds exactly', decimal({ maximum: '123456789012345678901234567890.12' }), { '123456789012345678901234567890.12': null, '123456789012345678901234567890.13': 'RANGE' }],
    ['multiples', i32({ multipleOf: '5' }), { '0': null, '-10': null, '5': null, '7': 'MULTIPLE' }],
    ['decimal multiples exactly', decimal({ multipleOf: '0.05' }), { '123456789012345678901234567890.15': null, '123456789012345678901234567890.16': 'MULTIPLE', '-0.05': null }],
    ['NaN outside any bound', f64({ minimum: '0' }), { '1': null, '-1': 'RANGE', 'NaN': 'RANGE', 'Infinity': null, '-Infinity': 'RANGE' }],
    ['NaN without a bound', f64(), { 'NaN': null }],
    ['bounds of dates, whatever their format', columnOf('c', { kind: 'date' }, { format: 'dd.MM.yyyy', minimum: '2024-01-01' }), { '01.01.2024': null, '31.12.2023': 'RANGE', '2024-01-01': 'TYPE' }],
    ['bounds of times', columnOf('c', { kind: 'time' }, { maximum: '12:00:00' }), { '12:00:00': null, '12:00:00.000001': 'RANGE' }],
    ['bounds of instants', columnOf('c', { kind: 'timestamp', zoned: true }, { minimum: '2024-01-01T00:00:00Z' }), { '2024-01-01T02:00:00+02:00': null, '2024-01-01T01:59:59.999999+02:00': 'RANGE' }],
  ])('checks %s', async (_name, column, table) => {
    const texts = Object.keys(table);
    const found = await codes(column, texts);
    expect(Object.fromEntries(texts.map((text, index) => [text, found[index]]))).toEqual(table);
  });

  test('tells required columns from nullable ones', async () => {
    expect(await codes(string({ required: true, minLength: 1, pattern: 'a' }), [null, 'a'])).toEqual(['REQUIRED', null]);
    expect(await codes(string({ minLength: 1, pattern: 'a' }), [null, 'a'])).toEqual([null, null]);
  });

  test('puts the default in place of NULL before it judges', async () => {
    expect(await codes(i32({ required: true, default: '7', maximum: '6' }), [null, '5'])).toEqual(['RANGE', null]);
    expect(await codes(string({ required: true, default: "it's" }), [null])).toEqual([null]);
  });

  test('refuses the empty text in a partition column only', async () => {
    expect(await codes(string(), ['', 'a', null], true)).toEqual(['PARTITION', null, null]);
    expect(await codes(string(), ['', 'a', null])).toEqual([null, null, null]);
  });

  test('holds a pattern with quotes and backslashes', async () => {
    expect(await codes(string({ pattern: "^it's \\\\ \"x\"$" }), ['it\'s \\ "x"', 'its'])).toEqual([null, 'PATTERN']);
  });
});

describe('rejectReason', () => {
  const cases: [ColumnRejectCode, Column, string][] = [
    ['REQUIRED', string(), 'c is required and was NULL'],
    ['TYPE', decimal(), 'c is no decimal(38,2)'],
    ['TYPE', columnOf('c', { kind: 'date' }, { format: 'dd.MM.yyyy' }), 'c is no date of the form dd.MM.yyyy'],
    ['SCALE', decimal(), 'c has more than 2 digits after the point'],
    ['RANGE', i32({ minimum: '0', exclusiveMaximum: '10' }), 'c must fit integer i32 and be >= 0 and < 10'],
    ['RANGE', i32(), 'c must fit integer i32'],
    ['LENGTH', string({ minLength: 2, maxLength: 3 }), 'c must have 2 to 3 characters'],
    ['LENGTH', string({ minLength: 2 }), 'c must have at least 2 characters'],
    ['LENGTH', columnOf('c', { kind: 'string', length: 9 }), 'c must have at most 9 characters'],
    ['PATTERN', string({ pattern: '^a$' }), 'c must match ^a$'],
    ['MULTIPLE', i32({ multipleOf: '5' }), 'c must be a multiple of 5'],
    ['PARTITION', string(), 'c: the value of a partition column is empty, which a path cannot tell from NULL'],
  ];
  test.each(cases)('says for %s what the rule is', (code, column, reason) => {
    expect(rejectReason(code, column)).toBe(reason);
  });

  test('has a sentence for every code that a column can give', () => {
    const ofColumns = Object.entries(REJECT_CODES).filter(([, { level }]) => level === 'column').map(([code]) => code);
    expect([...new Set(cases.map(([code]) => code))].sort()).toEqual(ofColumns.sort());
  });
});
