import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { duckdbCast, duckdbType, engineTypes, parquetType } from '../../src/contract';
import { typesDocument } from '../../src/contract/types-document';
import { sourceTypes } from '../../src/curate/rows/source-types';
import { EVERY_TYPE } from '../_fixtures/dataset';
import { startTestDuckDb, type TestDuckDb } from '../_fixtures/duckdb';

const DOCUMENT = path.join(__dirname, '../../../../docs/types.md');

let duckdb: TestDuckDb;
let folder: string;
beforeAll(async () => {
  duckdb = await startTestDuckDb();
  folder = mkdtempSync(path.join(tmpdir(), 'headrace-types-'));
});
afterAll(() => {
  duckdb.close();
  rmSync(folder, { recursive: true, force: true });
});

test('names the Parquet types that DuckDB really writes', async () => {
  const file = path.join(folder, 'every.parquet');
  const columns = EVERY_TYPE.map((column) => `${duckdbCast(column, 'NULL::VARCHAR')} AS ${column.name}`);
  await duckdb.run(`COPY (SELECT ${columns.join(', ')}) TO '${file}' (FORMAT parquet)`);
  const rows = await duckdb.rows(`SELECT name, type, type_length, converted_type, logical_type FROM parquet_schema('${file}') WHERE num_children IS NULL`);
  const found = Object.fromEntries(rows.map(([name, type, length, converted, logical]) => [name, parquetName(type, length, converted, logical)]));
  expect(found).toEqual(Object.fromEntries(EVERY_TYPE.map(({ name, type }) => [name, parquetType(type)])));
});

test('reads typed Parquet back as the same DuckDB types', async () => {
  const file = path.join(folder, 'back.parquet');
  await duckdb.run(`COPY (SELECT ${EVERY_TYPE.map(({ name, type }) => `NULL::${duckdbType(type)} AS ${name}`).join(', ')}) TO '${file}' (FORMAT parquet)`);
  const rows = await duckdb.rows(`SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM '${file}')`);
  expect(Object.fromEntries(rows)).toEqual(Object.fromEntries(EVERY_TYPE.map(({ name, type }) => [name, duckdbType(type)])));
});

test('keeps no unsigned, TIME or UUID type in Parquet', () => {
  for (const { type } of EVERY_TYPE) expect(engineTypes(type).duckdb).not.toMatch(/^U|^TIME$|UUID/);
});

test('describes every type in docs/types.md', () => {
  const text = typesDocument(sourceTypes());
  // HEADRACE_WRITE_DOCS=1 rewrites the page after a change of the table.
  if (process.env.HEADRACE_WRITE_DOCS === '1') writeFileSync(DOCUMENT, text);
  expect(readFileSync(DOCUMENT, 'utf8')).toBe(text);
});

/** The words of the type table for what a Parquet file says. */
function parquetName(type?: string | null, length?: string | null, converted?: string | null, logical?: string | null): string {
  const decimal = /DecimalType\(scale=(\d+), precision=(\d+)/.exec(logical ?? '');
  if (decimal) return `${type}${type === 'FIXED_LEN_BYTE_ARRAY' ? `(${length})` : ''} DECIMAL(${decimal[2]}, ${decimal[1]})`;
  const timestamp = /TimestampType\(isAdjustedToUTC=(\w+),.*MICROS/.exec(logical ?? '');
  if (timestamp) return `${type} TIMESTAMP(MICROS${timestamp[1] === '1' || timestamp[1] === 'true' ? ', UTC' : ''})`;
  const integer = /^INT_(\d+)$/.exec(converted ?? '');
  if (integer) return `${type} INT(${integer[1]}, signed)`;
  const names: Record<string, string> = { UTF8: 'STRING', DATE: 'DATE' };
  const name = names[converted ?? ''];
  return name === undefined ? String(type) : `${type} ${name}`;
}
