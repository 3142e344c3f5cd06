import { glueTables } from '../../../src/contract';
import { CatalogPartitions, type CatalogPartition } from '../../../src/curate/publish/catalog-partitions';
import { FakeGlueCatalog } from '../../_fakes/glue-catalog';
import { testContract } from '../_fixtures/contract-text';

const DATASET = testContract({ columns: [{ name: 'day', type: 'date', more: 'partitioned: true' }, { name: 'note', type: 'string' }] }).datasets[0]!;
const { runs: RUNS } = glueTables(DATASET, { database: 'db', runsTable: 'trips_runs', publishedTable: 'published', catalogLocation: '', publishedLocation: '' });

function partitions(count: number, unitId = 's1-a1-i1'): CatalogPartition[] {
  return Array.from({ length: count }, (_, index) => ({ values: [index === 0 ? null : `v${index}`], unitId, location: `s3://curated/lake/catalog/trips/${unitId}/day=v${index}/` }));
}

describe('CatalogPartitions', () => {
  let glue: FakeGlueCatalog;
  let catalog: CatalogPartitions;

  beforeEach(() => {
    glue = new FakeGlueCatalog('db.trips_runs');
    catalog = new CatalogPartitions(glue.client, { database: 'db', table: 'trips_runs' }, RUNS);
  });

  test('registers in calls of at most 100, with the list format of the table and without its columns, which Athena would compare by place', async () => {
    await catalog.register(partitions(250));
    expect(glue.calls.map(({ count }) => count)).toEqual([100, 100, 50]);
    expect(glue.partitions('db.trips_runs')).toHaveLength(250);
    const [first] = glue.tables.get('db.trips_runs')!.values();
    expect(first).toMatchObject({
      Values: ['__HIVE_DEFAULT_PARTITION__', 's1-a1-i1'],
      StorageDescriptor: { InputFormat: 'org.apache.hadoop.hive.ql.io.SymlinkTextInputFormat', SerdeInfo: { SerializationLibrary: 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe' } },
    });
    expect(first!.StorageDescriptor).not.toHaveProperty('Columns');
  });

  test('registers nothing without partitions', async () => {
    await catalog.register([]);
    expect(glue.calls).toEqual([]);
  });

  test('takes what it registered before for done', async () => {
    await catalog.register(partitions(3));
    await catalog.register(partitions(5));
    expect(glue.partitions('db.trips_runs')).toHaveLength(5);
  });

  test('fails when a partition points elsewhere', async () => {
    await catalog.register([{ ...partitions(1)[0]!, location: 's3://elsewhere/' }]);
    await expect(catalog.register(partitions(2))).rejects.toMatchObject({ code: 'CATALOG', message: expect.stringMatching(/points to s3:\/\/elsewhere\/, expected s3:\/\/curated/) as string });
  });

  test('tries single partitions again that failed for a passing reason', async () => {
    const refusals = new Map<string, number>();
    glue.refuse = ([value]) => {
      const count = (refusals.get(value!) ?? 0) + 1;
      refusals.set(value!, count);
      return value!.endsWith('3') && count <= 2 ? 'InternalServiceException' : undefined;
    };
    await catalog.register(partitions(20));
    expect(glue.partitions('db.trips_runs')).toHaveLength(20);
    expect(glue.calls.map(({ count }) => count)).toEqual([20, 2, 2]);
  });

  test('fails at once for a reason that will not pass, and names the partition', async () => {
    glue.refuse = ([value]) => (value === 'v2' ? 'ResourceNumberLimitExceededException' : undefined);
    await expect(catalog.register(partitions(4))).rejects.toMatchObject({ code: 'CATALOG', kind: 'terminal', message: expect.stringContaining('v2') as string });
  });

  test.each([
    ['AccessDeniedException', 400, 'CATALOG_DENIED', 'terminal'], ['EntityNotFoundException', 400, 'CATALOG_TABLE', 'terminal'],
    ['ThrottlingException', 400, 'CATALOG_UNAVAILABLE', 'transient'], ['InternalServiceException', 500, 'CATALOG_UNAVAILABLE', 'transient'], ['TimeoutError', undefined, 'CATALOG_UNAVAILABLE', 'transient'],
    ['InvalidInputException', 400, 'CATALOG', 'terminal'],
  ])('fails when a whole call fails with %s', async (name, httpStatusCode, code, kind) => {
    glue.fail = () => Object.assign(new Error('no'), { name, $metadata: { httpStatusCode } });
    await expect(catalog.register(partitions(1))).rejects.toMatchObject({ code, kind, message: expect.stringContaining('db.trips_runs') as string });
  });

  test('removes in calls of at most 25', async () => {
    await catalog.register(partitions(60));
    await catalog.remove(partitions(60));
    expect(glue.partitions('db.trips_runs')).toEqual([]);
    expect(glue.calls.filter(({ name }) => name === 'delete').map(({ count }) => count)).toEqual([25, 25, 10]);
  });

  test('fails where a partition stays, names it, and does not mind one that is gone already', async () => {
    await catalog.register(partitions(3));
    glue.refuseDelete = ([value]) => (value === 'v1' ? 'InternalServiceException' : undefined);
    const found = await catalog.ofUnit('s1-a1-i1');
    await expect(catalog.remove(found)).rejects.toMatchObject({
      code: 'CATALOG_UNAVAILABLE', kind: 'transient', message: expect.stringContaining('1 catalog partitions could not be removed, the first is db.trips_runs (v1, s1-a1-i1): InternalServiceException') as string,
    });
    glue.refuseDelete = () => undefined;
    await catalog.remove(partitions(3));
    expect(glue.partitions('db.trips_runs')).toEqual([]);
  });
});
