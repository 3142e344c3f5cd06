import { createHash } from 'node:crypto';
import { readdirSync, readlinkSync, statSync } from 'node:fs';
import type { CuratedManifest } from '../../src/run/manifest';
import { CurateBench } from './_fixtures/curate-bench';
import { groupsRead, orderProblems } from './_fixtures/file-order';
import type { DatasetSpec } from './_fixtures/contract-text';

const TRIPS: DatasetSpec = {
  columns: [
    { name: 'id', type: 'integer', more: 'primaryKey: true' },
    { name: 'day', type: 'date', more: 'partitioned: true' },
    { name: 'fare', type: 'decimal(10,2)' },
    { name: 'note', type: 'string' },
  ],
  custom: { headraceDedupe: '{ orderBy: [{ column: fare, direction: desc, nulls: last }], keep: first }', headraceThreshold: '{ percent: 50 }' },
};
const HEADER = 'id,day,fare,note\n';

// Batches that an engine with little memory must spill take some seconds, and many on a machine that has other work.
jest.setTimeout(120_000);

describe('the curate stage', () => {
  let bench: CurateBench;

  beforeAll(async () => { bench = await CurateBench.start(); });
  afterAll(async () => { await bench.close(); });
  beforeEach(async () => { await bench.reset(TRIPS); });

  test('publishes every good record once, and only those', async () => {
    await bench.ingest('r1', [`${HEADER}1,2024-01-01,1.10,a\n2,2024-01-02,2.5,\n2,2024-01-02,3.5,""\nx,2024-01-02,1,b\n`, `${HEADER}3,,4,"q""q"\n2,2024-01-03,3.50,c\n`]);
    const output = await bench.run('s1');
    expect(output).toMatchObject({ pipeline: 'lake', slot: 's1', attempt: 1, datasets: { trips: { outcome: 'committed', seq: 1, counts: { parsed: 6, kept: 5, rejected: 1, written: 3, deduplicated: 2, filtered: 0 } } } });
    expect(await bench.view()).toEqual([['1', '2024-01-01', '1.10', 'a'], ['2', '2024-01-02', '3.50', ''], ['3', null, '4.00', 'q"q']]);
    const [manifest] = await bench.manifests();
    expect(manifest).toMatchObject({
      stage: 'curate', kind: 'ingest', seq: 1, attemptId: 's1-a1-i1', engine: 'duckdb', ingestSeq: 1, peakMemoryBytes: 7,
      balance: { parsed: 6, kept: 5, rejected: 1, written: 3, deduplicated: 2, filtered: 0 }, quarantine: { byCode: { TYPE: 1 } },
    });
    expect(manifest!.parts.map(({ partition }) => partition.day)).toEqual(expect.arrayContaining([null, '2024-01-01', '2024-01-02']));
    expect(bench.glue.partitions('lake_db.trips_runs').map(({ values }) => values)).toEqual(expect.arrayContaining([['__HIVE_DEFAULT_PARTITION__', 's1-a1-i1'], ['2024-01-01', 's1-a1-i1']]));
  });

  test('does nothing when nothing is new', async () => {
    await bench.ingest('r1', [`${HEADER}1,2024-01-01,1,a\n`]);
    await bench.run('s1');
    const output = await bench.run('s2');
    expect(output.datasets.trips).toMatchObject({ outcome: 'nothing', counts: { units: 0 } });
    expect(await bench.manifests()).toHaveLength(1);
  });

  test('makes one unit of each raw commit, in commit order', async () => {
    await bench.ingest('r1', [`${HEADER}1,2024-01-01,1,a\n`]);
    await bench.ingest('r2', [`${HEADER}2,2024-01-01,2,b\n`]);
    await bench.run('s1');
    expect((await bench.manifests()).map(({ seq, ingestSeq, attemptId }) => [seq, ingestSeq, attemptId])).toEqual([[1, 1, 's1-a1-i1'], [2, 2, 's1-a1-i2']]);
    expect(await bench.view()).toHaveLength(2);
  });

  test('takes what a raw commit supersedes out of the current state', async () => {
    await bench.ingest('r1', [`${HEADER}1,2024-01-01,1,wrong\n`]);
    await bench.run('s1');
    await bench.ingest('r2', [`${HEADER}1,2024-01-01,1,right\n`], ['r1']);
    await bench.run('s2');
    expect(await bench.view()).toEqual([['1', '2024-01-01', '1.00', 'right']]);
    expect((await bench.published()).map(({ attempt_id: id, state }) => [id, state])).toEqual([['s1-a1-i1', 'superseded'], ['s2-a1-i2', 'current']]);
  });

  describe('of a raw commit that cannot be curated, and that another one supersedes', () => {
    const WRONG = 'no,header,at,all\n';
    const states = async (): Promise<unknown> => (await bench.published()).map(({ attempt_id: id, state }) => [id, state]);

    test('nothing is read, and the other one is published', async () => {
      await bench.ingest('r1', [WRONG]);
      await expect(bench.run('s1')).rejects.toMatchObject({ code: 'HEADER' });
      await bench.ingest('r2', [`${HEADER}1,2024-01-01,1,right\n`], ['r1']);
      expect((await bench.run('s2')).datasets.trips).toMatchObject({ outcome: 'committed', seq: 2, counts: { units: 1, parsed: 1, written: 1 } });
      expect(await bench.view()).toEqual([['1', '2024-01-01', '1.00', 'right']]);
      // The log has no gap for loads to wait for, and a later run finds nothing to do.
      expect(await states()).toEqual([['s2-a1-i1', 'superseded'], ['s2-a1-i2', 'current']]);
      expect((await bench.plan('s3')).units.count).toBe(0);
    });

    test('a run that had planned it before commits nothing of it', async () => {
      await bench.ingest('r1', [`${HEADER}1,2024-01-01,1,late\n`]);
      const late = await bench.ready('s1');
      await bench.ingest('r2', [`${HEADER}1,2024-01-01,1,right\n`], ['r1']);
      await bench.run('s2');
      expect((await bench.publish(late, 's1')).datasets.trips).toMatchObject({ outcome: 'already-committed' });
      expect(await bench.view()).toEqual([['1', '2024-01-01', '1.00', 'right']]);
    });

    test('one that such a run commits in between is superseded as well', async () => {
      await bench.ingest('r1', [`${HEADER}1,2024-01-01,1,late\n`]);
      const late = await bench.ready('s1');
      await bench.ingest('r2', [`${HEADER}1,2024-01-01,1,right\n`], ['r1']);
      const right = await bench.ready('s2');
      await bench.publish(late, 's1');
      await bench.publish(right, 's2');
      expect(await bench.view()).toEqual([['1', '2024-01-01', '1.00', 'right']]);
      expect(await states()).toEqual([['s1-a1-i1', 'superseded'], ['s2-a1-i2', 'current']]);
    });

    test('of snapshots it is committed behind the one in its place, so that no reader sees it as the newest', async () => {
      await bench.reset({ ...TRIPS, custom: { ...TRIPS.custom, headraceHistory: 'snapshot' } });
      await bench.ingest('r1', [WRONG]);
      await bench.ingest('r2', [`${HEADER}1,2024-01-01,1,right\n`], ['r1']);
      expect((await bench.run('s1')).datasets.trips).toMatchObject({ outcome: 'committed', seq: 1 });
      expect((await bench.manifests()).map(({ ingestSeq, supersededBy }) => [ingestSeq, supersededBy])).toEqual([[2, undefined], [1, 2]]);
      expect(await bench.view()).toEqual([['1', '2024-01-01', '1.00', 'right']]);
      expect((await bench.plan('s2')).units.count).toBe(0);
      // Nor is it curated again.
      await bench.mend({ ...TRIPS, custom: { ...TRIPS.custom, headraceHistory: 'snapshot', headraceThreshold: '{ percent: 60 }' } });
      expect((await bench.run('m1', 1, { operation: 'rerun' })).datasets.trips).toMatchObject({ outcome: 'committed', counts: { units: 1, written: 1 } });
    });

    test('it is found when the one in its place is curated already', async () => {
      await bench.reset({ ...TRIPS, custom: { ...TRIPS.custom, headraceHistory: 'snapshot' } });
      await bench.ingest('r1', [WRONG]);
      await bench.ingest('r2', [`${HEADER}1,2024-01-01,1,right\n`], ['r1']);
      const plan = await bench.ready('s1');
      // The run dies between the two commits.
      const fault = bench.s3.fault;
      bench.s3.fault = ({ action, key }) => (action === 'PutObject' && /commits\/curated\/trips\/0*2\.json$/.test(key) ? { status: 403, code: 'AccessDenied' } : undefined);
      await expect(bench.publish(plan, 's1')).rejects.toMatchObject({ code: 'STORE_DENIED' });
      bench.s3.fault = fault;
      expect((await bench.run('s2')).datasets.trips).toMatchObject({ outcome: 'nothing' });
      expect(await bench.view()).toEqual([['1', '2024-01-01', '1.00', 'right']]);
      expect((await bench.plan('s3')).units.count).toBe(0);
    });
  });

  test.each([
    ['an empty file', ''],
    ['a header and no record', HEADER],
  ])('commits %s as an empty run', async (_title, text) => {
    await bench.ingest('r1', [text]);
    expect((await bench.run('s1')).datasets.trips).toMatchObject({ outcome: 'empty', seq: 1, counts: { parsed: 0, written: 0 } });
    expect((await bench.manifests())[0]!.parts).toEqual([]);
    expect(await bench.view()).toEqual([]);
  });

  test('never shows a stray file, wherever it lies below the data prefix', async () => {
    await bench.ingest('r1', [`${HEADER}1,2024-01-01,1,a\n`]);
    await bench.run('s1');
    const [{ parts }] = await bench.manifests() as unknown as [{ parts: { key: string }[] }];
    const body = bench.s3.objects.get(`curated/${parts[0]!.key}`) ?? [...bench.s3.objects.entries()].find(([key]) => key.endsWith(parts[0]!.key))![1];
    const path = [...bench.s3.objects.keys()].find((key) => key.endsWith(parts[0]!.key))!;
    bench.s3.objects.set(path.replace(/[^/]+$/, '7.parquet'), body);
    expect(await bench.view()).toEqual([['1', '2024-01-01', '1.00', 'a']]);
  });

  describe('when more is rejected than the threshold allows', () => {
    test('fails with counts by code and publishes nothing', async () => {
      await bench.ingest('r1', [`${HEADER}1,2024-01-01,1,a\nx,2024-01-01,1,a\ny,2024-13-01,1\n`]);
      const plan = await bench.plan('s1');
      await bench.rows(plan);
      await expect(bench.shape(plan)).rejects.toMatchObject({
        code: 'THRESHOLD', kind: 'terminal', fault: 'user', facts: { parsed: 3, rejected: 2, byCode: { TYPE: 1, FIELDS: 1 } },
        message: expect.stringMatching(/2 of 3 .*by code: .*s3:\/\/curated\/lake\/quarantine\/trips\/s1-a1-i1\//) as string,
      });
      expect(await bench.keys('lake/commits/')).toEqual([]);
      expect(await bench.keys('lake/data/')).toEqual([]);
    });

    test('allows exactly the threshold', async () => {
      await bench.ingest('r1', [`${HEADER}1,2024-01-01,1,a\nx,2024-01-01,1,a\n`]);
      expect((await bench.run('s1')).datasets.trips).toMatchObject({ outcome: 'committed', counts: { kept: 1, rejected: 1 } });
    });
  });

  test('fails when a key stands twice and no dedupe is declared', async () => {
    await bench.reset({ columns: TRIPS.columns });
    await bench.ingest('r1', [`${HEADER}1,2024-01-01,1,a\n1,2024-01-02,1,b\n2,2024-01-02,1,b\n`]);
    await expect(bench.run('s1')).rejects.toMatchObject({ code: 'KEY', fault: 'user', message: expect.stringContaining('2 records share 1 values of the primary key id in one run (for example id 1)') as string });
    expect(await bench.keys('lake/commits/')).toEqual([]);
  });

  test('fails when a unique value stands twice, and lets NULL stand often', async () => {
    const columns = TRIPS.columns.map((column) => (column.name === 'note' ? { ...column, more: 'unique: true' } : column));
    await bench.reset({ columns });
    await bench.ingest('r1', [`${HEADER}1,2024-01-01,1,a\n2,2024-01-02,1,\n3,2024-01-02,1,\n`]);
    await bench.run('s1');
    await bench.ingest('r2', [`${HEADER}1,2024-01-01,1,a\n2,2024-01-02,1,a\n`]);
    await expect(bench.run('s2')).rejects.toMatchObject({ code: 'UNIQUE' });
  });

  test('checks what must be unique after the dedupe', async () => {
    const columns = TRIPS.columns.map((column) => (column.name === 'note' ? { ...column, more: 'unique: true' } : column));
    await bench.reset({ ...TRIPS, columns });
    await bench.ingest('r1', [`${HEADER}1,2024-01-01,1,a\n1,2024-01-02,2,a\n2,2024-01-02,2,b\n`]);
    await bench.run('s1');
    expect(await bench.view()).toEqual([['1', '2024-01-02', '2.00', 'a'], ['2', '2024-01-02', '2.00', 'b']]);
  });

  test('tells shapers that cannot read contracts what they must know', async () => {
    await bench.ingest('r1', [HEADER]);
    await bench.plan('s1');
    expect((await bench.store.getJson({ bucket: 'curated', key: 'lake/work/curate1/s1-a1/shape-trips.json' }))!.value).toEqual({
      schemaVersion: 1, dataset: 'trips', primaryKey: ['id'], unique: [], partitionColumns: ['day'], targetFileBytes: 128 * 1024 * 1024, threshold: { percent: 50 },
      columns: [{ name: 'id', sparkType: 'bigint' }, { name: 'day', sparkType: 'date' }, { name: 'fare', sparkType: 'decimal(10,2)' }, { name: 'note', sparkType: 'string' }],
      duplicates: [], sort: [], dedupe: { orderBy: [{ column: 'fare', direction: 'desc', nulls: 'last' }], keep: 'first' },
    });
  });

  describe('a dedupe', () => {
    test.each([
      ['first', 'asc', 'first', ['null1']], ['first', 'asc', 'last', ['low']], ['first', 'desc', 'last', ['high1']], ['last', 'asc', 'last', ['null2']], ['last', 'desc', 'first', ['low']], ['last', 'asc', 'first', ['high2']],
    ])('keeps the %s by fare %s with NULL %s, and breaks ties by the order of the source', async (keep, direction, nulls, notes) => {
      await bench.reset({ columns: TRIPS.columns, custom: { headraceDedupe: `{ orderBy: [{ column: fare, direction: ${direction}, nulls: ${nulls} }], keep: ${keep} }` } });
      await bench.ingest('r1', [`${HEADER}1,,,null1\n1,,3,high1\n1,,2,low\n`, `${HEADER}1,,3,high2\n1,,,null2\n`]);
      await bench.run('s1');
      expect((await bench.view()).map((row) => row[3])).toEqual(notes);
    });
  });

  describe('when keys are compared in shares', () => {
    const lines = Array.from({ length: 900 }, (_, index) => `${index % 300},2024-01-01,${index},n${index}`);

    async function shapeInShares(keysAtOnce: number): Promise<void> {
      await bench.ingest('r1', [`${HEADER}${lines.join('\n')}\n`]);
      const plan = await bench.plan('s1');
      await bench.rows(plan);
      await bench.shape(plan, { keysAtOnce });
      await bench.publish(plan, 's1');
    }

    test.each([10, 300, 899])('keeps one record of each key, with %i at once', async (keysAtOnce) => {
      await bench.reset(TRIPS);
      await shapeInShares(keysAtOnce);
      expect((await bench.view('CAST(id AS INTEGER)')).map((row) => row[3])).toEqual(lines.slice(600).map((line) => line.split(',')[3]));
    });

    test('counts all keys that stand twice', async () => {
      await bench.reset({ columns: TRIPS.columns });
      await expect(shapeInShares(10)).rejects.toMatchObject({ code: 'KEY', message: expect.stringContaining('900 records share 300 values of the primary key id') as string });
    });
  });

  test('cuts large partitions into files of the wanted size, and keeps odd values apart', async () => {
    await bench.reset({ columns: [{ name: 'city', type: 'string', more: 'partitioned: true' }, { name: 'n', type: 'i32' }, { name: 'noise', type: 'string' }] });
    const cities = ['a/b', 'a%2Fb', '..', ' ', 'É', "it's", 'x=y', '*', '__HIVE_DEFAULT_PARTITION', 'C:\\'];
    const rows = Array.from({ length: 60_000 }, (_, index) => `"${index < 50_000 ? 'big' : cities[index % cities.length]}",${index},${((index * 2_654_435_761) % 4_294_967_296).toString(36)}${((index * 40_503 + 7) % 4_294_967_291).toString(36)}${'0123456789'.repeat(index % 3)}`);
    await bench.ingest('r1', [`city,n,noise\n${rows.join('\n')}\n`]);
    const plan = await bench.plan('s1');
    await bench.rows(plan);
    const { settings } = bench;
    // Smaller than settings allow, so that a test need not write megabytes.
    bench.settings = { ...settings, targetFileBytes: 100_000 };
    await bench.shape(plan);
    bench.settings = settings;
    await bench.publish(plan, 's1');
    const [manifest] = await bench.manifests();
    const byCity = groupBy(manifest!.parts, ({ partition }) => partition.city!);
    expect([...byCity.keys()].sort()).toEqual(['big', ...cities].sort());
    expect(byCity.get('big')!.length).toBeGreaterThan(3);
    for (const city of cities) expect(byCity.get(city)).toHaveLength(1);
    expect(new Set(manifest!.parts.map(({ key }) => key)).size).toBe(manifest!.parts.length);
    expect(bench.glue.partitions('lake_db.trips_runs')).toHaveLength(cities.length + 1);
    expect(new Set(bench.glue.partitions('lake_db.trips_runs').map(({ location }) => location)).size).toBe(cities.length + 1);
    const seen = await bench.view('CAST(n AS INTEGER)');
    expect(seen.map(([city, n]) => [city, Number(n)])).toEqual(Array.from({ length: 60_000 }, (_, index) => [index < 50_000 ? 'big' : cities[index % cities.length], index]));
  });

  test('writes few partitions one by one, whatever their values', async () => {
    await bench.reset({ columns: [{ name: 'city', type: 'string', more: 'partitioned: true' }, { name: 'lane', type: 'i32', more: 'partitioned: true' }, { name: 'n', type: 'i32' }] });
    const values = [['É', '1'], ["it's", '1'], ["it's", ''], ['', '2'], ['', ''], ['..', '-1']];
    const rows = Array.from({ length: 3_000 }, (_, index) => [...values[index % values.length]!, String(index)]);
    await bench.ingest('r1', [`city,lane,n\n${rows.map((row) => row.join(',')).join('\n')}\n`]);
    await bench.run('s1');
    const [manifest] = await bench.manifests();
    expect(manifest!.parts.map(({ partition, records }) => ({ ...partition, records }))).toEqual(expect.arrayContaining(
      values.map(([city, lane]) => ({ city: orNull(city!), lane: orNull(lane!), records: 500 })),
    ));
    expect(manifest!.parts).toHaveLength(values.length);
    expect(await bench.view('CAST(n AS INTEGER)')).toEqual(rows.map((row) => row.map(orNull)));
  });

  describe('when the engine has little memory', () => {
    /** Gives the most bytes that the engine had spilled at a time. */
    async function shapeIn(memoryMiB: number, { rows, noteBytes, partitions }: Record<string, number>, custom: DatasetSpec['custom'] = {}): Promise<number> {
      await bench.reset({
        custom,
        columns: [{ name: 'id', type: 'i32', more: 'primaryKey: true' }, { name: 'city', type: 'string', more: 'partitioned: true' }, { name: 'note', type: 'string' }],
      });
      const lines = Array.from({ length: rows! }, (_, index) => `${index},c${index % partitions!},${createHash('sha256').update(String(index)).digest('hex').padEnd(noteBytes, 'x')}`);
      await bench.ingest('r1', [`id,city,note\n${lines.join('\n')}\n`]);
      const plan = await bench.plan('s1');
      await bench.rows(plan);
      let spilled = 0;
      const looking = setInterval(() => { spilled = Math.max(spilled, spilledBytes()); }, 25);
      const [result] = await bench.shape(plan, { memoryMiB }).finally(() => clearInterval(looking));
      expect(result!.counts.written).toBe(rows);
      expect(result!.parts.reduce((sum, { records }) => sum + records, 0)).toBe(rows);
      await bench.publish(plan, 's1');
      const seen = await bench.view('CAST(id AS INTEGER)');
      expect(seen.findIndex((row, index) => row.join(',') !== lines[index])).toBe(-1);
      return spilled;
    }
    const repeats = () => bench.lines.filter((line) => line.includes('CURATE_I1202')).length;

    test('writes few partitions without a sort', async () => {
      expect(await shapeIn(120, { rows: 60_000, noteBytes: 800, partitions: 3 })).toBe(0);
      expect(repeats()).toBe(0);
    });

    test('spills what a sort of many partitions has no room for', async () => {
      expect(await shapeIn(240, { rows: 120_000, noteBytes: 800, partitions: 30 })).toBeGreaterThan(0);
      expect(repeats()).toBe(0);
    });

    test('spills what the order of a partition has no room for, and cuts each file into groups of rows that are ranges', async () => {
      expect(await shapeIn(240, { rows: 100_000, noteBytes: 800, partitions: 1 }, { headraceSort: '[{ column: note }]' })).toBeGreaterThan(0);
      expect(repeats()).toBe(0);
      const [{ parts }] = await bench.manifests() as [CuratedManifest];
      const files = await Promise.all(parts.map(({ key }) => bench.fetch(key)));
      const select = async (sql: string) => (await bench.connection.runAndReadAll(sql)).getRowsJson() as (string | null)[][];
      expect(await orderProblems(select, files, [{ column: 'note', direction: 'asc', nulls: 'last' }])).toEqual([]);
      const read = await groupsRead(select, files, 'note', 'VARCHAR');
      expect(read).toMatchObject({ silent: 0 });
      expect(read.share).toBeLessThan(0.5);
    });

    test('takes more for rows of which a few fill it', async () => {
      await shapeIn(96, { rows: 2_000, noteBytes: 30_000, partitions: 3 });
      expect(repeats()).toBe(1);
    });
  });

  test('shapes a dataset without key or partitions', async () => {
    await bench.reset({ columns: [{ name: 'a', type: 'string' }, { name: 'b', type: 'i32' }] });
    await bench.ingest('r1', ['a,b\nx,1\nx,1\n']);
    await bench.run('s1');
    expect(await bench.view()).toEqual([['x', '1'], ['x', '1']]);
    expect(bench.glue.partitions('lake_db.trips_runs')).toMatchObject([{ values: ['s1-a1-i1'], location: 's3://curated/lake/catalog/trips/s1-a1-i1/' }]);
  });
});

/** What DuckDB has in its temporary files, which it holds open. */
function spilledBytes(): number {
  return readdirSync('/proc/self/fd').reduce((sum, fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).includes('duckdb_temp') ? sum + statSync(`/proc/self/fd/${fd}`).size : sum;
    } catch {
      // It has just been closed.
      return sum;
    }
  }, 0);
}

const orNull = (text: string): string | null => (text === '' ? null : text);

function groupBy<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(key(item), [...groups.get(key(item)) ?? [], item]);
  return groups;
}
