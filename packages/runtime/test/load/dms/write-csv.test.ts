import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { duckdbType } from '../../../src/contract';
import type { Column } from '../../../src/contract';
import type { CsvReader } from '../../../src/load/dms/csv-value';
import { writeCsv } from '../../../src/load/dms/write-csv';
import { columnOf, datasetOf, EVERY_TYPE } from '../../_fixtures/dataset';
import { partOf, withDuckdb, writeParquet } from '../_fixtures/parquet';

const CARRIED = EVERY_TYPE.filter(({ type }) => !['binary', 'object', 'array'].includes(type.kind));

let folder: string;
beforeEach(() => { folder = mkdtempSync(path.join(tmpdir(), 'headrace-csv-')); });
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** What is written for rows of DuckDB literals, one for each column. */
async function csvOf(
  columns: readonly Column[], rows: readonly (readonly string[])[],
  rest: { readonly maxTextKiB?: number; readonly primaryKey?: string[]; readonly reader?: CsvReader } = {},
): Promise<string> {
  const parquet = path.join(folder, 'part.parquet');
  const csv = path.join(folder, 'part.csv');
  const query = rows.map((row) => `SELECT ${columns.map(({ name, type }, index) => `CAST(${row[index]} AS ${duckdbType(type)}) AS "${name}"`).join(', ')}`).join(' UNION ALL ');
  await withDuckdb((connection) => writeParquet(connection, query, parquet));
  await writeCsv({
    parquet, csv, part: partOf(parquet, 'data/part', rows.length), dataset: datasetOf({ columns, primaryKey: rest.primaryKey ?? [] }),
    columns: columns.map(({ name, type }) => ({ name, type, stored: type })), tag: 'load.1', maxTextKiB: rest.maxTextKiB ?? 64, reader: rest.reader ?? 'postgres',
  }, new AbortController().signal);
  return readFileSync(csv, 'utf8');
}

test('writes NULL apart from an empty text, and quotes as RFC 4180 does', async () => {
  const columns = [columnOf('a', { kind: 'string' }), columnOf('b', { kind: 'integer', bits: 64 })];
  const rows = [["''", 'NULL'], ['NULL', '-9223372036854775808'], ["'a,b'", '1'], ["'say \"hi\"'", '2'], ["'two' || chr(13) || chr(10) || 'lines'", '3'], ["'back\\slash'", '4'], ["'𝄞 ü'", '5']];
  expect(await csvOf(columns, rows)).toBe([
    '"",\\N,load.1', '\\N,-9223372036854775808,load.1', '"a,b",1,load.1', '"say ""hi""",2,load.1', '"two\r\nlines",3,load.1', '"back\\slash",4,load.1', '"𝄞 ü",5,load.1', '',
  ].join('\n'));
});

test('writes every value with all its digits', async () => {
  const values: Record<string, string> = {
    c_string: "'s'", c_varchar: "'v'", c_i8: '-128', c_i16: '-32768', c_i32: '-2147483648', c_i64: '9223372036854775807', c_u8: '255', c_u16: '65535', c_u32: '4294967295',
    c_u64: '18446744073709551615', c_decimal_4: '-0.1', c_decimal_9: '123.456789', c_decimal_18: '0.000000000000000001', c_decimal_38: "'-12345678901234567890123456789.123456789'",
    c_f32: '0.1', c_f64: '5e-324', c_boolean: 'true', c_date: "'0001-02-03'", c_timestamp: "'0987-12-31 23:59:59.000001'", c_instant: "'9999-12-31 23:59:59.999999+00'",
    c_time: '86399999999', c_uuid: "'123e4567-e89b-12d3-a456-426614174000'",
  };
  const names = CARRIED.map(({ name }) => name);
  const written = await csvOf(CARRIED, [names.map((name) => values[name] ?? `'no value of ${name} here'`)]);
  expect(written).toBe('"s","v",-128,-32768,-2147483648,9223372036854775807,255,65535,4294967295,18446744073709551615,-0.1,123.456789,0.000000000000000001,'
    + '-12345678901234567890123456789.123456789,0.1,5e-324,true,0001-02-03,0987-12-31 23:59:59.000001,9999-12-31 23:59:59.999999+00,23:59:59.999999,123e4567-e89b-12d3-a456-426614174000,load.1\n');
});

test.each([["'NaN'", 'NaN'], ["'inf'", 'Infinity'], ["'-inf'", '-Infinity'], ["'-0.0'", '-0.0'], ['1e300', '1e+300'], ['0.1::DOUBLE + 0.2::DOUBLE', '0.30000000000000004']])('writes the float %s as %s', async (value, text) => {
  expect(await csvOf([columnOf('f', { kind: 'float', bits: 64 })], [[value]])).toBe(`${text},load.1\n`);
});

test('writes for MySQL numbers as truth, instants in UTC without a zone, and no float that it has no value for', async () => {
  const columns = [columnOf('b', { kind: 'boolean' }), columnOf('i', { kind: 'timestamp', zoned: true }), columnOf('f', { kind: 'float', bits: 64 })];
  const row = ['true', "'2024-10-27 02:30:00.000001+02'", '0.1'];
  expect(await csvOf(columns, [row], { reader: 'mysql' })).toBe('1,2024-10-27 00:30:00.000001,0.1,load.1\n');
  await expect(csvOf(columns, [row, [...row.slice(0, 2), "'-inf'"]], { reader: 'mysql' })).rejects.toMatchObject({
    code: 'TARGET_VALUE', message: expect.stringContaining('column f of trips holds 1 values that are NaN or infinite, which MySQL has no value for; nothing of data/part was handed over'),
  });
});

test('a column that the commit does not have is NULL', async () => {
  const parquet = path.join(folder, 'old.parquet');
  await withDuckdb((connection) => writeParquet(connection, "SELECT 'x'::VARCHAR AS a", parquet));
  const a = columnOf('a', { kind: 'string' });
  await writeCsv({
    parquet, csv: path.join(folder, 'old.csv'), part: partOf(parquet, 'data/old', 1), dataset: datasetOf({ columns: [columnOf('b', { kind: 'date' }), a] }),
    columns: [{ name: 'a', type: a.type, stored: a.type }], tag: 'load.1', maxTextKiB: 64, reader: 'postgres',
  }, new AbortController().signal);
  expect(readFileSync(path.join(folder, 'old.csv'), 'utf8')).toBe('\\N,"x",load.1\n');
});

test('refuses a text that DMS would read as NULL, and says where it is', async () => {
  await expect(csvOf([columnOf('a', { kind: 'string' })], [["'\\N'"], ["'b'"]])).rejects.toMatchObject({
    code: 'DMS_VALUE', message: expect.stringContaining('column a of trips holds 1 times the text \\N, which stands for NULL'),
  });
});

test('refuses a text that DMS would cut off', async () => {
  await expect(csvOf([columnOf('a', { kind: 'string' })], [["repeat('ü', 600)"]], { maxTextKiB: 1 })).rejects.toMatchObject({
    code: 'DMS_VALUE', message: expect.stringContaining('holds a text of 1200 bytes, and DMS would cut it off at 1024; nothing of data/part was handed over, set maxTextSize'),
  });
  await expect(csvOf([columnOf('a', { kind: 'string' })], [["repeat('k', 9000)"]], { primaryKey: ['a'] })).rejects.toMatchObject({ code: 'DMS_VALUE' });
});
