import * as fc from 'fast-check';
import { COLUMNS, picker, randomExpression, randomRow, textOf } from '../_fixtures/random-expression';
import { RowsBench } from '../_fixtures/rows-bench';
import type { Expression } from '../../../src/contract/expression/expression';
import { EXPRESSION_FUNCTIONS } from '../../../src/contract/expression/expression-functions';
import { testContract, type ColumnSpec, type DatasetSpec } from '../_fixtures/contract-text';

/** `[expression, type, value of each record]`; a value of the record `{ code }` is a reject. */
type Case = readonly [expression: string, type: string, ...values: (string | null)[]];

const SOURCES: readonly ColumnSpec[] = [
  { name: 'n', type: 'i32' }, { name: 'big', type: 'integer' }, { name: 'u', type: 'u64' }, { name: 'd', type: 'decimal(5,2)' }, { name: 'small', type: 'decimal(2,2)' }, { name: 's', type: 'string' },
  { name: 'e', type: 'string' }, { name: 'b', type: 'boolean' }, { name: 'day', type: 'date' }, { name: 't', type: 'timestamp' }, { name: 'z', type: 'zoned' }, { name: 'f', type: 'number' },
  { name: 'g', type: 'f32' }, { name: 'clock', type: 'time' }, { name: 'key', type: 'string', more: 'logicalTypeOptions: { format: uuid }' },
];

/** Three records: of extremes, of what is before all epochs, and of nothing. */
const RECORDS = [
  '2147483647,9223372036854775807,18446744073709551615,999.99,-0.50,a😀ßÄbc,"",true,9999-12-31,9999-12-31T23:59:59.999999,1970-01-01T01:00:00+02:00,-0.0,0.1,23:59:59.999999,AAAAAAAA-0000-0000-0000-000000000000',
  '-2147483648,-9223372036854775808,0,-0.00,0.00,e\u0301I i,x,false,0001-01-01,0001-01-01T00:59:59.000001,1969-12-31T23:59:59.999999Z,NaN,-Infinity,00:00:00,00000000-0000-0000-0000-00000000000f',
  ',,,,,,,,,,,,,,',
];

/** Worked out by hand, with the definitions of docs/expressions.md. */
const CASES: readonly Case[] = [
  // comparison
  ['n = 2147483647', 'boolean', 'true', 'false', null], ['n <> big', 'boolean', 'true', 'true', null], ['d < 0.01', 'boolean', 'false', 'true', null], ['big <= u', 'boolean', 'true', 'true', null],
  ['u > 18446744073709551614', 'boolean', 'true', 'false', null], ['d >= -0', 'boolean', 'true', 'true', null], ['d = 999.990', 'boolean', 'true', 'false', null],
  ["s > 'a'", 'boolean', 'true', 'true', null], ["'a😀' < 'a\uffee'", 'boolean', 'false', 'false', 'false'], ["e = ''", 'boolean', 'true', 'false', null],
  ["day = DATE '9999-12-31'", 'boolean', 'true', 'false', null], ["t > TIMESTAMP '0001-01-01T00:59:59'", 'boolean', 'true', 'true', null],
  ["z = TIMESTAMP '1969-12-31 23:00:00Z'", 'boolean', 'true', 'false', null], ["z < TIMESTAMP '1970-01-01T02:00:00+02:00'", 'boolean', 'true', 'true', null],
  ['f = f', 'boolean', 'true', 'true', null], ['b = TRUE', 'boolean', 'true', 'false', null], ['clock > clock', 'boolean', 'false', 'false', null], ['key = key', 'boolean', 'true', 'true', null],
  ['n IS NULL', 'boolean', 'false', 'false', 'true'], ['n IS NOT NULL', 'boolean', 'true', 'true', 'false'],
  ['n IN (1, 2147483647, NULL)', 'boolean', 'true', null, null], ['n NOT IN (1, NULL)', 'boolean', null, null, null], ["e IN ('x', '')", 'boolean', 'true', 'true', null], ['n NOT IN (0)', 'boolean', 'true', 'true', null],
  ['d BETWEEN 0 AND 1000', 'boolean', 'true', 'true', null], ['n BETWEEN 1 AND NULL', 'boolean', null, 'false', null], ['n NOT BETWEEN 0 AND big', 'boolean', 'false', 'true', null],
  // three-valued logic
  ['b AND n IS NULL', 'boolean', 'false', 'false', null], ['b OR n IS NULL', 'boolean', 'true', 'false', 'true'], ['NOT b', 'boolean', 'false', 'true', null], ['b AND NULL', 'boolean', null, 'false', null],
  ['b OR NULL', 'boolean', 'true', null, null], ['NOT b AND b OR TRUE', 'boolean', 'true', 'true', 'true'], ['NOT (b OR TRUE)', 'boolean', 'false', 'false', 'false'],
  // choices
  ['COALESCE(n, 0)', 'i32', '2147483647', '-2147483648', '0'], ["COALESCE(NULLIF(e, ''), 'none')", 'string', 'none', 'x', 'none'], ['COALESCE(NULL, d, 1)', 'decimal(5,2)', '999.99', '0.00', '1.00'],
  ['COALESCE(f, f)', 'number', '-0.0', 'nan', null], ['COALESCE(g, g)', 'number', '0.10000000149011612', '-inf', null], ['NULLIF(d, 0)', 'decimal(5,2)', '999.99', null, null], ['NULLIF(n, 2147483647.00)', 'i32', null, '-2147483648', null],
  ["CASE WHEN b THEN 'yes' WHEN NOT b THEN 'no' END", 'string', 'yes', 'no', null], ['CASE WHEN NULL THEN 1 WHEN n > 0 THEN 2.50 ELSE 3 END', 'decimal(3,2)', '2.50', '3.00', '3.00'], ['CASE WHEN b THEN clock ELSE NULL END', 'time', '86399999999', null, null],
  // arithmetic
  ['n + 1', 'integer', '2147483648', '-2147483647', null], ['n - big', 'decimal(20,0)', '-9223372034707292160', '9223372034707292160', null], ['big * big', 'decimal(38,0)', '85070591730234615847396907784232501249', '85070591730234615865843651857942052864', null], ['d * small', 'decimal(7,4)', '-499.9950', '0.0000', null],
  ['d - 0.005', 'decimal(7,3)', '999.985', '-0.005', null], ['-small', 'decimal(2,2)', '.50', '.00', null], ['-d', 'decimal(5,2)', '-999.99', '0.00', null], ['d + d * 2 - -1', 'decimal(8,2)', '3000.97', '1.00', null], ['small * small * small', 'decimal(6,6)', '-.125000', '.000000', null],
  ['2 - 1 - 1', 'i32', '0', '0', '0'], ['(2 - (1 - 1)) * 007', 'i32', '14', '14', '14'],
  // texts
  ["s || '|' || e", 'string', 'a😀ßÄbc|', 'e\u0301I i|x', null], ['SUBSTRING(s, 2, 2)', 'string', '😀ß', '\u0301I', null], ['SUBSTRING(s, 6, 100)', 'string', 'c', '', null], ['SUBSTRING(s, 99)', 'string', '', '', null], ['SUBSTRING(s, 1, 0)', 'string', '', '', null], ['SUBSTRING(s, 5)', 'string', 'bc', 'i', null],
  ["REPLACE(s, 'ß', 'ss')", 'string', 'a😀ssÄbc', 'e\u0301I i', null], ["REPLACE(s, '', 'x')", 'string', 'a😀ßÄbc', 'e\u0301I i', null], ["REPLACE('aaa', 'aa', 'b')", 'string', 'ba', 'ba', 'ba'], ["REPLACE('it''s', '''', '')", 'string', 'its', 'its', 'its'],
  ['CHAR_LENGTH(s)', 'i32', '6', '5', null], ['CHAR_LENGTH(e)', 'i32', '0', '1', null], ['UPPER(s)', 'string', 'A😀ßÄBC', 'E\u0301I I', null], ['LOWER(s)', 'string', 'a😀ßÄbc', 'e\u0301i i', null], ["UPPER('ßiıſ')", 'string', 'ßIıſ', 'ßIıſ', 'ßIıſ'], ["LOWER('İK\u212a')", 'string', 'İk\u212a', 'İk\u212a', 'İk\u212a'],
  // dates
  ['YEAR(t)', 'i32', '9999', '1', null], ['MONTH(z)', 'i32', '12', '12', null], ['DAY(day)', 'i8', '31', '1', null], ['YEAR(z) * 10000 + MONTH(z) * 100 + DAY(z)', 'i32', '19691231', '19691231', null],
  ["DATE_TRUNC('day', z)", 'date', '1969-12-31', '1969-12-31', null], ["DATE_TRUNC('day', t)", 'date', '9999-12-31', '0001-01-01', null], ["DATE_TRUNC('month', day)", 'date', '9999-12-01', '0001-01-01', null], ["DATE_TRUNC('year', t)", 'date', '9999-01-01', '0001-01-01', null],
  ["DATE_TRUNC('hour', t)", 'timestamp', '9999-12-31 23:00:00', '0001-01-01 00:00:00', null], ["DATE_TRUNC('hour', z)", 'zoned', '1969-12-31 23:00:00+00', '1969-12-31 23:00:00+00', null], ["DATE_TRUNC('day', day)", 'date', '9999-12-31', '0001-01-01', null],
  // casts
  ['CAST(z AS date)', 'date', '1969-12-31', '1969-12-31', null], ['CAST(day AS timestamp)', 'timestamp', '9999-12-31 00:00:00', '0001-01-01 00:00:00', null], ['CAST(n AS decimal(12,2))', 'decimal(12,2)', '2147483647.00', '-2147483648.00', null],
  ['CAST(d AS string)', 'string', '999.99', '0.00', null], ['CAST(small AS string)', 'string', '-0.50', '0.00', null], ['CAST(n AS string)', 'string', '2147483647', '-2147483648', null], ['CAST(day AS string)', 'string', '9999-12-31', '0001-01-01', null], ['CAST(b AS string)', 'string', 'true', 'false', null],
  ['CAST(key AS string)', 'string', 'aaaaaaaa-0000-0000-0000-000000000000', '00000000-0000-0000-0000-00000000000f', null], [`CAST(small * .${'1'.padStart(36, '0')} AS string)`, 'string', `-0.${'50'.padStart(38, '0')}`, `0.${''.padStart(38, '0')}`, null],
  ['CAST(NULL AS string)', 'string', null, null, null],
];

describe('computed columns', () => {
  let bench: RowsBench;

  beforeAll(async () => { bench = await RowsBench.start(); });
  afterAll(async () => { await bench.close(); });

  const computed = (cases: readonly (readonly [string, string])[]): DatasetSpec => ({
    columns: [...SOURCES, ...cases.map(([expression, type], index) => ({ name: `c${index}`, type, more: `transformLogic: ${JSON.stringify(expression)}` }))],
  });

  test('are shown for every function of the list', () => {
    const dataset = testContract(computed(CASES.map(([expression, type]) => [expression, type]))).datasets[0]!;
    const called = new Set(dataset.columns.flatMap((column) => (column.computed === undefined ? [] : calls(column.computed))));
    expect([...called].sort()).toEqual([...EXPRESSION_FUNCTIONS.map(({ name }) => name), 'CAST'].sort());
  });

  test('have the values that the definitions say', async () => {
    const { rows } = await bench.curate(computed(CASES.map(([expression, type]) => [expression, type])), `${SOURCES.map(({ name }) => name).join(',')}\n${RECORDS.join('\n')}\n`);
    const found = CASES.map(([expression], index) => [expression, ...rows.map((row) => row[SOURCES.length + index])]);
    expect(found).toEqual(CASES.map(([expression, , ...values]) => [expression, ...values]));
  });

  test('are checked like columns that are read, after those', async () => {
    const check = (name: string, type: string, expression: string, more: string): ColumnSpec => ({ name, type, more: `transformLogic: ${JSON.stringify(expression)}\n        ${more}` });
    const columns: ColumnSpec[] = [
      check('pattern', 'string', 's', 'logicalTypeOptions: { pattern: "^[a-z]*$" }'), check('short', 'string', 's || s', 'physicalType: varchar(6)'), check('needed', 'i32', 'NULLIF(n, 0)', 'required: true'),
      check('narrow', 'i8', 'n', 'description: narrow'), check('unsigned', 'u32', 'n', 'description: unsigned'), check('even', 'decimal(12,1)', 'n + 0.5', 'logicalTypeOptions: { multipleOf: 0.5, maximum: 100 }'),
      check('folder', 'string', "REPLACE(s, 'x', '')", 'partitioned: true'), { name: 'n', type: 'i32' }, { name: 's', type: 'string' },
    ];
    // The header names the fields that there are, in the order of the contract.
    const { rows, quarantine } = await bench.curate({ columns }, 'n,s\n1,abc\n1,ABC\n1,abcd\n0,a\n128,a\n-1,a\n100,a\n1,xx\n,A\n1e3,A\n');
    expect(rows).toEqual([['abc', 'abcabc', '1', '1', '1', '1.5', 'abc', '1', 'abc']]);
    expect(quarantine.map(({ line, column, code, reason }) => [line, column, code, reason])).toEqual([
      [3, 'pattern', 'PATTERN', 'pattern must match ^[a-z]*$'], [4, 'short', 'LENGTH', 'short must have at most 6 characters'], [5, 'needed', 'REQUIRED', 'needed is required and was NULL'],
      [6, 'narrow', 'RANGE', 'narrow must fit integer i8'], [7, 'unsigned', 'RANGE', 'unsigned must fit integer u32'], [8, 'even', 'RANGE', 'even must fit decimal(12,1) and be <= 100'],
      [9, 'folder', 'PARTITION', expect.stringContaining('folder: ') as string], [10, 'pattern', 'PATTERN', 'pattern must match ^[a-z]*$'], [11, 'n', 'TYPE', 'n is no integer i32'],
    ]);
  });

  test.each(['none', 'subset'])('are no fields of the source with header: %s, and doubted texts beside them are cast with all checks', async (header) => {
    const columns: ColumnSpec[] = [
      { name: 'twice', type: 'integer', more: 'transformLogic: "n * 2"' }, { name: 'day', type: 'date' }, { name: 'month', type: 'date', more: 'transformLogic: "DATE_TRUNC(\'month\', day)"' }, { name: 'n', type: 'i32' },
    ];
    const lines = Array.from({ length: 3_000 }, (_, line) => (line % 500 === 250 ? `2024-02-30,${line}` : line % 500 === 251 ? `2024-02-29,0${line}` : `2024-02-29,${line}`));
    const { rows, quarantine } = await bench.curate({ columns, record: `header: ${header}` }, `${header === 'none' ? '' : 'day,n\n'}${lines.join('\n')}\n`);
    expect(quarantine.map(({ column, code }) => `${column} ${code}`)).toEqual(Array.from({ length: 6 }, () => ['day TYPE', 'n TYPE']).flat());
    expect(rows).toHaveLength(2_988);
    expect(rows.filter(([twice, day, month, n]) => Number(twice) !== 2 * Number(n) || day !== '2024-02-29' || month !== '2024-02-01')).toEqual([]);
  });

  test('have the values that an interpreter of their own gives them, for random expressions over random records', async () => {
    await fc.assert(fc.asyncProperty(fc.nat(), async (seed) => {
      const pick = picker(seed);
      const expressions = Array.from({ length: 40 }, () => randomExpression(pick));
      const records = Array.from({ length: 40 }, () => randomRow(pick));
      const declared = ({ kind, scale }: (typeof expressions)[number]): string => (kind === 'number' ? `decimal(38,${scale})` : kind);
      const columns = [...COLUMNS, ...expressions.map((expression, index) => ({ name: `c${index}`, type: declared(expression), more: `transformLogic: ${JSON.stringify(expression.text)}` }))];
      const { rows, quarantine } = await bench.curate({ columns }, `${COLUMNS.map(({ name }) => name).join(',')}\n${records.map(({ line }) => line).join('\n')}\n`);
      expect(quarantine).toEqual([]);
      expressions.forEach(({ text, kind, scale, value }, index) => {
        const found = rows.map((row) => row[COLUMNS.length + index]!);
        const wanted = records.map(({ row }) => (kind === 'number' ? textOf(value(row), scale) : textOf(value(row))));
        expect([text, ...found]).toEqual([text, ...kind === 'timestamp' ? wanted.map(plain) : wanted]);
      });
    }), { numRuns: 6, endOnFailure: true });
  });
});

function calls(expression: Expression): string[] {
  if (expression.node === 'widen') return calls(expression.of);
  return expression.node === 'call' ? [expression.name, ...expression.args.flatMap(calls)] : [];
}

/** The engine writes no needless zeros of a second. */
function plain(timestamp: string | null): string | null {
  return timestamp?.replace(/(\.\d*?)0+$/, '$1').replace(/\.$/, '') ?? null;
}
