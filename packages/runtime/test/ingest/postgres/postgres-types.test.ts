import { Client } from 'pg';
import { postgresEngine } from '../../../src/ingest/postgres/postgres-engine';
import { planSql } from '../../../src/ingest/sql/plan-sql';
import { SqlSession } from '../../../src/ingest/sql/sql-session';
import type { SqlSourceSettings } from '../../../src/ingest/sql/sql-settings';
import { requireContract } from '../../../src/contract';
import { Report } from '../../../src/report/report';
import { contractText, type DatasetSpec } from '../../curate/_fixtures/contract-text';
import { RowsBench } from '../../curate/_fixtures/rows-bench';
import { startTestPostgres, testWithPostgres, type TestPostgres } from '../../_fixtures/postgres';
import { databaseSecret, SECRET } from '../../_fixtures/sql-source';

jest.setTimeout(60_000);
const test_ = testWithPostgres();

describe('values of PostgreSQL', () => {
  let server: TestPostgres | undefined;
  let database: Client;
  let bench: RowsBench;

  beforeAll(async () => {
    server = await startTestPostgres();
    if (server === undefined) return;
    database = new Client({ connectionString: server.url });
    await database.connect();
    // A server whose defaults would write everything otherwise.
    for (const setting of ["datestyle = 'German'", "timezone = 'Asia/Kolkata'", 'extra_float_digits = -3', "bytea_output = 'escape'", "intervalstyle = 'sql_standard'"]) await database.query(`ALTER ROLE headrace SET ${setting}`);
    bench = await RowsBench.start();
  });
  afterAll(async () => {
    await bench?.close();
    await database?.end();
    await server?.stop();
  });

  async function exported(spec: DatasetSpec): Promise<Buffer> {
    const source = { kind: 'postgres', host: '127.0.0.1', port: Number(new URL(server!.url).port), database: 'postgres', secretArn: SECRET, ssl: 'disable', table: 'trips', timeoutSeconds: 60, retries: 0, minRows: 0, lockTimeoutSeconds: 5 } as SqlSourceSettings;
    const deps = { report: new Report({ write: () => undefined }), signal: new AbortController().signal, secret: databaseSecret(() => ({ username: 'headrace', password: 'x' })) };
    const [dataset] = requireContract(contractText(spec), 'test').datasets;
    const { shards: [shard] } = await planSql(postgresEngine, { ...deps, source, dataset: dataset!, known: new Map(), input: { slot: 's1', attempt: 1, operation: 'ingest' } as never });
    const session = new SqlSession(postgresEngine, source, deps);
    const reader = session.read(shard!, () => undefined);
    const opened = await reader.open();
    const chunks: Buffer[] = [];
    for await (const chunk of (opened as Extract<typeof opened, { outcome: 'open' }>).body) chunks.push(chunk);
    await reader.close();
    await session.close();
    return Buffer.concat(chunks);
  }

  /** Type of the contract, type of the server, values in SQL, and what curate reads. */
  const TYPES: ReadonlyArray<
    readonly [type: string, sql: string, values: ReadonlyArray<readonly [sql: string, text: string | null]>, more?: string]
  > = [
    ['string', 'text', [["''", ''], ['NULL', null], ['\'a"b, c\'', 'a"b, c'], ["'NULL'", 'NULL'], ["'\\\\.'", '\\\\.'], ["' ü€😀 '", ' ü€😀 ']]],
    ['i16', 'smallint', [['-32768', '-32768'], ['NULL', null]]],
    ['i32', 'integer', [['2147483647', '2147483647']]],
    ['i64', 'bigint', [['-9223372036854775808', '-9223372036854775808']]],
    ['u64', 'numeric(20)', [['18446744073709551615', '18446744073709551615']]],
    ['decimal(38,10)', 'numeric(38,10)', [['1234567890123456789012345678.0123456789', '1234567890123456789012345678.0123456789'], ['-0.5', '-0.5000000000']]],
    ['f32', 'real', [['0.1', '0.1'], ['16777216', '16777216.0'], ["'NaN'", 'nan'], ["'-Infinity'", '-inf']]],
    ['number', 'double precision', [['0.1::float8 + 0.2::float8', '0.30000000000000004'], ['1e300', '1e+300'], ['5e-324', '5e-324']]],
    ['boolean', 'boolean', [['true', 'true'], ['false', 'false'], ['NULL', null]]],
    ['boolean', 'boolean', [['true', 'true'], ['false', 'false']], 'customProperties: [{ property: headraceBoolean, value: { trueTokens: [Y], falseTokens: [N] } }]'],
    ['date', 'date', [["'0001-01-01'", '0001-01-01'], ["'9999-12-31'", '9999-12-31']]],
    ['timestamp', 'timestamp', [["'2024-02-29 10:00:00.123456'", '2024-02-29 10:00:00.123456']]],
    ['zoned', 'timestamptz', [["'2024-02-29 10:00:00.000001+05:30'", '2024-02-29 04:30:00.000001+00']]],
    ['time', 'time', [["'23:59:59.999999'", '86399999999']]],
    ['string', 'uuid', [["'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'", 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11']], 'logicalTypeOptions: { format: uuid }'],
    ['string', 'bytea', [["'\\x00ff10'", '\\x00\\xFF\\x10'], ['decode(repeat(\'61\', 100), \'hex\')', 'a'.repeat(100)], ['NULL', null]], 'logicalTypeOptions: { format: binary }'],
    ['string', 'interval', [["'1 year 2 days 03:04:05'", '1 year 2 days 03:04:05']]],
    ['string', 'jsonb', [['\'{"a": [1, "x"]}\'', '{"a": [1, "x"]}']]],
    ['string', 'int[]', [["'{1,2}'", '{1,2}']]],
  ];

  const cases = TYPES.map(([type, sql, values, more]) => ({ type, sql, values, more }));
  test_.each(cases)('$type of $sql comes out of curate as it is', async ({ type, sql, values, more }) => {
    await database.query('DROP TABLE IF EXISTS trips');
    await database.query(`CREATE TABLE trips (id integer, v ${sql})`);
    for (const [index, [value]] of values.entries()) await database.query(`INSERT INTO trips VALUES (${index}, ${value})`);
    const spec: DatasetSpec = { columns: [{ name: 'id', type: 'i32' }, { name: 'v', type, more }] };
    const { rows, quarantine } = await bench.curate(spec, await exported(spec));
    expect(quarantine).toEqual([]);
    expect(rows.sort(([a], [b]) => Number(a) - Number(b)).map(([, value]) => value)).toEqual(values.map(([, text]) => text));
  });
});
