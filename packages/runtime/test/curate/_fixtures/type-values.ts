import type { ColumnSpec } from './contract-text';

/** A column type of docs/types.md, with texts at its edges and what DuckDB's VARCHAR of each value is. */
export interface TypeValues {
  readonly column: ColumnSpec;
  readonly values: readonly (readonly [text: string, value: string])[];
  readonly role: 'key' | 'partition' | 'value';
}

const LONG = 'é'.repeat(90);

/** Texts that engines, paths, readers of CSV and comparisons of strings treat differently. */
export const ODD_TEXTS = [
  '', ' ', 'null', 'NULL', '\\N', 'NaN', '__HIVE_DEFAULT_PARTITION__', '%5F_HIVE_DEFAULT_PARTITION__', '.', '..', 'a/b=c%d', '%2F', 'a,"b"', "it's", 'x ', ' x', 'A', 'a', 'ä', 'a\u0308',
  'São Paulo', '東', '😀', '\uffee', '\u{10ffff}', '\ufeffx', '\u00a0', '\u0001', '\\', '{a}[b]*?', 'a:b', LONG, `${LONG}x`, '0', '-0.0', '1e3', 'true', '2024-01-01',
] as const;

const same = (...texts: string[]): [string, string][] => texts.map((text) => [text, text]);
const value = (name: string, type: string, values: [string, string][], more?: string): TypeValues => ({ column: { name, type, more }, values, role: 'value' });
const key = (name: string, type: string, values: [string, string][]): TypeValues => ({ column: { name, type }, values, role: 'key' });
const partition = (name: string, type: string, values: [string, string][]): TypeValues => ({ column: { name, type }, values, role: 'partition' });

/** Every row of the table in docs/types.md; `partition` may be a key as well. */
export const TYPE_VALUES: readonly TypeValues[] = [
  partition('i8', 'i8', same('-128', '0', '127')),
  partition('i16', 'i16', same('-32768', '-1', '32767')),
  partition('i32', 'i32', same('-2147483648', '7', '2147483647')),
  partition('i64', 'integer', same('-9223372036854775808', '9007199254740993', '9223372036854775807')),
  partition('u8', 'u8', same('0', '255')),
  partition('u16', 'u16', same('0', '65535')),
  partition('u32', 'u32', same('0', '4294967295')),
  partition('u64', 'u64', same('0', '10', '9223372036854775808', '18446744073709551615')),
  key('money', 'decimal(10,2)', [['-0.01', '-0.01'], ['99999999.99', '99999999.99'], ['1.1', '1.10'], ['-0', '0.00'], ['0', '0.00']]),
  key('small', 'decimal(4,4)', [['.5', '.5000'], ['-0.9999', '-.9999']]),
  key('big', 'decimal(38,10)', same('1234567890123456789012345678.0123456789', '-9999999999999999999999999999.9999999999', '0.0000000001')),
  key('whole', 'decimal(38,0)', same('99999999999999999999999999999999999999', '-1', '0')),
  value('f32', 'f32', [['0.1', '0.1'], ['NaN', 'nan'], ['Infinity', 'inf'], ['-Infinity', '-inf'], ['-0.0', '-0.0'], ['0', '0.0'], ['3.4028235e38', '3.4028235e+38'], ['1e-45', '1e-45'], ['16777217', '16777216.0']]),
  value('f64', 'number', [
    ['0.1', '0.1'], ['NaN', 'nan'], ['Infinity', 'inf'], ['-Infinity', '-inf'], ['-0.0', '-0.0'], ['0', '0.0'], ['5e-324', '5e-324'], ['1.7976931348623157e308', '1.7976931348623157e+308'],
    ['9007199254740993', '9007199254740992.0'],
  ]),
  partition('ok', 'boolean', same('true', 'false')),
  partition('day', 'date', same('0001-01-01', '1582-10-04', '1582-10-10', '1582-10-15', '1969-12-31', '2024-02-29', '9999-12-31')),
  key('at', 'timestamp', [
    ['0001-01-01T00:00:00', '0001-01-01 00:00:00'], ['1582-10-10T00:00:00.000001', '1582-10-10 00:00:00.000001'], ['1969-12-31 23:59:59.999999', '1969-12-31 23:59:59.999999'],
    ['2024-03-31T02:30:00', '2024-03-31 02:30:00'], ['9999-12-31T23:59:59.999999', '9999-12-31 23:59:59.999999'],
  ]),
  key('instant', 'zoned', [
    ['0001-01-01T00:00:00Z', '0001-01-01 00:00:00+00'], ['1900-01-01T00:00:00+00:17', '1899-12-31 23:43:00+00'], ['2024-03-31T02:30:00.5+01:00', '2024-03-31 01:30:00.5+00'],
    ['9999-12-31T23:59:59.999999Z', '9999-12-31 23:59:59.999999+00'],
  ]),
  key('clock', 'time', [['00:00:00', '0'], ['10:00:00.000001', '36000000001'], ['23:59:59.999999', '86399999999']]),
  partition('note', 'string', ODD_TEXTS.map((text) => [text, text])),
  { column: { name: 'tag', type: 'string', more: 'physicalType: varchar(20)' }, values: same('', 'x', '😀'.repeat(20)), role: 'partition' },
  { column: { name: 'iso', type: 'string', more: 'physicalType: char(2)' }, values: same('DE', 'x ', '東京'), role: 'partition' },
  { column: { name: 'uid', type: 'string', more: 'logicalTypeOptions: { format: uuid }' }, values: [['123E4567-E89B-12D3-A456-426614174000', '123e4567-e89b-12d3-a456-426614174000']], role: 'key' },
  value('bytes', 'string', [['AAEC/w==', '000102FF'], ['', '']], 'logicalTypeOptions: { format: binary }'),
];

/** A CSV file; null is the empty field without quotes. */
export function csv(names: readonly string[], rows: readonly (readonly (string | null)[])[]): string {
  const line = (row: readonly (string | null)[]): string => row.map((text) => (text === null ? '' : `"${text.replace(/"/g, '""')}"`)).join(',');
  return `${names.join(',')}\n${rows.map((row) => `${line(row)}\n`).join('')}`;
}
