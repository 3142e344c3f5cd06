import type { ColumnType } from '../../src/contract';
import { computedLevels } from '../../src/contract/expression/computed-order';
import { expressionTypeName } from '../../src/contract/expression/expression';
import { parseExpression } from '../../src/contract/expression/parse-expression';
import { testContract } from '../curate/_fixtures/contract-text';

const COLUMNS = new Map<string, ColumnType>([
  ['n', { kind: 'integer', bits: 32 }], ['big', { kind: 'integer', bits: 64 }], ['d', { kind: 'decimal', precision: 10, scale: 2 }], ['wide', { kind: 'decimal', precision: 38, scale: 0 }],
  ['fine', { kind: 'decimal', precision: 38, scale: 38 }], ['s', { kind: 'string' }], ['b', { kind: 'boolean' }], ['day', { kind: 'date' }], ['t', { kind: 'timestamp', zoned: false }],
  ['z', { kind: 'timestamp', zoned: true }], ['f', { kind: 'float', bits: 64 }], ['u', { kind: 'uuid' }], ['raw', { kind: 'binary' }],
]);

function told(text: string): string {
  const result = parseExpression(text, COLUMNS);
  if ('expression' in result) return expressionTypeName(result.expression.type);
  const { position, found, message, fix } = result.trouble;
  return `${position}: ${message} (found ${found}). Fix: ${fix}`;
}

describe('the type of an expression', () => {
  test.each([
    ['n', 'integer of 10 digits'], ['n + 1', 'integer of 11 digits'], ['n + 1 - 1 + 1', 'integer of 13 digits'], ['n * d', 'decimal(20,2)'], ['d * d', 'decimal(20,4)'], ['d + 0.125', 'decimal(12,3)'],
    ['n * n + n', 'integer of 21 digits'], ['-d', 'decimal(10,2)'], ['.5', 'decimal(1,1)'], ['0.50', 'decimal(2,2)'], ['10.', 'integer of 2 digits'], ['007', 'integer of 1 digit'], ['NULL', 'NULL'],
    ['COALESCE(n, 0.5)', 'decimal(11,1)'], ['NULLIF(n, 0.5)', 'integer of 10 digits'], ['CASE WHEN b THEN NULL ELSE d END', 'decimal(10,2)'], ['CASE WHEN b THEN day END', 'date'], ['COALESCE(u, u)', 'uuid'], ['COALESCE(raw, raw)', 'binary'],
    ["s || 'x'", 'string'], ['CHAR_LENGTH(s)', 'integer of 10 digits'], ['year(z)', 'integer of 4 digits'], ["Date_Trunc('hour', z)", 'timestamp with zone'], ["DATE_TRUNC('hour', t)", 'timestamp'], ["DATE_TRUNC('month', z)", 'date'],
    ['CAST(n AS decimal(12,2))', 'decimal(12,2)'], ['CAST(n AS Decimal(10))', 'integer of 10 digits'], ['CAST(day AS timestamp)', 'timestamp'], ['CAST(z AS date)', 'date'], ['n > 1 AND NOT b OR s IN (\'a\', s)', 'boolean'], ['"day" IS NULL', 'boolean'], ['f = f', 'boolean'],
    [Array.from({ length: 400 }, () => 'b').join(' AND '), 'boolean'],
  ])('%s', (text, type) => {
    expect(told(text)).toBe(type);
  });
});

describe('what is no expression', () => {
  test.each([
    ['', '1: expected an expression (found the end)'], ['  ', '3: expected an expression (found the end)'],
    ['s = 1', '5: = takes values of one type, and this is integer of 1 digit where string is before it (found 1). Fix: write numbers without quotes and texts in quotes, or CAST(number AS string)'],
    ["day = '2024-01-01'", "7: = takes values of one type, and this is string where date is before it (found '2024-01-01'). Fix: write DATE '2024-12-31' for a date"],
    ['t = z', '5: = takes values of one type, and this is timestamp with zone where timestamp is before it'], ['day < t', 'Fix: write CAST(timestamp AS date), or CAST(date AS timestamp)'],
    ['f > 0', 'Fix: declare the column as decimal(p,s): a float has no exact comparison with other numbers'], ['f + f', '1: + takes an integer or decimal, and this is number f64 (found f)'],
    ['b < b', '1: a boolean has no order that every engine shares, so < has no meaning for it (found b). Fix: write = or <>'], ['u BETWEEN u AND u', 'a uuid has no order'],
    ['n = NULL', '5: = with NULL has one and the same answer for every record (found NULL). Fix: write IS NULL'], ['NULL IN (NULL)', '1: IN of NULL is always NULL'], ['COALESCE(NULL, NULL)', 'COALESCE has nothing but NULL to give'],
    ['n AND b', '1: AND takes a boolean, and this is integer of 10 digits (found n). Fix: write a condition, such as amount > 0'], ['NOT s', '5: NOT takes a boolean'], ['CASE WHEN s THEN 1 END', 'WHEN takes a boolean, and this is string'],
    ["CASE WHEN b THEN 1 ELSE 'x' END", "25: CASE takes values of one type, and this is string where integer of 1 digit is before it (found 'x')"], ['CASE n WHEN 1 THEN 2 END', '6: expected WHEN (found n)'], ['CASE WHEN b THEN 1', '19: expected END (found the end)'],
    ['wide + 1', '1: integer of 38 digits + integer of 1 digit may need 39 digits, and numbers have at most 38 (found wide + 1). Fix: declare columns with as many digits as the data has'], ['big * big * n', 'may need 48 digits'],
    ['wide = fine', '8: = of integer of 38 digits and decimal(38,38) needs 76 digits'], [`n = ${'9'.repeat(39)}`, 'a number has at most 38 digits'], ['n / 2', '3: "/" is not part of the language (found /). Fix: division is no exact operation'],
    ['n != 2', 'Fix: write <> for "is not"'], ['n == 2', '3: == is not part of the language (found ==). Fix: write ='], ['n % 2', 'the remainder is not in the list'], ['1e3', '1: a number is written with digits and a point only (found 1e3). Fix: write 1000 for 1e3'], ['n;', 'without a semicolon'],
    ['-- x\nn', 'an expression has no comments'], ['n::date', 'Fix: write CAST(value AS type)'], ["'open", 'close the text with a quote'], ['"open', 'close the name with a double quote'], ["'a\\u0000'".replace('\\u0000', '\0'), 'a text cannot hold U+0000'], ["'\ud800'", 'half of a surrogate pair'],
    ['fare', '1: no column of the dataset is called fare (found fare). Fix: use one of n, big'], ['Day', 'no column of the dataset is called Day (found Day). Fix: write day'], ['"x"', 'texts stand in single quotes'], ['case', '5: expected WHEN'], ['not', '4: expected a column, a value or a function (found the end)'], ['end', 'Fix: write the column "end" in double quotes'],
    ['SQRT(n)', '1: SQRT is not in the closed list of functions (found SQRT). Fix: use one of COALESCE, NULLIF,'], ['UPPER()', 'UPPER has 1 values, and here are 0 (found UPPER()). Fix: write UPPER(a)'], ['REPLACE(s, s)', 'REPLACE has 3 values, and here are 2'], ['COALESCE(n)', 'COALESCE has 2 to 100 values'],
    ['s || n', '6: || takes a string, and this is integer of 10 digits (found n). Fix: write CAST(value AS string)'], ['s + s', 'Fix: write || for texts'], ['UPPER(NULL)', 'UPPER of NULL is always NULL'], ['SUBSTRING(s, 0)', '14: start of SUBSTRING is a whole number from 1 to 99999999, written as it is (found 0). Fix: the first character is 1'],
    ['SUBSTRING(s, n)', 'start of SUBSTRING is a whole number'], ['SUBSTRING(s, 1, -1)', '17: length of SUBSTRING is a whole number from 0'], ["DATE_TRUNC('week', t)", "12: DATE_TRUNC takes its unit first: 'day', 'month', 'year' or 'hour' (found 'week')"], ["DATE_TRUNC('hour', day)", 'DATE_TRUNC to the hour takes a timestamp, and this is date'], ['YEAR(s)', 'YEAR takes a date or a timestamp, and this is string'],
    ['CAST(s AS date)', '6: CAST of string to date could change the value: texts are read by the type of their column'], ['CAST(d AS decimal(10,1))', 'CAST of decimal(10,2) to decimal(10,1) could change the value: it must hold 8 digits before the point and 2 after it'], ['CAST(n AS integer)', '11: CAST is to string, date, timestamp or decimal(p,s) (found integer)'],
    ['CAST(n AS decimal(', '19: expected a size'], ['CAST(n AS decimal(10,', 'expected a size'], ['COALESCE(NULLIF(NULL, day), day)', 'NULLIF of NULL is always NULL'], ['CAST(n AS varchar)', 'Fix: write string'], ['CAST(n AS decimal(39,0))', 'a decimal has 1 to 38 digits'], ['CAST(n)', '7: expected AS (found ))'], ['CAST(t AS string)', 'CAST of timestamp to string could change the value'], ['CAST(f AS decimal(10,2))', 'a decimal is made of integers and decimals only'],
    ["DATE '2024-02-30'", "6: DATE needs an ISO date of the calendar (found '2024-02-30'). Fix: write DATE '2024-12-31'"], ["DATE '0000-01-01'", 'DATE needs an ISO date'], ["TIMESTAMP '2024-01-01'", 'TIMESTAMP needs an ISO timestamp of the calendar'],
    ['n = 1 = b', '7: expected the end of the expression (found =). Fix: put an operator between two values; comparisons are joined with AND'], ['n n', '3: expected the end'], ['(n', '3: expected ) (found the end)'], ['n IS 1', '6: expected NULL'], ['n NOT 1', 'expected IN or BETWEEN after NOT'], ['n IN 1', 'write the values in round brackets'], ['n IN ()', 'expected a column, a value or a function (found ))'],
    ['n BETWEEN 1', 'expected AND'], ['😀', '1: "😀" is not part of the language'], ["'😀' n", '5: expected the end'],
    ['('.repeat(60), 'nested more than 50 deep'], ['- '.repeat(60), 'nested more than 50 deep'], ['NOT '.repeat(10_000), 'an expression has at most 10000 characters'],
  ])('%s', (text, message) => {
    expect(told(text)).toContain(message);
  });
});

describe('computed columns that read each other', () => {
  const contract = (...computed: [name: string, expression: string][]) => testContract({
    columns: [{ name: 'n', type: 'i32' }, ...computed.map(([name, expression]) => ({ name, type: 'decimal(38,0)', more: `transformLogic: ${JSON.stringify(expression)}` }))],
  });

  test('are computed level by level, whatever their order in the contract', () => {
    const { levels } = computedLevels(contract(['c', 'COALESCE(b, a)'], ['b', 'COALESCE(a, 1)'], ['a', 'n + 1'], ['x', '-n']).datasets[0]!.columns);
    expect(levels.map((level) => level.map(({ name }) => name))).toEqual([['a', 'x'], ['b'], ['c']]);
  });

  test('are refused in a circle, by the names of those in it', () => {
    expect(() => contract(['a', 'b'], ['b', 'c'], ['c', 'a'], ['d', 'c'])).toThrow(/properties\[a\]\.transformLogic: a is computed from itself, by way of a, b, c \(found a, b, c\)[\s\S]*properties\[b\][\s\S]*properties\[c\]/);
    expect(() => contract(['a', 'b'], ['b', 'c'], ['c', 'a'], ['d', 'c'])).not.toThrow(/properties\[d\]/);
  });
});
