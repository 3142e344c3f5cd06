import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { Client } from 'pg';
import type { Column, ColumnType } from '../../../../src/contract/contract';
import { duckdbType, postgresType } from '../../../../src/contract/engine-types';
import { copyPart } from '../../../../src/load/postgres/copy/copy-part';
import { openPart } from '../../../../src/load/copy/part-file';
import { BINARY_FORMAT } from '../../../../src/load/postgres/copy/binary-format';
import { Progress } from '../../../../src/report/progress';
import { Report } from '../../../../src/report/report';
import { startTestPostgres, type TestPostgres } from '../../../_fixtures/postgres';
import { partOf, texts, withDuckdb, writeParquet } from '../../_fixtures/parquet';

/** Values as DuckDB literals of the curated type; NULL and every two-column neighbour come by themselves. */
const CASES: readonly (readonly [title: string, type: ColumnType, values: readonly string[]])[] = [
  ['integer i8', { kind: 'integer', bits: 8 }, ['-128', '-1', '0', '127']],
  ['integer i16', { kind: 'integer', bits: 16 }, ['-32768', '-1', '0', '255', '256', '32767']],
  ['integer i32', { kind: 'integer', bits: 32 }, ['-2147483648', '-1', '0', '65536', '2147483647']],
  ['integer i64', { kind: 'integer', bits: 64 }, ['-9223372036854775808', '-1', '0', '9007199254740993', '9223372036854775807']],
  ['integer u8', { kind: 'integer', bits: 8, unsigned: true }, ['0', '255']],
  ['integer u16', { kind: 'integer', bits: 16, unsigned: true }, ['0', '65535']],
  ['integer u32', { kind: 'integer', bits: 32, unsigned: true }, ['0', '4294967295']],
  ['integer u64', { kind: 'integer', bits: 64, unsigned: true }, ['0', '18446744073709551615', '10000', '100000000']],
  ['decimal(4,0)', { kind: 'decimal', precision: 4, scale: 0 }, ['0', '-1', '9999', '-9999', '10']],
  ['decimal(5,5)', { kind: 'decimal', precision: 5, scale: 5 }, ['0', '0.00001', '-0.00001', '0.99999', '0.1', '0.10000']],
  ['decimal(10,2)', { kind: 'decimal', precision: 10, scale: 2 }, ['0', '0.01', '-0.01', '1.10', '99999999.99', '-12345.60', '10000', '10000000']],
  ['decimal(18,3)', { kind: 'decimal', precision: 18, scale: 3 }, ['0', '999999999999999.999', '-999999999999999.999', '0.001']],
  ['decimal(38,0)', { kind: 'decimal', precision: 38, scale: 0 }, ['0', '99999999999999999999999999999999999999', '-99999999999999999999999999999999999999', '10000000000000000']],
  ['decimal(38,19)', { kind: 'decimal', precision: 38, scale: 19 }, ["'1234567890123456789.0987654321098765432'", "'-0.0000000000000000001'", "'1'"]],
  ['decimal(38,38)', { kind: 'decimal', precision: 38, scale: 38 }, ["'0.99999999999999999999999999999999999999'", "'-0.00000000000000000000000000000000000001'", "'0'"]],
  ['float 32', { kind: 'float', bits: 32 }, ["'NaN'", "'Infinity'", "'-Infinity'", "'-0.0'", '0', '1.5', '3.4028235e38', '1e-45', '0.1']],
  ['float 64', { kind: 'float', bits: 64 }, ["'NaN'", "'Infinity'", "'-Infinity'", "'-0.0'", '0', '0.1', '1.7976931348623157e308', '5e-324', '9007199254740993']],
  ['boolean', { kind: 'boolean' }, ['true', 'false']],
  ['date', { kind: 'date' }, ["'0001-01-01'", "'1582-10-10'", "'1899-12-31'", "'1970-01-01'", "'1999-12-31'", "'2000-01-01'", "'2024-02-29'", "'9999-12-31'"]],
  ['timestamp', { kind: 'timestamp', zoned: false }, ["'0001-01-01 00:00:00'", "'1969-12-31 23:59:59.999999'", "'2000-01-01 00:00:00'", "'2024-03-31 02:30:00.000001'", "'9999-12-31 23:59:59.999999'"]],
  ['timestamp with zone', { kind: 'timestamp', zoned: true }, ["'0001-01-01 00:00:00+00'", "'1969-12-31 23:59:59.999999+05:45'", "'2024-10-27 02:30:00.000001+02'", "'9999-12-31 23:59:59.999999+00'"]],
  ['time', { kind: 'time' }, ['0', '1', '43200000000', '86399999999']],
  ['uuid', { kind: 'uuid' }, ["'00000000-0000-0000-0000-000000000000'", "'ffffffff-ffff-ffff-ffff-ffffffffffff'", "'01234567-89ab-cdef-fedc-ba9876543210'"]],
  ['binary', { kind: 'binary' }, ["''::BLOB", "'\\x00'::BLOB", "'\\x00\\xFF\\x0A\\x5C'::BLOB", 'encode(repeat(\'x\', 70000))']],
  ['varchar(40)', { kind: 'string', length: 40 }, ["''", "' '", "'forty characters are forty characters ok'", "'ä'"]],
  ['string', { kind: 'string' }, [
    "''", "' '", "'\\N'", "'\\.'", "'NULL'", "'null'", "'a\\b'", "'\\\\'", "'tab' || chr(9) || 'line' || chr(10) || 'return' || chr(13)", "'\"quoted\",comma'", "'it''s'",
    "'Grüße, 世界 👋🏽'", "'e' || chr(769)", "chr(65279) || 'bom'", 'chr(1114111)', 'chr(8232)', 'chr(1)', "repeat('long ', 20000)", "'exactly twelve'", "'abcdefghijkl'", "'abcdefghijklm'", "repeat('x', 32)", "repeat('x', 33)",
  ]],
];

/** A bare number with a point may pass through a double before it is cast; a text does not. */
function literal(type: ColumnType, value: string): string {
  const exact = type.kind === 'decimal' && /^[-.\d]+$/.test(value) ? `'${value}'` : value;
  return `CAST(${exact} AS ${duckdbType(type)})`;
}

/** One text per value that two engines agree on exactly if and only if they hold the same value. */
function duckdbFingerprint(type: ColumnType, value: string): string {
  switch (type.kind) {
    case 'float': return `lower(hex(CAST(CAST(${value} AS BIT) AS BLOB)))`;
    case 'timestamp': return `CAST(epoch_us(${value}) AS VARCHAR)`;
    case 'string': return `CASE WHEN strlen(${value}) > 200 THEN md5(${value}) ELSE lower(hex(encode(${value}))) END`;
    case 'binary': return `CASE WHEN octet_length(${value}) > 200 THEN md5(${value}) ELSE lower(hex(${value})) END`;
    // DuckDB writes .5 where all digits are fraction.
    case 'decimal': return `regexp_replace(CAST(${value} AS VARCHAR), '^(-?)\\.', '\\10.')`;
    default: return `CAST(${value} AS VARCHAR)`;
  }
}

function postgresFingerprint(type: ColumnType, value: string): string {
  switch (type.kind) {
    case 'float': return `encode(${type.bits === 32 ? 'float4send' : 'float8send'}(${value}), 'hex')`;
    case 'timestamp': return `trim_scale(extract(epoch FROM ${value}) * 1000000)::text`;
    case 'time': return `trim_scale(extract(epoch FROM ${value}) * 1000000)::text`;
    case 'string': return `CASE WHEN octet_length(${value}) > 200 THEN md5(${value}) ELSE encode(convert_to(${value}, 'UTF8'), 'hex') END`;
    case 'binary': return `CASE WHEN octet_length(${value}) > 200 THEN md5(${value}) ELSE encode(${value}, 'hex') END`;
    default: return `${value}::text`;
  }
}

describe('a Parquet part copied into PostgreSQL', () => {
  let server: TestPostgres | undefined;
  let client: Client;
  let folder: string;

  beforeAll(async () => {
    server = await startTestPostgres();
    if (server === undefined) return;
    client = new Client({ connectionString: server.url });
    await client.connect();
    await client.query("SET timezone = 'UTC'");
    folder = mkdtempSync(path.join(tmpdir(), 'headrace-test-'));
  });

  afterAll(async () => {
    await client?.end();
    await server?.stop();
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  });

  async function roundTrip(columns: readonly {
    name: string; type: ColumnType,
  }[], query: string, rows: number, rowGroupSize?: number): Promise<void> {
    const file = path.join(folder, `${Math.random()}.parquet`);
    const all = [{ name: 'n', type: { kind: 'integer', bits: 64 } as ColumnType }, ...columns];
    await withDuckdb((connection) => writeParquet(connection, query, file, rowGroupSize));
    await client.query(`DROP TABLE IF EXISTS t; CREATE TABLE t (${all.map(({ name, type }) => `"${name}" ${postgresType(type)}`).join(', ')})`);
    const part = await openPart(file, partOf(file, 'k', rows), all.map((column) => ({ ...column, stored: column.type })), BINARY_FORMAT);
    try {
      const progress = new Progress({ report: new Report({ write: () => undefined }), code: 'LOAD_I1103' });
      expect(await copyPart(client, { schema: 'public', table: 't' }, part, progress, new AbortController().signal)).toBe(rows);
    } finally {
      await part.close();
    }
    const expected = await withDuckdb((connection) => texts(connection, `SELECT CAST(n AS VARCHAR) AS number, ${columns.map(({ name, type }) => duckdbFingerprint(type, `"${name}"`)).join(', ')} FROM '${file}' ORDER BY n`));
    const { rows: found } = await client.query<(string | null)[]>({
      text: `SELECT n::text AS number, ${columns.map(({ name, type }) => postgresFingerprint(type, `"${name}"`)).join(', ')} FROM t ORDER BY n`, rowMode: 'array',
    });
    expect(expected).toHaveLength(rows);
    // Row by row only where something differs: comparing thousands of arrays deeply takes longer than loading them.
    const different = expected.findIndex((row, index) => row.join('\u0000') !== found[index]?.join('\u0000') || row.some((cell, at) => (cell === null) !== (found[index]?.[at] === null)));
    if (different !== -1) expect(found[different]).toEqual(expected[different]);
    expect(found).toHaveLength(rows);
  }

  test.each(CASES)('keeps every cell of %s', async (_, type, values) => {
    if (server === undefined) return;
    const union = ['NULL', ...values, 'NULL'].map((value, n) => `SELECT CAST(${n} AS BIGINT) AS n, ${literal(type, value)} AS v`).join(' UNION ALL ');
    await roundTrip([{ name: 'v', type }], union, values.length + 2);
  });

  test('keeps every cell of wide rows over many row groups and slices', async () => {
    if (server === undefined) return;
    const columns = CASES.map(([, type, values], index) => ({ name: `c${index}`, type, values: values.filter((value) => !value.startsWith('repeat') && !value.startsWith('encode')) }));
    const picks = columns.map(({ name, type, values }) => {
      const list = `[${values.map((value) => literal(type, value)).join(', ')}]`;
      return `CASE WHEN hash(n, '${name}') % 4 = 0 THEN NULL ELSE ${list}[1 + CAST(hash(n, '${name}', 1) % ${values.length} AS INTEGER)] END AS ${name}`;
    });
    await roundTrip(columns, `SELECT n, ${picks.join(', ')} FROM (SELECT CAST(i AS BIGINT) AS n FROM range(15000) AS r(i))`, 15_000, 2_048);
  });

  test('keeps every cell of random decimals and texts', async () => {
    if (server === undefined) return;
    const decimal: ColumnType = { kind: 'decimal', precision: 38, scale: 10 };
    const query = `SELECT CAST(i AS BIGINT) AS n,
      CAST(CAST(CAST(hash(i) AS HUGEINT) * 536870911 + hash(i, 1) % 1000 AS VARCHAR) || '.' || lpad(CAST(hash(i, 2) % 10000000000 AS VARCHAR), 10, '0') AS DECIMAL(38,10)) * (CASE WHEN i % 2 = 0 THEN 1 ELSE -1 END) AS d,
      substr(repeat(chr(CAST(32 + hash(i) % 60000 % 55000 AS INTEGER)) || chr(CAST(32 + hash(i, 3) % 90 AS INTEGER)), 40), 1, CAST(hash(i, 4) % 60 AS INTEGER)) AS s
      FROM range(20000) AS r(i)`;
    await roundTrip([{ name: 'd', type: decimal }, { name: 's', type: { kind: 'string' } }], query, 20_000);
  });

  test('keeps every value inside of documents: each is its column type again, cast from the text in the JSON', async () => {
    if (server === undefined) return;
    const few = CASES.map(([title, type, values]) => ({ title, type, values: values.filter((value) => !value.startsWith('repeat') && !value.startsWith('encode(repeat')) }));
    const columns = few.map(({ type }, index) => {
      const column = (name: string, of: ColumnType): Column => ({ name, type: of, required: false, unique: false, source: {} });
      return { name: `d${index}`, type: { kind: 'object', members: [column('v', type), column('list', { kind: 'array', item: column('element', type) })] } as ColumnType };
    });
    const most = Math.max(...few.map(({ values }) => values.length)) + 2;
    const rows = Array.from({ length: most }, (_, n) => `SELECT CAST(${n} AS BIGINT) AS n, ${few.map(({ type, values }, index) => {
      if (n > values.length) return `CAST(NULL AS ${duckdbType(columns[index]!.type)}) AS d${index}`;
      const value = literal(type, n < values.length ? values[n]! : 'NULL');
      return `struct_pack(v := ${value}, list := CASE WHEN ${n} = 1 THEN [] WHEN ${n} <> 2 THEN [NULL, ${value}] END) AS d${index}`;
    }).join(', ')}`);
    const file = path.join(folder, 'documents.parquet');
    await withDuckdb((connection) => writeParquet(connection, rows.join(' UNION ALL '), file));
    const all = [{ name: 'n', type: { kind: 'integer', bits: 64 } as ColumnType }, ...columns];
    await client.query(`DROP TABLE IF EXISTS t; CREATE TABLE t (${all.map(({ name, type }) => `"${name}" ${postgresType(type)}`).join(', ')})`);
    const part = await openPart(file, partOf(file, 'k', most), all.map((column) => ({ ...column, stored: column.type })), BINARY_FORMAT);
    try {
      const progress = new Progress({ report: new Report({ write: () => undefined }), code: 'LOAD_I1103' });
      expect(await copyPart(client, { schema: 'public', table: 't' }, part, progress, new AbortController().signal)).toBe(most);
    } finally {
      await part.close();
    }
    for (const [index, { title, type }] of few.entries()) {
      const back = (json: string): string => postgresFingerprint(type, type.kind === 'binary' ? `decode(${json}, 'base64')` : `CAST(${json} AS ${postgresType(type)})`);
      const { rows: found } = await client.query<(string | null)[]>({
        text: `SELECT (d${index} IS NULL)::text, ${back(`d${index}->>'v'`)}, d${index}->'list' = 'null', jsonb_array_length(NULLIF(d${index}->'list', 'null'))::text, ${back(`d${index}->'list'->>1`)} FROM t ORDER BY n`, rowMode: 'array',
      });
      const value = duckdbFingerprint(type, `d${index}.v`);
      const expected = await withDuckdb((connection) => texts(connection, `SELECT (d${index} IS NULL)::VARCHAR, ${value}, CASE WHEN d${index} IS NOT NULL THEN d${index}.list IS NULL END, len(d${index}.list)::VARCHAR, ${duckdbFingerprint(type, `d${index}.list[2]`)} FROM '${file}' ORDER BY n`));
      expect([title, found.map((row) => row.map((cell) => (cell === null ? null : String(cell))))]).toEqual([title, expected]);
    }
  });

  test('copies a part without rows', async () => {
    if (server === undefined) return;
    await roundTrip([{ name: 's', type: { kind: 'string' } }], "SELECT CAST(1 AS BIGINT) AS n, 'x' AS s WHERE false", 0);
  });
});
