import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import type { ColumnType, Dataset } from '../../../src/contract/contract';
import { duckdbType } from '../../../src/contract/engine-types';
import { mysqlStagingDdl } from '../../../src/contract/mysql-ddl';
import { ROW_SUM } from '../../../src/load/dms/row-sum';
import { withSession } from '../../../src/load/mysql/connect';
import { copyPart } from '../../../src/load/mysql/copy/copy-part';
import { mysqlTarget } from '../../../src/load/mysql/mysql-target';
import { Progress } from '../../../src/report/progress';
import { Report } from '../../../src/report/report';
import { startTestMariadb, testWithMariadb, type TestMariadb } from '../../_fixtures/mariadb';
import { partOf, texts, withDuckdb, writeParquet } from '../_fixtures/parquet';

/** Values as DuckDB literals of the curated type; NULL comes by itself. */
const CASES: readonly (readonly [title: string, type: ColumnType, values: readonly string[]])[] = [
  ['integer i8', { kind: 'integer', bits: 8 }, ['-128', '-1', '0', '127']],
  ['integer i32', { kind: 'integer', bits: 32 }, ['-2147483648', '-1', '0', '65536', '2147483647']],
  ['integer i64', { kind: 'integer', bits: 64 }, ['-9223372036854775808', '-1', '0', '9007199254740993', '9223372036854775807']],
  ['integer u16', { kind: 'integer', bits: 16, unsigned: true }, ['0', '65535']],
  ['integer u64', { kind: 'integer', bits: 64, unsigned: true }, ["'0'", "'18446744073709551615'"]],
  ['decimal(10,2)', { kind: 'decimal', precision: 10, scale: 2 }, ["'0'", "'-0.01'", "'99999999.99'", "'-99999999.99'"]],
  ['decimal(30,30)', { kind: 'decimal', precision: 30, scale: 30 }, ["'0.000000000000000000000000000001'", "'-0.5'"]],
  ['decimal(38,0)', { kind: 'decimal', precision: 38, scale: 0 }, ["'99999999999999999999999999999999999999'", "'-1'"]],
  ['decimal(38,19)', { kind: 'decimal', precision: 38, scale: 19 }, ["'1234567890123456789.0123456789012345678'"]],
  ['float 32', { kind: 'float', bits: 32 }, ['-1.1754943508222875e-38', "'-0.0'", '0', '1.5', "'3.4028235e38'", "'-3.4028235e38'", "'1e-45'", '0.1', '16777217']],
  ['float 64', { kind: 'float', bits: 64 }, ['-2.2250738585072014e-308', '-1.2345678901234567e-100', "'-0.0'", '0', '0.1', '1.7976931348623157e308', '5e-324', '2.2250738585072014e-308', '9007199254740993', '1e23']],
  ['boolean', { kind: 'boolean' }, ['true', 'false']],
  ['date', { kind: 'date' }, ["'0001-01-01'", "'1582-10-10'", "'1970-01-01'", "'2024-02-29'", "'9999-12-31'"]],
  ['timestamp', { kind: 'timestamp', zoned: false }, ["'0001-01-01 00:00:00'", "'1969-12-31 23:59:59.999999'", "'2024-03-31 02:30:00.000001'", "'9999-12-31 23:59:59.999999'"]],
  ['timestamp with zone', { kind: 'timestamp', zoned: true }, ["'0001-01-01 00:00:00+00'", "'1969-12-31 23:59:59.999999+05:45'", "'2024-10-27 02:30:00.000001+02'", "'9999-12-31 23:59:59.999999+00'"]],
  ['time', { kind: 'time' }, ['0', '1', '43200000000', '86399999999']],
  ['uuid', { kind: 'uuid' }, ["'00000000-0000-0000-0000-000000000000'", "'01234567-89ab-cdef-fedc-ba9876543210'"]],
  ['binary', { kind: 'binary' }, ["''::BLOB", "'\\x00'::BLOB", "'\\x00\\xFF\\x0A\\x5C\\x09'::BLOB", "encode(repeat('x', 70000))"]],
  ['varchar(40)', { kind: 'string', length: 40 }, ["''", "' '", "'forty characters are forty characters ok'", "repeat('👋🏽', 20)"]],
  ['string', { kind: 'string' }, [
    "''", "' '", "'\\N'", "'\\.'", "'NULL'", "'N'", "'a\\b'", "'\\\\'", "'\\'", "'tab' || chr(9) || 'line' || chr(10) || 'return' || chr(13)", 'chr(13) || chr(10)', "'\"quoted\",comma'", "'it''s'",
    "'Grüße, 世界 👋🏽'", "'e' || chr(769)", "chr(65279) || 'bom'", 'chr(1114111)', 'chr(8232)', 'chr(1)', 'chr(26)', "repeat('long ', 200000)", "'trailing '", "'trailing' || chr(9)",
  ]],
];

/** A bare number with a point may pass through a double before it is cast; a text does not. */
function literal(type: ColumnType, value: string): string {
  return `CAST(${value} AS ${duckdbType(type)})`;
}

/** One text per value that two engines agree on exactly if and only if they hold the same value. */
function duckdbFingerprint(type: ColumnType, value: string): string {
  switch (type.kind) {
    case 'timestamp': return `CAST(epoch_us(${value}) AS VARCHAR)`;
    case 'time': return `strftime(make_timestamp(${value}), '%H:%M:%S.%f')`;
    case 'boolean': return `CAST(CAST(${value} AS TINYINT) AS VARCHAR)`;
    case 'string': return `CASE WHEN strlen(${value}) > 200 THEN sha256(${value}) ELSE lower(hex(encode(${value}))) END`;
    case 'binary': return `CASE WHEN octet_length(${value}) > 200 THEN sha256(${value}) ELSE lower(hex(${value})) END`;
    case 'decimal': return `regexp_replace(CAST(${value} AS VARCHAR), '^(-?)\\.', '\\10.')`;
    // MariaDB keeps no sign of zero.
    case 'float': return `lower(hex(CAST(CAST(CAST(${value} AS DOUBLE) + 0 AS BIT) AS BLOB)))`;
    default: return `CAST(${value} AS VARCHAR)`;
  }
}

function mysqlFingerprint(type: ColumnType, value: string): string {
  switch (type.kind) {
    case 'timestamp': return `CAST(TIMESTAMPDIFF(MICROSECOND, '1970-01-01', ${value}) AS CHAR)`;
    case 'time': return `TIME_FORMAT(${value}, '%H:%i:%s.%f')`;
    case 'string': return `CASE WHEN LENGTH(${value}) > 200 THEN SHA2(${value}, 256) ELSE LOWER(HEX(${value})) END`;
    case 'binary': return `CASE WHEN LENGTH(${value}) > 200 THEN SHA2(${value}, 256) ELSE LOWER(HEX(${value})) END`;
    // Not cast: MySQL makes no text of more than 22 characters of a number then.
    case 'float': return `${value} + 0e0`;
    default: return `CAST(${value} AS CHAR)`;
  }
}

/** The server's own text of a double, as its bits: Node.js reads and the server writes the nearest one. */
function bits(text: string | null): string | null {
  if (text === null) return null;
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(Number(text));
  return bytes.toString('hex');
}

describe('a Parquet part sent through LOAD DATA', () => {
  let server: TestMariadb | undefined;
  let folder: string;
  const withServer = testWithMariadb();

  beforeAll(async () => {
    server = await startTestMariadb();
    folder = mkdtempSync(path.join(tmpdir(), 'headrace-test-'));
  }, 60_000);

  afterAll(async () => {
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const report = new Report({ write: () => undefined });
  const access = () => ({
    target: { kind: 'mysql' as const, host: '127.0.0.1', port: server!.port, database: 'shop', secretArn: 'arn:x', ssl: 'disable' as const },
    credentials: async () => ({ username: 'headrace', password: 'headrace' }), lockTimeoutSeconds: 10, report, signal: new AbortController().signal,
  });

  /** Loads the query, then compares every cell. */
  async function roundTrip(
    columns: readonly { name: string; type: ColumnType }[], query: string, rows: number, rowGroupSize?: number,
  ): Promise<void> {
    const file = path.join(folder, `${Math.random()}.parquet`);
    const all = [{ name: 'n', type: { kind: 'integer', bits: 64 } as ColumnType }, ...columns];
    await withDuckdb((connection) => writeParquet(connection, query, file, rowGroupSize));
    const part = await mysqlTarget.openPart(file, partOf(file, 'k', rows), all.map((column) => ({ ...column, stored: column.type })));
    const found = await withSession(access(), 'test', async (client) => {
      await client.run('DROP TABLE IF EXISTS t');
      const dataset = { columns: all, primaryKey: [] } as unknown as Dataset;
      for (const statement of mysqlStagingDdl(dataset, { schema: 'shop', table: 't' }, client.flavour)) await client.run(statement);
      const progress = new Progress({ report, code: 'LOAD_I1103' });
      expect(await client.transaction(() => copyPart(client, { schema: 'shop', table: 't' }, part, progress, access().signal))).toBe(rows);
      // What a load by DMS compares: types that it refuses have no text there.
      const summed = all.filter(({ type: { kind } }) => kind !== 'binary');
      const values = new Map(summed.map(({ name }) => [name, `"${name}"`]));
      expect(await withDuckdb((connection) => texts(connection, `SELECT ${ROW_SUM.duckdb(summed, values)} FROM '${file}'`))).toEqual(await client.rows(`SELECT ${ROW_SUM.mysql(summed)} FROM t`));
      return client.rows(`SELECT n, ${columns.map(({ name, type }) => mysqlFingerprint(type, `\`${name}\``)).join(', ')} FROM t ORDER BY n`);
    }).finally(() => part.close());
    const texted = found.map((row) => row.map((cell, at) => (at > 0 && columns[at - 1]!.type.kind === 'float' ? bits(cell) : cell)));
    const expected = await withDuckdb((connection) => texts(connection, `SELECT CAST(n AS VARCHAR) AS number, ${columns.map(({ name, type }) => duckdbFingerprint(type, `"${name}"`)).join(', ')} FROM '${file}' ORDER BY n`));
    const different = expected.findIndex((row, index) => JSON.stringify(row) !== JSON.stringify(texted[index]));
    if (different !== -1) expect(texted[different]).toEqual(expected[different]);
    expect(texted).toHaveLength(rows);
  }

  withServer('keeps every cell of every type', async () => {
    for (const [, type, values] of CASES) {
      const union = ['NULL', ...values, 'NULL'].map((value, n) => `SELECT CAST(${n} AS BIGINT) AS n, ${literal(type, value)} AS v`).join(' UNION ALL ');
      await roundTrip([{ name: 'v', type }], union, values.length + 2);
    }
  }, 60_000);

  withServer('keeps every cell of wide rows over many row groups and slices', async () => {
    const columns = CASES.map(([, type, values], index) => ({ name: `c${index}`, type, values: values.filter((value) => !/^(repeat|encode)/.test(value)) }));
    const picks = columns.map(({ name, type, values }) => {
      const list = `[${values.map((value) => literal(type, value)).join(', ')}]`;
      return `CASE WHEN hash(n, '${name}') % 4 = 0 THEN NULL ELSE ${list}[1 + CAST(hash(n, '${name}', 1) % ${values.length} AS INTEGER)] END AS ${name}`;
    });
    await roundTrip(columns, `SELECT n, ${picks.join(', ')} FROM (SELECT CAST(i AS BIGINT) AS n FROM range(9000) AS r(i))`, 9_000, 2_048);
  }, 60_000);

  withServer('is refused before a row is sent where a float is NaN or infinite, and names the column', async () => {
    const type: ColumnType = { kind: 'float', bits: 64 };
    await expect(roundTrip([{ name: 'v', type }], "SELECT CAST(1 AS BIGINT) AS n, CAST('NaN' AS DOUBLE) AS v UNION ALL SELECT 2, CAST('-Infinity' AS DOUBLE)", 2)).rejects.toMatchObject({
      code: 'TARGET_VALUE', message: expect.stringContaining('2 in column v (NaN or infinite'),
    });
  });
});
