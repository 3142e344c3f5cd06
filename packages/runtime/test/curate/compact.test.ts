import { byPartition } from '../../src/curate/plan/compaction-groups';
import type { DatasetSpec } from './_fixtures/contract-text';
import { CurateBench } from './_fixtures/curate-bench';
import { orderProblems } from './_fixtures/file-order';

const TRIPS: DatasetSpec = {
  columns: [{ name: 'id', type: 'integer' }, { name: 'day', type: 'date', more: 'partitioned: true' }, { name: 'fare', type: 'number' }, { name: 'note', type: 'string' }],
};
const COMPACT = { operation: 'compact' };
const MENDED = { columns: TRIPS.columns.map((column) => (column.name === 'note' ? { ...column, more: 'logicalTypeOptions: { maxLength: 9 }' } : column)) };

describe('compaction', () => {
  let bench: CurateBench;
  let curated: () => void;

  beforeAll(async () => {
    bench = await CurateBench.start();
    await bench.reset(TRIPS);
    for (let run = 1; run <= 4; run += 1) {
      await bench.ingest(`r${run}`, [`id,day,fare,note\n${run},2024-01-01,-0.0,a\n${run},2024-01-01,0.0,a\n7,,NaN,"it's ""x"""\n7,,NaN,"it's ""x"""\nx,,,\n${run},2024-01-0${run === 1 ? 2 : 1},1e300,\n`]);
    }
    await bench.run('s1');
    curated = bench.snapshot();
  });
  afterAll(async () => { await bench.close(); });
  beforeEach(async () => {
    curated();
    await bench.mend(TRIPS);
  });

  const files = async (): Promise<number> => bench.glue.partitions('lake_db.trips_runs').filter(({ values }) => values.at(-1)!.includes('-c')).length;
  const current = async (): Promise<string[]> => (await bench.published()).filter(({ state }) => state === 'current').map(({ attempt_id: id }) => id);

  test('leaves every row as it is, in fewer files', async () => {
    const before = await bench.view('ALL');
    expect(before).toHaveLength(20);
    expect(await bench.run('m1', 1, COMPACT)).toMatchObject({ datasets: { trips: { outcome: 'committed', seq: 5, counts: { commits: 4, filesBefore: 9, files: 3, rows: 20 } } } });
    expect(await bench.view('ALL')).toEqual(before);
    expect(await current()).toEqual(['m1-a1-c4']);
    const manifest = (await bench.manifests()).at(-1)!;
    expect(manifest).toMatchObject({ kind: 'compaction', supersedes: ['s1-a1-i1', 's1-a1-i2', 's1-a1-i3', 's1-a1-i4'], ingestSeq: 4, balance: { written: 20 }, quarantine: { parts: [] } });
    // A partition with one file keeps it.
    expect(manifest.parts.filter(({ key }) => key.includes('/s1-a1-i'))).toHaveLength(1);
    expect(await files()).toBe(3);
  });

  test('does nothing the second time', async () => {
    await bench.run('m1', 1, COMPACT);
    expect((await bench.run('m2', 1, COMPACT)).datasets.trips).toMatchObject({ outcome: 'nothing' });
    expect(await current()).toEqual(['m1-a1-c4']);
  });

  test('is published once, however often Publish runs', async () => {
    const plan = await bench.ready('m1', 1, COMPACT);
    await bench.publish(plan, 'm1', 1, COMPACT);
    expect((await bench.publish(plan, 'm1', 1, COMPACT)).datasets.trips).toMatchObject({ outcome: 'already-committed', seq: 5 });
    expect(await current()).toEqual(['m1-a1-c4']);
  });

  test('joins what came since with an earlier compaction', async () => {
    await bench.run('m1', 1, COMPACT);
    for (let run = 5; run <= 7; run += 1) await bench.ingest(`r${run}`, [`id,day,fare,note\n${run},2024-01-01,1,b\n`]);
    await bench.run('s2');
    const before = await bench.view('ALL');
    await bench.run('m2', 1, COMPACT);
    expect(await bench.view('ALL')).toEqual(before);
    expect(await current()).toEqual(['m2-a1-c7']);
  });

  test('does not hold up batches that are curated again: it goes, and what it stood for is current again', async () => {
    await bench.run('m1', 1, COMPACT);
    await bench.mend(MENDED);
    await bench.ingest('r5', ['id,day,fare,note\n5,2024-01-01,1,new\n'], ['r2']);
    await bench.run('s2');
    expect(await current()).toEqual(['s1-a1-i1', 's1-a1-i3', 's1-a1-i4', 's2-a1-i5']);
    expect(await bench.view()).toHaveLength(16);
    await bench.run('m2', 1, { operation: 'rerun' });
    expect(await bench.view()).toHaveLength(16);
  });

  test('gives way when one of its commits is superseded before it is published', async () => {
    const plan = await bench.ready('m1', 1, COMPACT);
    await bench.ingest('r5', ['id,day,fare,note\n5,2024-01-01,1,new\n'], ['r2']);
    await bench.run('s2');
    expect((await bench.publish(plan, 'm1', 1, COMPACT)).datasets.trips).toMatchObject({ outcome: 'nothing' });
    expect(await bench.view()).toHaveLength(16);
    expect(await files()).toBe(0);
  });

  test('dies at any write, and readers see the same rows before, between and after', async () => {
    const before = await bench.view('ALL');
    const plan = await bench.ready('m1', 1, COMPACT);
    const restore = bench.snapshot();
    for (let nth = 1, died = true; died; nth += 5) {
      restore();
      let writes = 0;
      bench.s3.fault = ({ action, bucket }) => (action === 'PutObject' && bucket === 'curated' && ++writes === nth ? { status: 403, code: 'AccessDenied' } : undefined);
      died = await bench.publish(plan, 'm1', 1, COMPACT).then(() => false, () => true);
      bench.s3.fault = () => undefined;
      expect(await bench.view('ALL')).toEqual(before);
      await bench.publish(plan, 'm1', 1, COMPACT);
      expect(await bench.view('ALL')).toEqual(before);
      expect(await current()).toEqual(['m1-a1-c4']);
    }
  }, 60_000);

  test('leaves commits of another version of the contract as they are', async () => {
    await bench.mend({ columns: [...TRIPS.columns, { name: 'more', type: 'string' }] });
    expect((await bench.plan('m1', 1, COMPACT)).compactions.count).toBe(0);
  });

  test('of a sorted dataset writes files that are sorted, each a range', async () => {
    const sort = [{ column: 'fare', direction: 'desc', nulls: 'first' }, { column: 'note', direction: 'asc', nulls: 'last' }] as const;
    await bench.reset({ ...TRIPS, custom: { headraceLineageColumns: 'true', headraceSort: `[${sort.map((key) => `{ column: ${key.column}, direction: ${key.direction}, nulls: ${key.nulls} }`).join(', ')}]` } });
    for (let run = 1; run <= 6; run += 1) {
      const rows = Array.from({ length: 300 }, (_, row) => `${row},2024-01-0${1 + (row % 5 === 0 ? 1 : 0)},${['', 'NaN', '-0.0', '0', String((row * 37 + run) % 101)][row % 5]},n${row % 7}`);
      await bench.ingest(`r${run}`, [`id,day,fare,note\n${rows.join('\n')}\n`]);
    }
    await bench.run('s1');
    const before = await bench.view('ALL');
    const plan = await bench.plan('m1', 1, COMPACT);
    const { settings } = bench;
    // Smaller than settings allow, so that few rows make several files.
    bench.settings = { ...settings, targetFileBytes: 4_000 };
    await bench.compact(plan);
    bench.settings = settings;
    await bench.publish(plan, 'm1', 1, COMPACT);
    expect(await bench.view('ALL')).toEqual(before);
    const groups = byPartition((await bench.manifests()).at(-1)!.parts);
    const select = async (sql: string) => (await bench.connection.runAndReadAll(sql)).getRowsJson() as (string | null)[][];
    expect(groups.map((group) => group.length > 1)).toContain(true);
    for (const group of groups) expect(await orderProblems(select, await Promise.all(group.map(({ key }) => bench.fetch(key))), sort)).toEqual([]);
  });

  test.each(['snapshot', 'changes'])('fails for history %s', async (history) => {
    const columns = TRIPS.columns.map((column) => (column.name === 'id' ? { ...column, more: 'primaryKey: true' } : column));
    await bench.mend({ columns, custom: { headraceHistory: history, headraceDedupe: '{ orderBy: [{ column: fare, direction: desc, nulls: last }], keep: first }' } });
    await expect(bench.plan('m1', 1, COMPACT)).rejects.toMatchObject({ code: 'COMPACT', message: expect.stringContaining(`trips has history ${history}: `) as string });
  });
});
