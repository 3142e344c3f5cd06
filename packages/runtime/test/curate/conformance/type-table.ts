import type { ColumnRejectCode } from '../../../src/contract';
import { floatBits } from './logical-value';

/** A column, and what must become of texts in it. */
export interface TypeRow {
  readonly name: string;
  /** The property of the contract without its name, as a YAML flow map. */
  readonly property: string;
  /** One of its custom properties, as a YAML flow map. */
  readonly custom?: string;
  /** Texts that are values, with the value as {@link logicalText} tells it; null is NULL. */
  readonly good: readonly (readonly [text: string | null, value: string | null])[];
  /** Texts that are none, with the code of the reject. */
  readonly bad: readonly (readonly [text: string | null, code: ColumnRejectCode | 'QUALITY'])[];
  /** What stands here in records that try another column. Default: NULL, which gives NULL. */
  readonly other?: readonly [text: string | null, value: string | null];
}

type Good = TypeRow['good'];
const same = (...texts: string[]): Good => texts.map((text) => [text, text]);
const bad = (code: TypeRow['bad'][number][1], ...texts: (string | null)[]): TypeRow['bad'] => texts.map((text) => [text, code]);
const f64 = (text: string, value: number): Good[number] => [text, floatBits(value, 64)];
const f32 = (text: string, value: number): Good[number] => [text, floatBits(value, 32)];

const NOT_INTEGER = bad('TYPE', '', ' 1', '1 ', '+1', '007', '-', '1.0', '1.5', '1e3', '1_000', '0x1F', '1,000', 'NaN', 'true', '\u0661', '--1', '1\u00a0');
const NOT_CALENDAR = bad('TYPE', '', '2023-02-29', '2024-02-30', '2024-13-01', '2024-00-10', '2024-01-00', '0000-01-01', '10000-01-01', '2024-1-5', '2024-01-05 junk', '2024-01-05 ', '-2024-01-05', '2024/01/05', '05.01.2024', 'infinity', 'today');
const NOT_CLOCK = ['24:00:00', '23:60:00', '23:59:60', '1:00:00', '10:00', '10:00:00.', '10:00:00.1234567', '10:00:00,5', '10:00:00 AM'];

function integer(format: string, low: string, high: string, below: string, above: string): TypeRow {
  return {
    name: format, property: `{ logicalType: integer, logicalTypeOptions: { format: ${format} } }`,
    good: [...same(low, high, '1', ...(low === '0' ? [] : ['0', '-1'])), ...(low === '0' ? [] : [['-0', '0'] as const])],
    bad: [...NOT_INTEGER, ...bad('RANGE', above, '9'.repeat(40)), ...(low === '0' ? bad('TYPE', '-1', '-0') : bad('RANGE', below))],
  };
}

/** Every type of docs/types.md with every option of it; a new line here is tried in every format and encoding that can write it. */
export const TYPE_TABLE: readonly TypeRow[] = [
  integer('i8', '-128', '127', '-129', '128'),
  integer('i16', '-32768', '32767', '-32769', '32768'),
  integer('i32', '-2147483648', '2147483647', '-2147483649', '2147483648'),
  integer('i64', '-9223372036854775808', '9223372036854775807', '-9223372036854775809', '9223372036854775808'),
  integer('u8', '0', '255', '-1', '256'),
  integer('u16', '0', '65535', '-1', '65536'),
  integer('u32', '0', '4294967295', '-1', '4294967296'),
  integer('u64', '0', '18446744073709551615', '-1', '18446744073709551616'),
  { name: 'i32_unsaid', property: '{ logicalType: integer }', good: same('2147483647'), bad: bad('RANGE', '2147483648') },
  { name: 'i64_exact', property: '{ logicalType: integer, logicalTypeOptions: { format: i64, minimum: -9007199254740993, maximum: 9007199254740993 } }', good: same('9007199254740993', '-9007199254740993'), bad: bad('RANGE', '9007199254740994', '-9007199254740994') },
  { name: 'i32_open', property: '{ logicalType: integer, logicalTypeOptions: { exclusiveMinimum: 0, exclusiveMaximum: 10 } }', good: same('1', '9'), bad: bad('RANGE', '0', '10') },
  { name: 'i32_step', property: '{ logicalType: integer, logicalTypeOptions: { multipleOf: 5 } }', good: same('0', '-5', '10'), bad: bad('MULTIPLE', '1', '-4', '2147483647') },

  {
    name: 'decimal_10_2', property: '{ logicalType: number, physicalType: "decimal(10,2)" }',
    good: [...same('99999999.99', '-99999999.99', '0.01', '-0.01'), ['1.1', '1.10'], ['.5', '0.50'], ['-.5', '-0.50'], ['1.5000', '1.50'], ['-0', '0.00'], ['7', '7.00']],
    bad: [...bad('TYPE', '', '1.', '+1', '01', '1e2', '1,5', '1_0', ' 1', '1 ', 'NaN', 'Infinity', '0x1', '-', '.', '1.2.3'), ...bad('RANGE', '100000000', '-100000000.00', `${'9'.repeat(50)}.5`), ...bad('SCALE', '1.999', '0.001', '-1.001')],
  },
  { name: 'decimal_4_4', property: '{ logicalType: number, physicalType: "decimal(4,4)" }', good: [['.9999', '0.9999'], ['-0.0001', '-0.0001'], ['0', '0.0000']], bad: [...bad('RANGE', '1', '-1.0'), ...bad('SCALE', '0.00001')] },
  { name: 'decimal_18_9', property: '{ logicalType: number, physicalType: "decimal(18,9)" }', good: same('999999999.999999999', '-999999999.999999999'), bad: [...bad('RANGE', '1000000000'), ...bad('SCALE', '0.9999999999')] },
  { name: 'decimal_38_0', property: '{ logicalType: number, physicalType: "decimal(38)" }', good: same('9'.repeat(38), `-${'9'.repeat(38)}`, '0'), bad: [...bad('RANGE', `1${'0'.repeat(38)}`), ...bad('SCALE', '0.1')] },
  { name: 'decimal_38_38', property: '{ logicalType: number, physicalType: "decimal(38,38)" }', good: [[`.${'9'.repeat(38)}`, `0.${'9'.repeat(38)}`], [`-0.${'0'.repeat(37)}1`, `-0.${'0'.repeat(37)}1`]], bad: [...bad('RANGE', '1'), ...bad('SCALE', `0.${'0'.repeat(38)}1`)] },
  { name: 'decimal_bound', property: '{ logicalType: number, physicalType: "decimal(10,2)", logicalTypeOptions: { minimum: 0.10, maximum: 9.90, multipleOf: 0.05 } }', good: same('0.10', '9.90', '0.15'), bad: [...bad('RANGE', '0.05', '9.95', '-1.00'), ...bad('MULTIPLE', '0.11', '9.89')] },

  {
    name: 'f64', property: '{ logicalType: number, logicalTypeOptions: { format: f64 } }',
    good: [
      f64('0.1', 0.1), f64('-0.0', -0), f64('-0', -0), f64('0', 0), f64('1e3', 1000), f64('1E-3', 0.001), f64('.5', 0.5), f64('5e-324', 5e-324), f64('1.7976931348623157e308', Number.MAX_VALUE), f64('2.2250738585072014e-308', 2.2250738585072014e-308),
      f64('9007199254740993', 9007199254740992), f64('12345678901234567890.123456789', 12345678901234567890.123456789), f64('0e999', 0), f64('NaN', NaN), f64('Infinity', Infinity), f64('-Infinity', -Infinity),
    ],
    bad: [...bad('TYPE', '', 'nan', 'inf', '-NaN', '+Infinity', '1.0d', '0x1p3', '1e', '1.', '01', '+1', '1_0', ' 1', '1 '), ...bad('RANGE', '1e400', '-1e400', '1e-400', '1.8e308')],
  },
  {
    name: 'f32', property: '{ logicalType: number, logicalTypeOptions: { format: f32 } }',
    good: [f32('0.1', 0.1), f32('-0.0', -0), f32('16777217', 16777216), f32('3.4028235e38', 3.4028235e38), f32('1e-45', 1e-45), f32('NaN', NaN), f32('-Infinity', -Infinity)],
    bad: [...bad('TYPE', '', '1f', 'Inf'), ...bad('RANGE', '3.5e38', '1e-46', '1e308')],
  },
  { name: 'f64_bound', property: '{ logicalType: number, logicalTypeOptions: { format: f64, minimum: -1.5, exclusiveMaximum: 0.1 } }', good: [f64('-1.5', -1.5), f64('0.09999999999999999', 0.09999999999999999)], bad: bad('RANGE', '0.1', '-1.5000000000000002', 'NaN', 'Infinity', '-Infinity') },

  { name: 'boolean', property: '{ logicalType: boolean }', good: same('true', 'false'), bad: bad('TYPE', '', 'TRUE', 'True', 't', '1', '0', 'yes', ' true') },
  { name: 'boolean_words', property: '{ logicalType: boolean }', custom: '{ property: headraceBoolean, value: { trueTokens: [Y, "1"], falseTokens: [N, "0"] } }', good: [['Y', 'true'], ['1', 'true'], ['N', 'false'], ['0', 'false']], bad: bad('TYPE', 'true', 'y', 'false') },

  { name: 'date', property: '{ logicalType: date }', good: same('0001-01-01', '1582-10-04', '1582-10-10', '1582-10-15', '1900-02-28', '1969-12-31', '2024-02-29', '9999-12-31'), bad: [...NOT_CALENDAR, ...bad('TYPE', '2024-01-05T00:00:00', '1900-02-29')] },
  { name: 'date_format', property: '{ logicalType: date, logicalTypeOptions: { format: "dd.MM.yyyy" } }', good: [['29.02.2024', '2024-02-29'], ['01.01.0001', '0001-01-01'], ['31.12.9999', '9999-12-31']], bad: bad('TYPE', '2024-02-29', '30.02.2024', '1.1.2024', '02/29/2024', '29-02-2024', '29.02.2024 ') },
  { name: 'date_bound', property: '{ logicalType: date, logicalTypeOptions: { minimum: "2000-01-01", exclusiveMaximum: "2025-01-01" } }', good: same('2000-01-01', '2024-12-31'), bad: bad('RANGE', '1999-12-31', '2025-01-01') },

  {
    name: 'timestamp', property: '{ logicalType: timestamp }',
    good: [
      ['0001-01-01T00:00:00', '0001-01-01T00:00:00.000000'], ['1582-10-10 00:00:00.000001', '1582-10-10T00:00:00.000001'], ['1900-01-01T00:00:00', '1900-01-01T00:00:00.000000'], ['1969-12-31T23:59:59.999999', '1969-12-31T23:59:59.999999'],
      ['2024-03-31T02:30:00.5', '2024-03-31T02:30:00.500000'], ['2024-03-31T02:30:00.123456000', '2024-03-31T02:30:00.123456'], ['9999-12-31T23:59:59.999999', '9999-12-31T23:59:59.999999'],
    ],
    bad: [
      ...bad('TYPE', '', '2024-01-05', '2024-01-05T10:00:00Z', '2024-01-05T10:00:00+02:00', '2024-02-30T10:00:00', '2024-01-05  10:00:00', '2024-01-05t10:00:00', '1704448800'),
      ...bad('TYPE', ...NOT_CLOCK.map((clock) => `2024-01-05T${clock}`)),
    ],
  },
  { name: 'timestamp_format', property: '{ logicalType: timestamp, logicalTypeOptions: { format: "yyyyMMdd\'T\'HHmmss.SSS" } }', good: [['20240229T235959.001', '2024-02-29T23:59:59.001000']], bad: bad('TYPE', '20240230T000000.000', '20240229T235959', '2024-02-29T23:59:59.001') },
  { name: 'timestamp_bound', property: '{ logicalType: timestamp, logicalTypeOptions: { exclusiveMinimum: "2024-01-01T00:00:00", maximum: "2024-01-01 00:00:00.000002" } }', good: [['2024-01-01 00:00:00.000001', '2024-01-01T00:00:00.000001'], ['2024-01-01 00:00:00.000002', '2024-01-01T00:00:00.000002']], bad: bad('RANGE', '2024-01-01T00:00:00', '2024-01-01T00:00:00.000003') },
  {
    name: 'instant', property: '{ logicalType: timestamp, logicalTypeOptions: { timezone: true } }',
    good: [
      ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00.000000Z'], ['9999-12-31T23:59:59.999999Z', '9999-12-31T23:59:59.999999Z'], ['2024-03-31T02:30:00.5+01:00', '2024-03-31T01:30:00.500000Z'], ['2024-01-05T10:00:00+0200', '2024-01-05T08:00:00.000000Z'],
      ['2024-01-05T10:00:00-08', '2024-01-05T18:00:00.000000Z'], ['1900-01-01T00:00:00+00:17', '1899-12-31T23:43:00.000000Z'], ['2024-01-01T00:00:00+15:59', '2023-12-31T08:01:00.000000Z'], ['9999-12-31T23:59:59-00:00', '9999-12-31T23:59:59.000000Z'],
    ],
    bad: bad('TYPE', '', '2024-01-05T10:00:00', '2024-01-05T10:00:00 Europe/Berlin', '2024-01-05T10:00:00 Z', '2024-01-05T10:00:00+16:00', '2024-01-05T10:00:00+2', '2024-01-05T24:00:00Z', '0001-01-01T00:00:00+01:00', '9999-12-31T23:59:59-01:00', '2024-01-05T10:00:00z'),
  },
  { name: 'instant_format', property: '{ logicalType: timestamp, logicalTypeOptions: { timezone: true, format: "yyyy-MM-dd HH:mmXXX" } }', good: [['2024-01-05 10:00+05:30', '2024-01-05T04:30:00.000000Z'], ['2024-01-05 10:00Z', '2024-01-05T10:00:00.000000Z']], bad: bad('TYPE', '2024-01-05 10:00', '2024-01-05 10:00+0530') },
  { name: 'instant_utc', property: '{ logicalType: timestamp, logicalTypeOptions: { timezone: true, format: "dd/MM/yyyy HH:mm:ss", defaultTimezone: Etc/UTC } }', good: [['05/01/2024 10:00:00', '2024-01-05T10:00:00.000000Z']], bad: bad('TYPE', '05/01/2024 10:00:00Z', '32/01/2024 10:00:00') },

  { name: 'time', property: '{ logicalType: time }', good: [['00:00:00', '0'], ['10:00:00.000001', '36000000001'], ['23:59:59.999999', '86399999999']], bad: bad('TYPE', '', ...NOT_CLOCK, '10:00:00Z', '10:00:00+01:00') },
  { name: 'time_format', property: '{ logicalType: time, logicalTypeOptions: { format: "HH:mm", maximum: "17:30:00" } }', good: [['17:30', '63000000000']], bad: [...bad('TYPE', '17:30:00', '24:00'), ...bad('RANGE', '17:31')] },

  {
    name: 'string', property: '{ logicalType: string }',
    good: same(
      '', ' ', ' x ', '\t', 'null', 'NULL', '\\N', 'NA', 'NaN', 'a,b;c|d', 'says "hello"', "it's", '<b>&amp;</b>', ']]>', '{"a": [1]}', 'two\nlines', 'cr\r\nlf', 'A', 'a', 'ä', 'a\u0308', 'ß', 'Ж', '日本', '€', '😀', '\u{10ffff}', '\ufeffx', '\u00a0', '\u2028', '\u0085', '\u0001', '\u007f', '\ufffe',
      '=1+1', '0', '1.10', '12345678901234567890.123456789', 'true', '-', '\\', '%', '__HIVE_DEFAULT_PARTITION__', 'x'.repeat(1_000),
    ),
    bad: bad('TYPE', '\0', 'a\0b'),
  },
  { name: 'varchar', property: '{ logicalType: string, physicalType: varchar(3) }', good: same('', 'abc', '😀😀😀'), bad: bad('LENGTH', 'abcd', 'a\u0308bc', '😀😀😀😀') },
  { name: 'char', property: '{ logicalType: string, physicalType: char(2) }', good: same('DE', '東京'), bad: bad('LENGTH', '', 'D', 'DEU') },
  { name: 'lengths', property: '{ logicalType: string, logicalTypeOptions: { minLength: 2, maxLength: 3 } }', good: same('ab', 'abc', 'é€x'), bad: bad('LENGTH', '', 'a', 'abcd') },
  { name: 'pattern', property: '{ logicalType: string, logicalTypeOptions: { pattern: "^[A-Z]{2}[0-9]+$" } }', good: same('AB1', 'ZZ0099'), bad: bad('PATTERN', '', 'ab1', 'AB', 'xAB1', 'AB1\n', 'AB1x') },
  { name: 'pattern_inside', property: '{ logicalType: string, logicalTypeOptions: { pattern: "é|ö" } }', good: same('café', 'öl'), bad: bad('PATTERN', 'cafe', 'É') },
  { name: 'uuid', property: '{ logicalType: string, logicalTypeOptions: { format: uuid } }', good: [['123E4567-E89B-12D3-A456-426614174000', '123e4567-e89b-12d3-a456-426614174000']], bad: bad('TYPE', '', '123e4567e89b12d3a456426614174000', '{123e4567-e89b-12d3-a456-426614174000}', '123e4567-e89b-12d3-a456-42661417400g') },
  { name: 'binary', property: '{ logicalType: string, logicalTypeOptions: { format: binary } }', good: [['AAEC/w==', '000102ff'], ['', ''], ['AAEC', '000102'], ['+/+/', 'fbffbf']], bad: bad('TYPE', 'AAEC/w', 'AAEC/x==', 'AAE_', 'AAEC/w==\n', 'A===') },

  { name: 'required', property: '{ logicalType: string, required: true }', good: same('', 'x'), bad: bad('REQUIRED', null), other: ['.', '.'] },
  { name: 'defaulted', property: '{ logicalType: number, physicalType: "decimal(5,2)", required: true }', custom: '{ property: headraceDefault, value: 1.10 }', good: [[null, '1.10'], ['0', '0.00']], bad: bad('TYPE', ''), other: [null, '1.10'] },
  { name: 'partition', property: '{ logicalType: string, partitioned: true }', good: same('a/b=c%d', 'NULL', '__HIVE_DEFAULT_PARTITION__', ' x', 'ä'), bad: bad('PARTITION', '') },
  { name: 'ruled', property: '{ logicalType: integer, quality: [{ id: known, metric: invalidValues, arguments: { validValues: ["1", "2"] }, mustBe: 0, severity: info, customProperties: [{ property: headraceAction, value: quarantine }] }] }', good: same('1', '2'), bad: bad('QUALITY', '3') },
];
