import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  BatchCreatePartitionCommand, BatchDeletePartitionCommand, BatchGetPartitionCommand, BatchUpdatePartitionCommand, CreatePartitionCommand,
  DeletePartitionCommand, GetDatabaseCommand, GetPartitionCommand, GetPartitionsCommand, GetTablesCommand, GlueClient, UpdatePartitionCommand,
  paginateGetPartitions,
} from '@aws-sdk/client-glue';
import { GlueCatalog, type GlueSeeds } from '../../src/services/glue-catalog';
import { glueApi } from '../../src/services/glue-api';
import { compilePartitionFilter } from '../../src/services/partition-filter';
import { role, startGatewayFixture, type GatewayFixture } from '../_fixtures/gateway-fixture';
import { failure, temporaryFolder } from '../_fixtures/s3-fixture';

const KEYS = [{ Name: 'day', Type: 'string' }, { Name: 'hour', Type: 'int' }];
const SEEDS: GlueSeeds = {
  databases: [{ Name: 'Lake', LocationUri: 's3://lake/' }],
  tables: [
    { database: 'lake', table: { Name: 'trips_runs', PartitionKeys: KEYS, Parameters: { classification: 'parquet' } } },
    { database: 'lake', table: { Name: 'trips', TableType: 'VIRTUAL_VIEW', ViewOriginalText: '/* Presto View */' } },
  ],
};
const ON = { DatabaseName: 'lake', TableName: 'trips_runs' };
const input = (day: string, hour: number | string) => ({ Values: [day, String(hour)], StorageDescriptor: { Location: `s3://lake/${day}/${hour}/` } });

describe('through the SDK', () => {
  let fixture: GatewayFixture;
  let client: GlueClient;
  beforeEach(async () => {
    fixture = await startGatewayFixture([role('Curate', [{ Effect: 'Allow', Action: 'glue:*', Resource: '*' }])], (dir) => [glueApi(new GlueCatalog(join(dir, 'glue'), SEEDS))]);
    client = new GlueClient(fixture.as('Curate'));
  });
  afterEach(async () => {
    client.destroy();
    await fixture.close();
  });
  const create = (...list: object[]) => client.send(new BatchCreatePartitionCommand({ ...ON, PartitionInputList: list }));
  const all = async () => (await client.send(new GetPartitionsCommand(ON))).Partitions!.map(({ Values }) => Values!.join('/'));

  test('databases and tables come from the templates, by names in lower case', async () => {
    expect((await client.send(new GetDatabaseCommand({ Name: 'LAKE' }))).Database).toMatchObject({ Name: 'lake', LocationUri: 's3://lake/', CreateTime: expect.any(Date) });
    const { TableList } = await client.send(new GetTablesCommand({ DatabaseName: 'lake', Expression: 'trips.*' }));
    expect(TableList!.map(({ Name, TableType }) => [Name, TableType])).toEqual([['trips', 'VIRTUAL_VIEW'], ['trips_runs', undefined]]);
  });

  test('a partition is created, read, changed and deleted', async () => {
    await client.send(new CreatePartitionCommand({ ...ON, PartitionInput: input('d1', 1) }));
    const one = () => client.send(new GetPartitionCommand({ ...ON, PartitionValues: ['d1', '1'] }));
    expect((await one()).Partition).toMatchObject({ ...input('d1', 1), ...ON, CreationTime: expect.any(Date) });
    expect(await failure(client.send(new CreatePartitionCommand({ ...ON, PartitionInput: input('d1', 1) })))).toMatchObject({ name: 'AlreadyExistsException', status: 400 });
    const moved = { ...input('d1', 1), StorageDescriptor: { Location: 's3://lake/new/' } };
    await client.send(new UpdatePartitionCommand({ ...ON, PartitionValueList: ['d1', '1'], PartitionInput: moved }));
    expect((await one()).Partition!.StorageDescriptor!.Location).toBe('s3://lake/new/');
    await client.send(new UpdatePartitionCommand({ ...ON, PartitionValueList: ['d1', '1'], PartitionInput: input('d2', 1) }));
    expect(await all()).toEqual(['d2/1']);
    await client.send(new DeletePartitionCommand({ ...ON, PartitionValues: ['d2', '1'] }));
    expect(await failure(one())).toMatchObject({ name: 'EntityNotFoundException' });
    expect(await failure(client.send(new DeletePartitionCommand({ ...ON, PartitionValues: ['d2', '1'] })))).toMatchObject({ name: 'EntityNotFoundException' });
  });

  test('a batch does what it can and reports the rest item by item', async () => {
    expect((await create(input('d1', 1), input('d1', 1), { Values: ['only one'] })).Errors).toEqual([
      { PartitionValues: ['d1', '1'], ErrorDetail: { ErrorCode: 'AlreadyExistsException', ErrorMessage: 'Partition already exists.' } },
      { PartitionValues: ['only one'], ErrorDetail: { ErrorCode: 'InvalidInputException', ErrorMessage: expect.stringContaining('do not match') } },
    ]);
    const updated = await client.send(new BatchUpdatePartitionCommand({ ...ON, Entries: [{ PartitionValueList: ['x', '1'], PartitionInput: input('x', 1) }] }));
    expect(updated.Errors).toMatchObject([{ PartitionValueList: ['x', '1'], ErrorDetail: { ErrorCode: 'EntityNotFoundException' } }]);
    const deleted = await client.send(new BatchDeletePartitionCommand({ ...ON, PartitionsToDelete: [{ Values: ['d1', '1'] }, { Values: ['x', '1'] }] }));
    expect(deleted.Errors).toMatchObject([{ PartitionValues: ['x', '1'], ErrorDetail: { ErrorCode: 'EntityNotFoundException' } }]);
    expect(await all()).toEqual([]);
  });

  test('a batch over the limit of 100 is refused whole', async () => {
    const many = Array.from({ length: 101 }, (_, hour) => input('d', hour));
    expect(await failure(create(...many))).toMatchObject({ name: 'ValidationException', message: expect.stringContaining('less than or equal to 100') });
    expect(await all()).toEqual([]);
    expect((await create(...many.slice(1))).Errors).toEqual([]);
    expect(await all()).toHaveLength(100);
  });

  test('partitions are read in pages, by expression, and in segments', async () => {
    for (const day of ['d1', 'd2', 'd3']) await create(...Array.from({ length: 24 }, (_, hour) => input(day, hour)));
    const found: string[][] = [];
    for await (const page of paginateGetPartitions({ client, pageSize: 7 }, { ...ON, Expression: "day IN ('d1','d3') AND hour >= 9" })) {
      expect(page.Partitions!.length).toBeLessThanOrEqual(7);
      found.push(...page.Partitions!.map(({ Values }) => Values!));
    }
    expect([found.length, new Set(found.map(String)).size]).toEqual([30, 30]);
    const segment = (SegmentNumber: number) => client.send(new GetPartitionsCommand({ ...ON, Segment: { SegmentNumber, TotalSegments: 3 } }));
    const segments = await Promise.all([0, 1, 2].map(segment));
    expect(segments.flatMap(({ Partitions }) => Partitions!)).toHaveLength(72);
    const got = await client.send(new BatchGetPartitionCommand({ ...ON, PartitionsToGet: [{ Values: ['d1', '5'] }, { Values: ['d9', '5'] }] }));
    expect(got.Partitions!.map(({ Values }) => Values)).toEqual([['d1', '5']]);
  });

  test.each<[string, () => Promise<unknown>, string, string]>([
    ['a database', () => client.send(new GetDatabaseCommand({ Name: 'none' })), 'EntityNotFoundException', 'Database none not found.'],
    ['a table', () => client.send(new GetPartitionsCommand({ ...ON, TableName: 'none' })), 'EntityNotFoundException', 'Table none not found.'],
    ['a column of an expression', () => client.send(new GetPartitionsCommand({ ...ON, Expression: "month = '1'" })), 'InvalidInputException', 'month is not one of the partition columns day, hour'],
    ['a page of a size', () => client.send(new GetPartitionsCommand({ ...ON, MaxResults: 1001 })), 'ValidationException', 'between 1 and 1000'],
  ])('fails by name for %s that does not exist', async (_, call, name, message) => {
    expect(await failure(call())).toMatchObject({ name, message: expect.stringContaining(message) });
  });
});

test('partitions stay over a restart, and a line cut short by a kill is dropped', () => {
  const folder = temporaryFolder();
  const open = () => new GlueCatalog(folder.dir, SEEDS);
  const first = open();
  first.createPartition('lake', 'trips_runs', input('d1', 1));
  first.createPartition('lake', 'trips_runs', input('d2', 1));
  first.deletePartition('lake', 'trips_runs', ['d2', '1']);
  appendFileSync(join(folder.dir, 'lake', 'trips_runs.partitions.ndjson'), '{"put":{"Values":["d3"');
  expect(open().partitions('lake', 'trips_runs')).toMatchObject([input('d1', 1)]);
  open().createPartition('lake', 'trips_runs', input('d4', 1));
  expect(open().partitions('lake', 'trips_runs').map(({ Values }) => Values[0])).toEqual(['d1', 'd4']);
  folder.remove();
});

test('tables that a pipeline made stay over a restart, and change only from the version that the writer knows', () => {
  const folder = temporaryFolder();
  const open = () => new GlueCatalog(folder.dir, SEEDS);
  const table = (metadata: string) => ({ Name: 'Trips_Iceberg', Parameters: { table_type: 'ICEBERG', metadata_location: metadata } });
  open().createTable('lake', table('s3://lake/1.json'));
  expect(open().table('lake', 'trips_iceberg')).toMatchObject({ Name: 'trips_iceberg', Parameters: { metadata_location: 's3://lake/1.json' }, VersionId: '1' });
  const catalog = open();
  catalog.updateTable('lake', table('s3://lake/2.json'), '1');
  expect(() => catalog.updateTable('lake', table('s3://lake/3.json'), '1')).toThrow(/version 1 was given, it is 2/);
  expect(() => catalog.createTable('lake', table('s3://lake/4.json'))).toThrow('Table already exists.');
  expect(() => catalog.updateTable('lake', { Name: 'trips' }, undefined)).toThrow(/table lake.trips is of a template/);
  expect(open().table('lake', 'trips_iceberg')).toMatchObject({ Parameters: { metadata_location: 's3://lake/2.json' }, VersionId: '2' });
  folder.remove();
});

describe('expressions', () => {
  const fits = (expression: string, values: string[]) => compilePartitionFilter(expression, KEYS)(values);
  test.each<[string, string[], boolean]>([
    ["day = '2026-01-01'", ['2026-01-01', '3'], true],
    ["day='2026-01-01' and hour<>3", ['2026-01-01', '3'], false],
    ['hour > 9', ['d', '10'], true],
    ["day > '9'", ['10', '1'], false],
    ["day = 'it''s' or hour = 1", ["it's", '2'], true],
    ["not (day = 'a' or day = 'b')", ['c', '1'], true],
    ["day between 'a' and 'c' and hour in (1, 2)", ['b', '2'], true],
    ["day not in ('a')", ['a', '1'], false],
    ["day like '2026-%'", ['2026-05', '1'], true],
    ["day not like '2026-__'", ['2026-05', '1'], false],
    ["`day` <= DATE '2026-01-02'", ['2026-01-02', '1'], true],
    ['day is null', ['__HIVE_DEFAULT_PARTITION__', '1'], true],
    ['day is not null and hour != -1', ['x', '1'], true],
    ["day = 'a' or day = 'b' and hour = 9", ['a', '1'], true],
  ])('%s', (expression, values, expected) => expect(fits(expression, values)).toBe(expected));

  test.each(['day = ', "day == 'a'", "day = 'a' hour = 1", 'hour in ()', '(day = 1', "lower(day) = 'a'", "day between 'a'", 'day is 1', 'day not = 1', '# '])(
    'fails by position for %s', (expression) => expect(() => fits(expression, ['a', '1'])).toThrow(`Unsupported expression '${expression}'`));
});
