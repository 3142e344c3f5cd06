import { Client } from 'pg';
import { postgresEngine } from '../../../src/ingest/postgres/postgres-engine';
import { planSql } from '../../../src/ingest/sql/plan-sql';
import { SqlSession } from '../../../src/ingest/sql/sql-session';
import type { SqlSourceSettings } from '../../../src/ingest/sql/sql-settings';
import { draftDatasets, requireContract, type Dataset } from '../../../src/contract';
import { typeName } from '../../../src/contract/engine-types';
import { describeTables } from '../../../src/ingest/describe/describe-tables';
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

  async function exported(dataset: Dataset, table: object = { table: 'trips' }): Promise<Buffer> {
    const source = { kind: 'postgres', host: '127.0.0.1', port: Number(new URL(server!.url).port), database: 'postgres', secretArn: SECRET, ssl: 'disable', ...table, timeoutSeconds: 60, retries: 0, minRows: 0, lockTimeoutSeconds: 5 } as SqlSourceSettings;
    const deps = { report: new Report({ write: () => undefined }), signal: new AbortController().signal, secret: databaseSecret(() => ({ username: 'headrace', password: 'x' })) };
    const { shards: [shard] } = await planSql(postgresEngine, { ...deps, source, dataset, known: new Map(), input: { slot: 's1', attempt: 1, operation: 'ingest' } as never });
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
    const { rows, quarantine } = await bench.curate(spec, await exported(requireContract(contractText(spec), 'test').datasets[0]!));
    expect(quarantine).toEqual([]);
    expect(rows.sort(([a], [b]) => Number(a) - Number(b)).map(([, value]) => value)).toEqual(values.map(([, text]) => text));
  });

  test_('a contract drafted from a table is exact, and all of its rows pass', async () => {
    await database.query(`CREATE SCHEMA shop; CREATE TYPE shop.mood AS ENUM ('glad', 'sad');
      CREATE DOMAIN shop.amount AS numeric(10,2) NOT NULL; CREATE DOMAIN shop.price AS shop.amount;
      CREATE TABLE shop."Order Lines" (gone integer, line smallint, "Order" bigint, price shop.price, free numeric, hundreds numeric(5,-2), tiny numeric(2,5), huge numeric(50,0),
        code varchar(20) NOT NULL, iso char(3), note text, ref uuid, raw bytea, at timestamptz(3), local timestamp, day date, clock time, r real, d float8, yes boolean,
        feeling shop.mood, doc jsonb, tags int[], took interval, PRIMARY KEY ("Order", line) INCLUDE (code));
      ALTER TABLE shop."Order Lines" DROP COLUMN gone; COMMENT ON COLUMN shop."Order Lines".note IS 'x';
      INSERT INTO shop."Order Lines" VALUES (1, 9007199254740993, 1.50, 123456789012345678901234567890123456789.5, 12300, 0.00012, 12345678901234567890123456789012345678901234567890, 'a', 'ab', E'two\nlines', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11',
        '\\x00ff', '2024-01-01 10:00:00.123+02', '2024-01-01 10:00:00', '2024-02-29', '23:59:59', 0.1, 0.1, true, 'glad', '{"a": 1}', '{1,2}', '1 day'),
        (2, 1, 2, NULL, NULL, NULL, NULL, 'b', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)`);
    const { port } = new URL(server!.url);
    const at = { kind: 'postgres', ssl: 'disable', host: '127.0.0.1', port: Number(port), database: 'postgres', username: 'headrace', password: 'x' } as const;
    const drafts = await describeTables(at, [{ schema: 'shop', name: 'Order Lines' }], new AbortController().signal);
    const text = draftDatasets('shop', drafts);
    const dataset = requireContract(text, 'drafted').datasets[0]!;
    expect(text).toMatch(/^ {2}# table shop\.Order Lines of postgres, PostgreSQL \d+/m);
    expect(text).not.toContain('guessed');
    expect(dataset).toMatchObject({ name: 'order_lines', history: 'snapshot', primaryKey: ['order', 'line'], record: { format: 'csv', header: 'exact', multiline: true } });
    expect(dataset.columns.map(({ name, type, required, source }) => `${name} ${typeName(type)}${required ? ' required' : ''}${source.field === name ? '' : ` from ${source.field}`}`)).toEqual([
      'line integer i16 required', 'order integer i64 required from Order', 'price decimal(10,2) required', 'free string', 'hundreds decimal(7,0)', 'tiny decimal(5,5)', 'huge string',
      'code varchar(20) required', 'iso varchar(3)', 'note string', 'ref uuid', 'raw binary', 'at timestamp with zone', 'local timestamp', 'day date', 'clock time', 'r number f32', 'd number f64', 'yes boolean',
      'feeling string', 'doc string', 'tags string', 'took string',
    ]);
    expect(text).toContain('      # numeric has no precision, so this is its text as the server writes it; for exact numbers write logicalType: number and physicalType: decimal(p,s) with the digits that you need\n      - name: free\n');
    expect(text).toContain('# interval has no type in a contract, so this is its text as the server writes it; to have it as another type, declare that one if all texts are of it, or read a query that casts it');
    const { rows, quarantine } = await bench.curate({ columns: [] }, await exported(dataset, { schema: 'shop', table: 'Order Lines' }), { dataset });
    expect(quarantine).toEqual([]);
    expect(rows.map((row) => row.slice(0, 10))).toEqual([
      ['1', '9007199254740993', '1.50', '123456789012345678901234567890123456789.5', '12300', '.00012', '12345678901234567890123456789012345678901234567890', 'a', 'ab ', 'two\nlines'],
      ['2', '1', '2.00', null, null, null, null, 'b', null, null],
    ]);
    await expect(describeTables(at, [{ schema: 'shop', name: 'order lines' }], new AbortController().signal)).rejects.toMatchObject({ code: 'SOURCE_SCHEMA' });
  });
});
