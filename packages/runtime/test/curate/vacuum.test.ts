import { appendCommit } from '../../src/run/commit-log';
import { commitLogPrefix } from '../../src/run/keys';
import type { CuratedManifest } from '../../src/run/manifest';
import type { DatasetSpec } from './_fixtures/contract-text';
import { CurateBench } from './_fixtures/curate-bench';

const COLUMNS = [{ name: 'id', type: 'integer' }, { name: 'day', type: 'date', more: 'partitioned: true' }, { name: 'note', type: 'string' }];
const TRIPS: DatasetSpec = { columns: COLUMNS };
const MENDED: DatasetSpec = { columns: COLUMNS.map((column) => (column.name === 'note' ? { ...column, more: 'logicalTypeOptions: { maxLength: 9 }' } : column)) };
const KEPT_30_DAYS: DatasetSpec = { ...TRIPS, retention: 'value: 30, unit: d' };
const [RERUN, COMPACT] = [{ operation: 'rerun' }, { operation: 'compact' }];

describe('vacuum', () => {
  let bench: CurateBench;
  let curated: () => void;

  beforeAll(async () => {
    bench = await CurateBench.start();
    await bench.reset(TRIPS);
    for (let run = 1; run <= 3; run += 1) await bench.ingest(`r${run}`, [`id,day,note\n${run},2024-01-01,a\n${run},2024-01-0${run === 1 ? 2 : 1},b\nx,,\n`]);
    await bench.run('s1');
    curated = bench.snapshot();
  });
  afterAll(async () => { await bench.close(); });
  beforeEach(async () => {
    curated();
    bench.s3.lastModified = new Date().toISOString();
    bench.lines.length = 0;
    await bench.mend(TRIPS, { supersededForSeconds: 14 * 86_400 });
  });

  const objects = async (): Promise<string[]> => (await Promise.all(['data', 'quarantine', 'catalog'].map((folder) => bench.keys(`lake/${folder}/`)))).flat();
  const unitsWithObjects = async (): Promise<string[]> => [...new Set((await objects()).map((key) => key.split('/')[3]!))].sort();
  const partitions = (): string[] => [...new Set(['trips_runs', 'trips_rejects'].flatMap((table) => bench.glue.partitions(`lake_db.${table}`).map(({ values }) => values.at(-1)!)))].sort();
  const states = async (): Promise<string[]> => (await bench.published()).map(({ attempt_id: id, state }) => `${id} ${state}`);
  const result = { datasets: { trips: { outcome: 'committed', seq: 7, counts: { expired: 0, units: 3, leftBehind: 0, waiting: 3, files: 0 } } } };

  async function rerun(): Promise<void> {
    await bench.mend(MENDED);
    await bench.run('s2', 1, RERUN);
  }

  test('removes nothing that is current, or that was superseded a short time ago', async () => {
    const before = await objects();
    expect(await bench.vacuum('v1', 400)).toMatchObject({ datasets: { trips: { outcome: 'nothing', counts: { units: 0, files: 0 } } } });
    await rerun();
    expect(await bench.vacuum('v2', 13)).toMatchObject({ datasets: { trips: { outcome: 'nothing' } } });
    expect(await objects()).toEqual(expect.arrayContaining(before));
  });

  test('removes the files, lists and catalog partitions of what was superseded long ago, and says so in the log before', async () => {
    await rerun();
    const view = await bench.view('ALL');
    const before = await objects();
    expect(await bench.vacuum('v1', 15)).toMatchObject(result);
    // The catalog forgets them first, and queries have time to end.
    expect(partitions()).toEqual(['s2-a1-i1', 's2-a1-i2', 's2-a1-i3']);
    expect(await objects()).toEqual(before);
    expect(await bench.vacuum('v2', 15.2)).toMatchObject({ datasets: { trips: { counts: { waiting: 3, files: 0 } } } });
    expect(await bench.vacuum('v3', 15.3)).toMatchObject({ datasets: { trips: { outcome: 'nothing', counts: { waiting: 0, files: 14 } } } });
    expect(await unitsWithObjects()).toEqual(['s2-a1-i1', 's2-a1-i2', 's2-a1-i3']);
    expect(await bench.view('ALL')).toEqual(view);
    expect((await bench.manifests()).at(-1)).toMatchObject({ kind: 'removal', removed: ['s1-a1-i1', 's1-a1-i2', 's1-a1-i3'], supersedes: [], ingestSeq: 0, parts: [] });
    expect((await states()).slice(0, 3)).toEqual(['s1-a1-i1 removed', 's1-a1-i2 removed', 's1-a1-i3 removed']);
    expect(await bench.vacuum('v4', 30)).toMatchObject({ datasets: { trips: { outcome: 'nothing', counts: { files: 0 } } } });
    // The first run, asked again, tells what it did.
    expect(await bench.vacuum('v1', 30, { attempt: 2 })).toMatchObject({
      datasets: { trips: { outcome: 'already-committed', seq: 7, manifestKey: expect.stringMatching(/0007\.json$/) as string, counts: { units: 3, files: 0 } } },
    });
  });

  test('waits from when the catalog has let go, also where a try died between, and ends where a partition stays', async () => {
    await rerun();
    const before = await objects();
    const registered = [...bench.glue.tables.get('lake_db.trips_runs')!];
    const refuse = (unit: string): void => { bench.glue.refuseDelete = (values) => (values.at(-1)!.startsWith(unit) ? 'InternalServiceException' : undefined); };
    refuse('s1-');
    await expect(bench.vacuum('v1', 15)).rejects.toMatchObject({ code: 'CATALOG_UNAVAILABLE' });
    // The log has named them long ago, and queries found them all the time; the next run takes two of three out and dies.
    refuse('s1-a1-i3');
    await expect(bench.vacuum('v2', 20)).rejects.toMatchObject({ code: 'CATALOG_UNAVAILABLE' });
    bench.glue.refuseDelete = () => undefined;
    for (const [slot, day, attempt] of [['v2', 20.01, 1], ['v2', 20.1, 2], ['v3', 20.2, 1]] as const) {
      expect(await bench.vacuum(slot, day, { attempt })).toMatchObject({ datasets: { trips: { counts: { waiting: 3, files: 0 } } } });
      expect(await objects()).toEqual(before);
    }
    // A partition that somebody has put back makes its unit wait from anew.
    bench.glue.tables.get('lake_db.trips_runs')!.set(...registered.find(([name]) => name.endsWith('s1-a1-i2'))!);
    expect(await bench.vacuum('v4', 20.5)).toMatchObject({ datasets: { trips: { counts: { waiting: 1 } } } });
    expect(await bench.vacuum('v5', 20.8)).toMatchObject({ datasets: { trips: { counts: { waiting: 0 } } } });
    expect(await unitsWithObjects()).toEqual(['s2-a1-i1', 's2-a1-i2', 's2-a1-i3']);
    expect(await bench.keys('lake/taken-out/')).toEqual([]);
  });

  test('goes on in another turn, and tells the sum', async () => {
    await rerun();
    await Promise.all(Array.from({ length: 4 }, (_, i) => bench.store.putText({ bucket: 'curated', key: `lake/data/trips/s0-a1-i${i + 1}/1.parquet` }, 'x')));
    const first = await bench.vacuum('v1', 15, { turnMs: 0, unitsAtOnce: 8 });
    expect(first.turns).toBe(2);
    expect(first.datasets.trips).toMatchObject({ outcome: 'committed', counts: { units: 3, leftBehind: 4, waiting: 7 } });
    const second = await bench.vacuum('v2', 16, { turnMs: 0, unitsAtOnce: 8 });
    expect(second.turns).toBe(2);
    expect(second.datasets.trips).toMatchObject({ outcome: 'nothing', counts: { files: 14 + 4, waiting: 0 } });
    expect(await unitsWithObjects()).toEqual(['s2-a1-i1', 's2-a1-i2', 's2-a1-i3']);
  });

  test('keeps what a compaction stands for, and the files that a compaction keeps of commits that are gone', async () => {
    await bench.run('c1', 1, COMPACT);
    const before = await objects();
    expect(await bench.vacuum('v1', 400)).toMatchObject({ datasets: { trips: { outcome: 'nothing', counts: { files: 0 } } } });
    expect(await objects()).toEqual(before);
    // Joined once more with what is new: the first compaction goes, and the file that it kept stays, because the second one has it too.
    for (let run = 4; run <= 6; run += 1) await bench.ingest(`r${run}`, [`id,day,note\n${run},2024-01-01,a\n`]);
    await bench.run('s2');
    await bench.run('c2', 1, COMPACT);
    const view = await bench.view('ALL');
    expect(await bench.vacuum('v2', 30)).toMatchObject({ datasets: { trips: { counts: { units: 1 } } } });
    expect(await bench.vacuum('v3', 31)).toMatchObject({ datasets: { trips: { counts: { files: 3 } } } });
    expect(await bench.view('ALL')).toEqual(view);
    expect(await unitsWithObjects()).not.toContain('c1-a1-c3');
    // And when a commit that it stands for is superseded, all others have their files.
    await bench.mend(MENDED);
    await bench.run('s3', 1, { ...RERUN, run: 's1' });
    await bench.vacuum('v4', 60);
    await bench.vacuum('v5', 61);
    expect(await bench.view('ALL')).toHaveLength(9);
    expect(await unitsWithObjects()).toEqual(['s2-a1-i4', 's2-a1-i5', 's2-a1-i6', 's3-a1-i1', 's3-a1-i2', 's3-a1-i3']);
  });

  test('lets files that a compaction keeps of another one wait as long as its own', async () => {
    for (let run = 4; run <= 5; run += 1) await bench.ingest(`r${run}`, [`id,day,note\n${run},2024-01-09,a\n`]);
    await bench.run('s2');
    await bench.run('c1', 1, COMPACT);
    for (let run = 6; run <= 8; run += 1) await bench.ingest(`r${run}`, [`id,day,note\n${run},2024-01-01,a\n`]);
    await bench.run('s3');
    await bench.run('c2', 1, COMPACT);
    await bench.vacuum('v1', 15);
    await bench.vacuum('v2', 16);
    const kept = await bench.keys('lake/data/trips/c1-a1-c5/');
    expect(kept).toHaveLength(1);
    await bench.mend(KEPT_30_DAYS);
    await bench.vacuum('v3', 31);
    bench.glue.refuseDelete = (values) => (values.at(-1)!.startsWith('c2') ? 'InternalServiceException' : undefined);
    await expect(bench.vacuum('v4', 46)).rejects.toMatchObject({ code: 'CATALOG_UNAVAILABLE' });
    bench.glue.refuseDelete = () => undefined;
    // The list of the second one named the file in the catalog until this run.
    await bench.vacuum('v5', 47);
    expect(await bench.keys('lake/data/trips/c1-a1-c5/')).toEqual(kept);
    await bench.vacuum('v6', 48);
    expect(await unitsWithObjects()).toEqual([]);
  });

  test('removes what executions left that never committed, when it is old, and their catalog partitions', async () => {
    await bench.ingest('r4', ['id,day,note\n4,2024-01-01,a\nx,,\n']);
    const plan = await bench.ready('s2');
    const died = jest.spyOn(bench.store, 'putJson').mockImplementation(async () => { throw new Error('killed'); });
    await expect(bench.publish(plan, 's2')).rejects.toThrow('killed');
    died.mockRestore();
    await bench.store.putText({ bucket: 'curated', key: 'lake/data/trips/of-somebody/1.parquet' }, 'x');
    expect(partitions()).toContain('s2-a1-i4');
    expect(await bench.vacuum('v1', 13)).toMatchObject({ datasets: { trips: { outcome: 'nothing', counts: { files: 0 } } } });
    expect(await bench.vacuum('v2', 15)).toMatchObject({ datasets: { trips: { outcome: 'committed', counts: { units: 0, leftBehind: 1, waiting: 1 } } } });
    expect(partitions()).not.toContain('s2-a1-i4');
    expect(await bench.vacuum('v3', 16)).toMatchObject({ datasets: { trips: { outcome: 'nothing', counts: { leftBehind: 0, files: 4 } } } });
    expect(await unitsWithObjects()).toEqual(['of-somebody', 's1-a1-i1', 's1-a1-i2', 's1-a1-i3']);
    // The execution is started again where it failed, and finds that its files are gone; however old its plan is.
    const refused = { code: 'FILES_REMOVED', message: expect.stringContaining('start the next attempt of slot s2') as string };
    await expect(bench.publish(plan, 's2')).rejects.toMatchObject(refused);
    const stored = (await bench.store.getJson<object>(plan.plan))!.value;
    await bench.store.putJson(plan.plan, { ...stored, plannedAt: '2999-01-01T00:00:00.000Z' });
    await expect(bench.publish(plan, 's2')).rejects.toMatchObject(refused);
    // Nor is it planned again when its plan has expired.
    bench.s3.objects.delete(`curated/${plan.plan.key}`);
    await expect(bench.plan('s2')).rejects.toMatchObject(refused);
    expect(partitions()).not.toContain('s2-a1-i4');
    await bench.run('s2', 2);
    expect(await bench.view('ALL')).toHaveLength(7);
  });

  test('keeps the files of a unit that was committed after a removal had named it', async () => {
    await bench.ingest('r4', ['id,day,note\n4,2024-01-01,a\n']);
    await bench.ready('s2');
    expect(await bench.vacuum('v1', 15)).toMatchObject({ datasets: { trips: { counts: { leftBehind: 1 } } } });
    const files = await bench.keys('lake/data/trips/s2-a1-i4/');
    const [like] = await bench.manifests();
    const parts = files.map((key) => ({ ...like!.parts[0]!, key }));
    await appendCommit<CuratedManifest>(bench.store, { bucket: 'curated', prefix: commitLogPrefix('curated', 'lake', 'trips') }, (seq) => ({ ...like!, seq, attemptId: 's2-a1-i4', ingestSeq: 4, parts }));
    expect(await bench.vacuum('v2', 17)).toMatchObject({ datasets: { trips: { counts: { files: 0, waiting: 0 } } } });
    expect(await bench.keys('lake/data/trips/s2-a1-i4/')).toEqual(files);
  });

  test('removes files of a committed unit that its commit does not name', async () => {
    await bench.store.putText({ bucket: 'curated', key: 'lake/data/trips/s1-a1-i1/day=2024-01-01/9.parquet' }, 'x');
    expect(await bench.vacuum('v1', 13)).toMatchObject({ datasets: { trips: { counts: { files: 0 } } } });
    expect(await bench.vacuum('v2', 15)).toMatchObject({ datasets: { trips: { outcome: 'nothing', counts: { files: 1, bytes: 1 } } } });
    expect(await bench.view('ALL')).toHaveLength(6);
  });

  test('takes batches past their retention out of the current state, and their files after the horizon', async () => {
    await bench.mend(KEPT_30_DAYS);
    expect(await bench.vacuum('v1', 29)).toMatchObject({ datasets: { trips: { outcome: 'nothing' } } });
    expect(await bench.vacuum('v2', 31)).toMatchObject({ datasets: { trips: { outcome: 'committed', counts: { expired: 3, units: 0, files: 0 } } } });
    expect(await bench.view('ALL')).toEqual([]);
    expect(await unitsWithObjects()).toHaveLength(3);
    expect(await bench.vacuum('v3', 44)).toMatchObject({ datasets: { trips: { outcome: 'nothing' } } });
    expect(await bench.vacuum('v4', 46)).toMatchObject({ datasets: { trips: { counts: { expired: 0, units: 3 } } } });
    await bench.vacuum('v5', 47);
    expect(await unitsWithObjects()).toEqual([]);
    await expect(bench.run('s2', 1, RERUN)).rejects.toMatchObject({ code: 'RERUN_NOTHING', message: expect.stringMatching(/^trips: all batches are past their retention/) as string });
    await expect(bench.plan('s2', 1, { ...RERUN, run: 's1' })).rejects.toMatchObject({ code: 'RERUN_NOTHING', message: expect.stringMatching(/^trips: the batches of run s1 are past/) as string });
    expect(await bench.run('s3')).toMatchObject({ datasets: { trips: { outcome: 'nothing' } } });
  });

  test('takes a compaction out with all of its batches only', async () => {
    await bench.run('c1', 1, COMPACT);
    await bench.mend(KEPT_30_DAYS);
    expect(await bench.vacuum('v1', 31)).toMatchObject({ datasets: { trips: { counts: { expired: 4 } } } });
    expect(await bench.view('ALL')).toEqual([]);
    expect(await bench.vacuum('v2', 46)).toMatchObject({ datasets: { trips: { counts: { units: 4 } } } });
    await bench.vacuum('v3', 47);
    expect(await unitsWithObjects()).toEqual([]);
  });

  test('keeps the newest batch of a snapshot, and all of a dataset that is its changes', async () => {
    const keyed = COLUMNS.map((column) => (column.name === 'id' ? { ...column, more: 'primaryKey: true' } : column));
    await bench.mend({ ...KEPT_30_DAYS, custom: { headraceHistory: 'snapshot' } });
    expect(await bench.vacuum('v1', 31)).toMatchObject({ datasets: { trips: { counts: { expired: 2 } } } });
    expect(await bench.view('ALL')).toHaveLength(2);
    curated();
    await bench.mend({ columns: keyed, retention: 'value: 30, unit: d', custom: { headraceHistory: 'changes' } });
    expect(await bench.vacuum('v1', 31)).toMatchObject({ datasets: { trips: { outcome: 'nothing' } } });
    expect(bench.lines.join()).toContain('CURATE_W1501');
  });

  test('dies at any request, and the next run leaves nothing that the log does not name', async () => {
    await rerun();
    await bench.store.putText({ bucket: 'curated', key: 'lake/data/trips/s0-a1-i9/1.parquet' }, 'x');
    const view = await bench.view('ALL');
    await bench.mend(TRIPS, { supersededForSeconds: 0 });
    const restore = bench.snapshot();
    for (let nth = 1, died = true; died; nth += 7) {
      restore();
      let requests = 0;
      bench.s3.fault = ({ bucket, action }) => (bucket === 'curated' && action !== 'GetObject' && ++requests === nth ? { [nth % 2 === 0 ? 'after' : 'status']: 403 } as { status: 403 } : undefined);
      died = await bench.vacuum('v1', 15).then(() => false, () => true);
      bench.s3.fault = () => undefined;
      expect(await bench.view('ALL')).toEqual(view);
      await bench.vacuum('v1', 15, { attempt: 2 });
      // Where the first had not taken them out of the catalog, the second did, and a further one removes their files.
      await bench.vacuum('v1', 15, { attempt: 3 });
      expect(await bench.view('ALL')).toEqual(view);
      expect(await unitsWithObjects()).toEqual(['s2-a1-i1', 's2-a1-i2', 's2-a1-i3']);
      expect(partitions()).toEqual(['s2-a1-i1', 's2-a1-i2', 's2-a1-i3']);
    }
  });
});
