import type { DatasetSpec } from './_fixtures/contract-text';
import { CurateBench } from './_fixtures/curate-bench';

/** The day that instants have in UTC makes the partitions, the newest of a key wins, and tests are left out. */
const TRIPS: DatasetSpec = {
  columns: [
    { name: 'day', type: 'date', more: 'partitioned: true\n        transformLogic: "DATE_TRUNC(\'day\', started_at)"' },
    { name: 'id', type: 'integer', more: 'primaryKey: true' },
    { name: 'started_at', type: 'zoned' },
    { name: 'fare', type: 'decimal(10,2)' },
    { name: 'tip', type: 'decimal(10,2)', more: 'customProperties: [{ property: headraceDefault, value: 0 }]' },
    { name: 'total', type: 'decimal(5,2)', more: 'transformLogic: "fare + tip"\n        logicalTypeOptions: { minimum: 0 }' },
    { name: 'double_total', type: 'i32', more: 'transformLogic: "2 * CASE WHEN whole THEN CHAR_LENGTH(label) ELSE 0 END"' },
    { name: 'whole', type: 'boolean', more: 'transformLogic: "total IN (1, 2, 3)"' },
    { name: 'label', type: 'string' },
  ],
  custom: {
    headraceFilter: '"label <> \'test\' AND NOT (total = 3)"', headraceThreshold: '{ rows: 3 }',
    headraceDedupe: '{ orderBy: [{ column: total, direction: desc }], keep: first }',
  },
};
const HEADER = 'id,started_at,fare,tip,label\n';

describe('a dataset with computed columns and a filter', () => {
  let bench: CurateBench;

  beforeAll(async () => { bench = await CurateBench.start(); });
  afterAll(async () => { await bench.close(); });
  beforeEach(async () => { await bench.reset(TRIPS); });

  test('publishes the records for which the condition is TRUE, and its counts balance', async () => {
    await bench.ingest('r1', [`${HEADER}1,2024-01-01T00:30:00+02:00,1,,ab\n1,2024-01-01T00:30:00Z,1,1,abc\n2,2024-01-01T10:00:00Z,1,2,ab\n3,,5.5,0,a\n`, `${HEADER}4,2024-01-02T00:00:00Z,1,0,test\n5,2024-01-02T00:00:00Z,1,0,\n`]);
    const counts = { parsed: 6, kept: 6, rejected: 0, filtered: 3, deduplicated: 1, written: 2 };
    expect((await bench.run('s1')).datasets.trips).toMatchObject({ outcome: 'committed', counts });
    expect(await bench.view('2')).toEqual([
      ['2024-01-01', '1', '2024-01-01 00:30:00+00', '1.00', '1.00', '2.00', '6', 'true', 'abc'],
      [null, '3', null, '5.50', '0.00', '5.50', '0', 'false', 'a'],
    ]);
    const [manifest] = await bench.manifests();
    expect(manifest).toMatchObject({ balance: counts, columns: TRIPS.columns.map(({ name }) => expect.objectContaining({ name }) as unknown) });
    expect(manifest!.parts.map(({ partition }) => partition).sort((a, b) => String(a.day).localeCompare(String(b.day)))).toEqual([{ day: '2024-01-01' }, { day: null }]);
  });

  test('rejects what does not fit or breaks a check with its bytes, and says so before it is filtered', async () => {
    await bench.ingest('r1', [`${HEADER}1,2024-01-01T00:00:00Z,999.99,0.01,test\n2,2024-01-01T00:00:00Z,-1,0.5,a\n3,yesterday,1,0,a\n4,,1,0,b\n`]);
    expect((await bench.run('s1')).datasets.trips).toMatchObject({ counts: { parsed: 4, kept: 1, rejected: 3, filtered: 0, written: 1 } });
    const [manifest] = await bench.manifests();
    expect(manifest!.quarantine.byCode).toEqual({ RANGE: 2, TYPE: 1 });
  });

  test('has an empty batch where the filter leaves everything out, and no threshold is passed by that', async () => {
    await bench.ingest('r1', [`${HEADER}${'1,2024-01-01T00:00:00Z,1,0,test\n'.repeat(50)}`]);
    expect((await bench.run('s1')).datasets.trips).toMatchObject({ outcome: 'committed', counts: { parsed: 50, kept: 50, rejected: 0, filtered: 50, written: 0, files: 0 } });
    expect(await bench.view()).toEqual([]);
  });
});
