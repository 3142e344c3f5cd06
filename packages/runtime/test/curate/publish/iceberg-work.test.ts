import type { IcebergWork } from '../../../src/curate/publish/iceberg-work';
import type { DatasetSpec } from '../_fixtures/contract-text';
import { CurateBench } from '../_fixtures/curate-bench';

const SPEC: DatasetSpec = {
  columns: [
    { name: 'id', type: 'integer', more: 'primaryKey: true' }, { name: 'day', type: 'date', more: 'partitioned: true' }, { name: 'order', type: 'u64' }, { name: 'at', type: 'time' },
    { name: 'wall', type: 'timestamp' }, { name: 'instant', type: 'zoned' }, { name: 'small', type: 'u8' }, { name: 'price', type: 'decimal(10,2)' },
  ],
  record: 'nullTokens: [""]', custom: { headraceHistory: 'changes', headraceDedupe: '{ orderBy: [{ column: order, direction: desc, nulls: last }], keep: first }' },
};
const APPENDED: DatasetSpec = { columns: SPEC.columns.map((column) => (column.name === 'id' ? { name: 'id', type: 'integer' } : column)), record: SPEC.record };
const batch = (id: number): string => `id,day,order,at,wall,instant,small,price\n${id},2024-01-01,1,,,,,\n`;
const ICEBERG = { iceberg: { snapshotRetentionHours: 120 } };
const NOTE = { bucket: 'curated', key: 'lake/iceberg/trips.json' };

describe('what Publish tells the Iceberg job', () => {
  let bench: CurateBench;
  beforeAll(async () => { bench = await CurateBench.start(); });
  afterAll(async () => { await bench.close(); });
  beforeEach(async () => {
    await bench.reset(SPEC, ICEBERG);
    await bench.ingest('r1', [batch(1)]);
    await bench.ingest('r2', [batch(2)]);
  });

  const work = async (attemptId: string): Promise<IcebergWork['tables'][number]> =>
    (await bench.store.getJson<IcebergWork>({ bucket: 'curated', key: `lake/work/curate1/${attemptId}/iceberg.json` }))!.value.tables[0]!;

  test('names the units that stand, by whichever commit, and where their commits are', async () => {
    expect((await bench.run('s1')).iceberg).toEqual({ plan: { bucket: 'curated', key: 'lake/work/curate1/s1-a1/plan.json' }, tables: 1 });
    await bench.ingest('r3', [batch(3)], ['r1']);
    await bench.run('s2');
    expect(await work('s2-a1')).toMatchObject({
      dataset: 'trips', head: 3, standing: [{ unitId: 's1-a1-i2', seq: 2, ingestSeq: 2 }, { unitId: 's2-a1-i3', seq: 3, ingestSeq: 3 }],
      logPrefix: 'lake/commits/curated/trips/', dataPrefix: 'lake/data/trips/', progressKey: NOTE.key, snapshotRetentionHours: 120, history: 'changes', primaryKey: ['id'],
    });
  });

  test('has the table from the contract: types, partitions, properties, and time as text', async () => {
    await bench.run('s1');
    const { table, create, columns } = await work('s1-a1');
    expect(table).toBe('headrace.`lake_db`.`trips_iceberg`');
    expect(create).toBe([
      'CREATE TABLE IF NOT EXISTS headrace.`lake_db`.`trips_iceberg` (',
      '  `id` bigint,', '  `day` date,', '  `order` decimal(20,0),', '  `at` string,', '  `wall` timestamp_ntz,', '  `instant` timestamp,', '  `small` int,', '  `price` decimal(10,2),',
      '  `_headrace_attempt` string,', '  `_headrace_ingest_seq` bigint,', '  `_headrace_seq` bigint', ')', 'USING iceberg', 'PARTITIONED BY (`day`)', "LOCATION 's3://curated/lake/iceberg/trips'",
      'TBLPROPERTIES (', "  'format-version' = '2',", "  'write.format.default' = 'parquet',", "  'write.parquet.compression-codec' = 'zstd',", "  'write.target-file-size-bytes' = '134217728',",
      "  'write.delete.mode' = 'copy-on-write',", "  'write.update.mode' = 'copy-on-write',", "  'write.merge.mode' = 'copy-on-write',", "  'write.object-storage.enabled' = 'false',",
      "  'write.metadata.metrics.column._headrace_attempt' = 'full',", "  'write.metadata.delete-after-commit.enabled' = 'true',", "  'write.metadata.previous-versions-max' = '50',", "  'commit.retry.num-retries' = '10'", ')',
    ].join('\n'));
    expect(columns.filter(({ sparkType, tableType }) => sparkType !== tableType).map(({ name, sparkType, tableType }) => [name, sparkType, tableType])).toEqual([['at', 'bigint', 'string'], ['small', 'smallint', 'int']]);
  });

  const hoursAgo = (hours: number): string => new Date(Date.now() - hours * 3_600_000).toISOString();
  /** What a job leaves. */
  const note = async (more: object = {}): Promise<void> => {
    const { table, rule, head } = await work('s1-a1');
    await bench.store.putJson(NOTE, { schemaVersion: 1, table, seq: head, rule, at: hoursAgo(30), ...more });
    bench.glue.tables.set('lake_db.trips_iceberg', new Map());
  };

  test.each<[string, number | undefined, number, number | undefined]>([
    ['has snapshots that are young', 119, 30, undefined],
    ['has snapshots that must go', 121, 30, 1],
    ['lost snapshots a short time ago', 121, 23, undefined],
  ])('is upkeep alone where the table %s', async (_, oldest, at, tables) => {
    await bench.run('s1');
    await note({ at: hoursAgo(at), ...(oldest === undefined ? {} : { oldest: hoursAgo(oldest) }) });
    expect((await bench.run('s2')).iceberg?.tables).toBe(tables);
  });

  test.each<[string, () => unknown]>([
    ['was dropped', () => bench.glue.tables.delete('lake_db.trips_iceberg')],
    ['has another name by now', () => note({ table: 'headrace.`other_db`.`trips_iceberg`' })],
  ])('is all again where the table %s', async (_, change) => {
    await bench.run('s1');
    await note();
    expect((await bench.run('s2')).iceberg).toBeUndefined();
    await change();
    expect((await bench.run('s3')).iceberg).toMatchObject({ tables: 1 });
  });

  test('is what Vacuum took out of the log', async () => {
    await bench.run('s1');
    await note();
    expect((await bench.vacuum('v1', 0)).iceberg).toBeUndefined();
    await bench.mend({ ...APPENDED, retention: 'value: 30, unit: d' });
    const { iceberg, datasets } = await bench.vacuum('v2', 31);
    expect(datasets.trips).toMatchObject({ seq: 3, counts: { expired: 2 } });
    expect(iceberg).toMatchObject({ tables: 1 });
    expect(await work('v2-a1')).toMatchObject({ head: 3, standing: [] });
  });

  test('is nothing where the job noted the newest commit, and all again under another rule', async () => {
    await bench.run('s1');
    await note();
    expect((await bench.run('s2')).iceberg).toBeUndefined();
    await bench.mend({ ...SPEC, custom: { headraceHistory: 'changes', headraceDedupe: '{ orderBy: [{ column: order, direction: asc, nulls: last }], keep: first }' } });
    expect((await bench.run('s3')).iceberg).toMatchObject({ tables: 1 });
    await bench.ingest('r3', [batch(3)]);
    expect((await bench.run('s4')).iceberg).toMatchObject({ tables: 1 });
  });

  test('is nothing for a stage without tables, and for a log without commits', async () => {
    await bench.reset(SPEC);
    await bench.ingest('r1', [batch(1)]);
    expect((await bench.run('s1')).iceberg).toBeUndefined();
    await bench.reset(SPEC, ICEBERG);
    expect((await bench.run('s1')).iceberg).toBeUndefined();
  });
});
