import type { Connection } from 'mysql2/promise';
import { draftDatasets, requireContract } from '../../../src/contract';
import { typeName } from '../../../src/contract/engine-types';
import type { PipelineError } from '../../../src/errors/pipeline-error';
import { describeTables } from '../../../src/ingest/describe/describe-tables';
import { RowsBench } from '../../curate/_fixtures/rows-bench';
import { BUCKET, IngestStage } from '../../_fixtures/ingest-stage';
import { startTestMariadb, testWithMariadb, type TestMariadb } from '../../_fixtures/mariadb';
import { changesContract, databaseSecret, ID, NOTE, SECRET } from '../../_fixtures/sql-source';

jest.setTimeout(60_000);
const test_ = testWithMariadb();

describe('MariaDB as a source', () => {
  let server: TestMariadb | undefined;
  let database: Connection;
  const opened: IngestStage[] = [];

  beforeAll(async () => {
    server = await startTestMariadb();
    if (server !== undefined) database = await server.admin();
  });
  afterEach(async () => { await Promise.all(opened.splice(0).map((one) => one.close())); });
  afterAll(async () => {
    await database?.end();
    await server?.stop();
  });

  async function open(source: object, contract: string): Promise<IngestStage> {
    const stage = await IngestStage.start({ trips: { kind: 'mysql', host: '127.0.0.1', port: server!.port, database: 'shop', secretArn: SECRET, ssl: 'disable', table: 'trips', ...source } }, contract);
    stage.secret = databaseSecret(() => ({ username: 'headrace', password: 'headrace' }));
    opened.push(stage);
    return stage;
  }

  const fresh = async (...statements: string[]): Promise<void> => {
    for (const statement of ['DROP TABLE IF EXISTS trips', ...statements]) await database.query(statement);
  };
  const parts = (stage: IngestStage, run: string): string[] => stage.s3.keys(BUCKET, `demo/raw/trips/${run}/`).map((key) => stage.s3.text(BUCKET, key));
  const failure = (work: Promise<unknown>): Promise<PipelineError> => work.then(() => { throw new Error('nothing failed'); }, (error) => error);
  const column = (name: string, type: string): string => `{ name: ${name}, ${type} }`;

  test_('lands the server\'s own texts, by rule where it has several', async () => {
    await fresh(
      'CREATE TABLE trips (id bigint unsigned, flag tinyint(1), bits bit(10), f float, d double, n decimal(30,10), z int(8) zerofill, t time(6), at timestamp(6) NULL, dt datetime, day date, b varbinary(20), note text CHARACTER SET latin1, j json)',
      "SET SESSION sql_mode = ''",
      'INSERT INTO trips VALUES (18446744073709551615, 1, b\'1000000001\', 0.1, 0.1, 12345678901234567890.0123456789, 42, \'-838:59:59.5\', \'2026-01-01 00:00:00.000001\', \'2026-01-01 00:00:00\', \'0000-00-00\', x\'00ff0a\', \'a"b, ü\\\\n\', \'{"a": 1}\')',
      'INSERT INTO trips (note) VALUES (\'\')',
    );
    const types = [
      column('id', 'logicalType: integer, logicalTypeOptions: { format: u64 }'), column('flag', 'logicalType: boolean'), column('bits', 'logicalType: integer'), column('f', 'logicalType: number, logicalTypeOptions: { format: f32 }'),
      column('d', 'logicalType: number, logicalTypeOptions: { format: f64 }'), column('n', 'logicalType: number, physicalType: "decimal(30,10)"'), column('z', 'logicalType: integer'), column('t', 'logicalType: string'),
      column('at', 'logicalType: timestamp, logicalTypeOptions: { timezone: true }'), column('dt', 'logicalType: timestamp'), column('day', 'logicalType: string'), column('b', 'logicalType: string, logicalTypeOptions: { format: binary }'), NOTE, column('j', 'logicalType: string'),
    ];
    const stage = await open({}, changesContract(types, { history: 'snapshot' }));
    await stage.run('s1');
    expect(parts(stage, 's1')[0]!.split('\n')).toEqual([
      '"id","flag","bits","f","d","n","z","t","at","dt","day","b","note","j"',
      '18446744073709551615,"true",513,0.10000000149011612,0.1,12345678901234567890.0123456789,42,-838:59:59.500000,2026-01-01 00:00:00.000001Z,2026-01-01 00:00:00,0000-00-00,AP8K,"a""b, ü\\n","{""a"": 1}"',
      ',,,,,,,,,,,,"",',
      '',
    ]);
    expect(stage.log('trips')[0].parts[0]).toMatchObject({ records: 2, source: { export: { server: expect.stringMatching(/^MariaDB 1/), consistency: 'snapshot', session: { time_zone: '+00:00' } } } });
  });

  test_('is the table of a contract drafted from it, whose rows all pass', async () => {
    await fresh(
      `CREATE TABLE trips (\`Trip No\` bigint unsigned, leg smallint, flag tinyint(1), small tinyint unsigned, mid mediumint, plain int, big bigint, z int(8) zerofill, bits bit(10), f float, d double, n decimal(38,10), wide decimal(50,2),
        t time(6), at timestamp(6) NULL, dt datetime(3), day date, y year, b varbinary(20), u uuid, e enum('a','b') NOT NULL, c char(3), v varchar(20) CHARACTER SET latin1, note text, j json, place point, net inet6, hidden int INVISIBLE,
        PRIMARY KEY (leg, \`Trip No\`))`,
      "INSERT INTO trips VALUES (18446744073709551615, 1, 1, 255, -8388608, -2147483648, -9223372036854775808, 42, b'1000000001', 0.1, 0.1, 1234567890123456789012345678.0123456789, 123456789012345678901234567890123456789012345678.25, '23:59:59.5',"
        + " '2026-01-01 00:00:00.000001', '2026-01-01 00:00:00.001', '2026-01-01', 2026, x'00ff0a', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'a', 'ab', 'ü', 'two\\nlines', '{\"a\": 1}', ST_GeomFromText('POINT(1 2)'), '::1')",
      "INSERT INTO trips (leg, `Trip No`, e) VALUES (2, 1, 'b')",
    );
    const at = { kind: 'mysql', ssl: 'disable', host: '127.0.0.1', port: server!.port, database: 'shop', username: 'headrace', password: 'headrace' } as const;
    const [byName, bySchema] = await describeTables(at, [{ name: 'trips' }, { schema: 'shop', name: 'trips' }], new AbortController().signal);
    expect(bySchema!.columns).toEqual(byName!.columns);
    const text = draftDatasets('shop', [byName!]);
    const dataset = requireContract(text, 'drafted').datasets[0]!;
    expect(dataset).toMatchObject({ history: 'snapshot', primaryKey: ['leg', 'trip_no'] });
    expect(dataset.columns.map(({ name, type, required }) => `${name} ${typeName(type)}${required ? ' required' : ''}`)).toEqual([
      'trip_no integer u64 required', 'leg integer i16 required', 'flag integer i8', 'small integer u8', 'mid integer i32', 'plain integer i32', 'big integer i64', 'z integer u32', 'bits integer u16', 'f number f32', 'd number f64',
      'n decimal(38,10)', 'wide string', 't time', 'at timestamp with zone', 'dt timestamp', 'day date', 'y integer i16', 'b binary', 'u uuid', 'e string required', 'c varchar(3)', 'v varchar(20)', 'note string', 'j string',
      'place binary', 'net string',
    ]);
    expect(text).toContain('# tinyint(1) is what BOOLEAN becomes; if it holds 0 and 1 only, write logicalType: boolean and no format');
    expect(text).toContain('# decimal(50,2) has more than 38 digits, so this is its text');
    const stage = await open({}, text);
    await stage.run('s1');
    const bench = await RowsBench.start();
    const { rows, quarantine } = await bench.curate({ columns: [] }, parts(stage, 's1')[0]!, { dataset }).finally(() => bench.close());
    expect(quarantine).toEqual([]);
    expect(rows.map((row) => row.slice(0, 13))).toEqual([
      ['18446744073709551615', '1', '1', '255', '-8388608', '-2147483648', '-9223372036854775808', '42', '513', '0.1', '0.1', '1234567890123456789012345678.0123456789', '123456789012345678901234567890123456789012345678.25'],
      ['1', '2', ...Array.from({ length: 11 }, () => null)],
    ]);
    expect(rows[0]!.slice(19, 21)).toEqual(['a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'a']);
  });

  test_('cuts a skewed key into shards, and each row lands once', async () => {
    await fresh('CREATE TABLE trips (id bigint NULL, note text, KEY (id))', "INSERT INTO trips SELECT IF(seq <= 900, seq, seq * 100000), 'n' FROM seq_1_to_1000", "INSERT INTO trips VALUES (NULL, 'without')");
    const stage = await open({ shard: { by: 'id', count: 4, bytes: 2 ** 30 } }, changesContract([ID, NOTE], { history: 'snapshot' }));
    expect((await stage.run('s1')).datasets.trips).toMatchObject({ counts: { parts: 4, records: 1001 } });
    for (const part of parts(stage, 's1')) expect(part.split('\n').length).toBeGreaterThan(200);
  });

  test_('goes by a cursor with microseconds, and by numbers beyond 2^53', async () => {
    await fresh('CREATE TABLE trips (id bigint, note text, at datetime(6))', "INSERT INTO trips VALUES (1, 'a', '2026-01-01 00:00:00.000001')");
    const stage = await open({ cursor: { column: 'at' } }, changesContract([ID, NOTE]));
    await stage.run('s1');
    expect((await stage.run('s2')).datasets.trips).toMatchObject({ outcome: 'unchanged' });
    await database.query("INSERT INTO trips VALUES (2, 'b', '2026-01-01 00:00:00.000001')");
    await stage.run('s3');
    expect(parts(stage, 's3')).toEqual(['"id","note"\n1,"a"\n2,"b"\n']);
    await fresh('CREATE TABLE trips (id bigint, note text)', "INSERT INTO trips VALUES (9007199254740992, 'a'), (9007199254740993, 'b')");
    const numbers = await open({ cursor: { column: 'id' } }, changesContract([ID, NOTE]));
    await numbers.run('s1');
    await database.query("INSERT INTO trips VALUES (9007199254740994, 'c')");
    await numbers.run('s2');
    expect(parts(numbers, 's2')).toEqual(['"id","note"\n9007199254740993,"b"\n9007199254740994,"c"\n']);
  });

  test_('never writes, and names the cure of what it refuses', async () => {
    await fresh('CREATE TABLE trips (id bigint, note text)');
    const contract = changesContract([ID, NOTE], { history: 'snapshot' });
    expect(await failure((await open({ table: 'nowhere' }, contract)).plan('s1'))).toMatchObject({ code: 'SOURCE_SCHEMA' });
    expect(await failure((await open({ ssl: 'verify-full' }, contract)).plan('s1'))).toMatchObject({ code: 'SOURCE_CERTIFICATE' });
    expect(await failure((await open({ shard: { by: 'id', count: 2 } }, contract)).plan('s1'))).toMatchObject({ code: 'SOURCE_SHARDS' });
  });
});
