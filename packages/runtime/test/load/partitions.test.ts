import { bothTargets, ledgerOf, type AnyStage } from './_fixtures/both-targets';
import { contractText, type DatasetText } from './_fixtures/load-steps';

const VISITS: DatasetText = { history: 'append', properties: [
  '{ name: id, logicalType: integer, logicalTypeOptions: { format: i64 }, required: true }',
  '{ name: city, logicalType: string, partitioned: true, partitionKeyPosition: 1 }',
  '{ name: day, logicalType: date, partitioned: true, partitionKeyPosition: 2 }',
] };
const KEYED: DatasetText = { ...VISITS, properties: [VISITS.properties[0]!.replace('required', 'primaryKey: true, required'), ...VISITS.properties.slice(1)] };
const ANY = { mode: 'partitions', maxDeletes: { percent: 100 } };

type Visit = readonly [id: number, city: string | null, day: number | null];

const visits = (...rows: readonly Visit[]): string => rows.map(([id, city, day]) => (
  `SELECT CAST(${id} AS BIGINT) AS id, CAST(${city === null ? 'NULL' : `'${city}'`} AS VARCHAR) AS city, CAST(${day === null ? 'NULL' : `'2026-01-0${day}'`} AS DATE) AS "day"`)).join(' UNION ALL ');

describe.each(bothTargets())('replacing partitions in $name', (target) => {
  const withServer = target.test();
  const stages: (AnyStage & { close(): Promise<void> })[] = [];
  beforeAll(() => target.begin(), 60_000);
  afterEach(async () => { for (const stage of stages.splice(0)) await stage.close(); });
  afterAll(() => target.end());

  async function start(mode: object = ANY, dataset = VISITS): Promise<AnyStage> {
    const stage = await target.stage(contractText({ visits: dataset }), { writeModes: { visits: mode } });
    stages.push(stage);
    return stage;
  }
  const name = (stage: AnyStage, table = 'visits'): string => `${stage.settings.targetSchema}.${table}`;
  const ids = async (stage: AnyStage): Promise<number[]> => (await stage.say(`SELECT id FROM ${name(stage)}`)).map(([id]) => Number(id)).sort((a, b) => a - b);
  const load = async (stage: AnyStage, rows: readonly Visit[], options: object = {}): Promise<unknown> => {
    await stage.commit('visits', rows.length === 0 ? [] : [visits(...rows)], options);
    return (await stage.load()).datasets.visits!.counts;
  };

  withServer('takes the place of the rows of its own partitions, NULL among them, and of no other', async () => {
    const stage = await start();
    expect(await load(stage, [[1, 'rome', 1], [2, 'rome', 1], [3, 'rome', 2], [4, null, 1], [5, 'rome', null], [6, null, null], [7, 'Rome', 1], [8, 'rome ', 1]])).toMatchObject({ staged: 8, inserted: 8, removed: 0 });
    expect(await load(stage, [[11, 'rome', 1], [14, null, 1], [16, null, null], [17, null, null], [19, 'oslo', 1]])).toMatchObject({ staged: 5, inserted: 5, stale: 0, removed: 4 });
    if (target.name === 'PostgreSQL') await stage.say('SELECT pg_advisory_lock(7233173019)');
    // Where nothing is to be made, a load waits for nobody who makes tables.
    stage.settings.lockTimeoutSeconds = 2;
    expect(await ids(stage)).toEqual([3, 5, 7, 8, 11, 14, 16, 17, 19]);
    expect(await load(stage, [[15, 'rome', null]])).toMatchObject({ inserted: 1, removed: 1 });
    // Rows with the same values are replaced too, so nothing doubles.
    expect(await load(stage, [[15, 'rome', null]])).toMatchObject({ inserted: 1, removed: 1 });
    expect(await load(stage, [])).toMatchObject({ commits: 1, staged: 0, removed: 0 });
    expect(await ids(stage)).toEqual([3, 7, 8, 11, 14, 15, 16, 17, 19]);
    expect(await ledgerOf(stage, 'write_mode, staged, inserted, stale, removed')).toEqual([
      ['partitions', '8', '8', '0', '0'], ['partitions', '5', '5', '0', '4'], ['partitions', '1', '1', '0', '1'], ['partitions', '1', '1', '0', '1'], ['partitions', '0', '0', '0', '0'],
    ]);
  });

  withServer('gives the rows that a statement by hand gives, with a key and columns of the write mode', async () => {
    const stage = await start({ ...ANY, partitionBy: ['city'] }, KEYED);
    await load(stage, Array.from({ length: 300 }, (_, id): Visit => [id, `c${id % 7}`, 1 + (id % 3)]));
    await stage.say(`CREATE TABLE ${name(stage, 'direct')} AS SELECT * FROM ${name(stage)}`);
    const batch = Array.from({ length: 90 }, (_, index): Visit => [index < 30 ? index * 7 : 1_000 + index, `c${index < 30 ? 0 : (index % 2) * 3}`, 2]);
    await load(stage, batch);
    await stage.say(`DELETE FROM ${name(stage, 'direct')} WHERE city IN ('c0', 'c3')`);
    await stage.say(`INSERT INTO ${name(stage, 'direct')} (id, city, day) VALUES ${batch.map(([id, city, day]) => `(${id}, '${city}', '2026-01-0${day}')`).join(', ')}`);
    const [mine, direct] = [name(stage), name(stage, 'direct')].map((table) => `SELECT id, city, day FROM ${table}`);
    expect(await stage.say(`SELECT count(*) FROM ((${mine} EXCEPT ALL ${direct}) UNION ALL (${direct} EXCEPT ALL ${mine})) AS d`)).toEqual([['0']]);
    expect((await ids(stage)).length).toBe(300 - 43 - 43 + 90);
    // A key that another partition holds stays there.
    await stage.commit('visits', [visits([1, 'c0', 1])]);
    await expect(stage.load()).rejects.toThrow('TARGET_KEY');
    expect(await stage.say(`SELECT city FROM ${name(stage)} WHERE id = 1`)).toEqual([['c1']]);
  });

  withServer('leaves alone what a later batch has written, whichever comes first', async () => {
    const stage = await start();
    stage.settings.gaps = 'skip';
    expect(await load(stage, [[30, 'rome', 1], [31, null, 1]], { ingestSeq: 3 })).toMatchObject({ inserted: 2 });
    expect(await load(stage, [[10, 'rome', 1], [11, null, 1], [12, 'oslo', 1], [13, 'oslo', 2]], { ingestSeq: 1 })).toMatchObject({ staged: 4, inserted: 2, stale: 2, removed: 0 });
    expect(await load(stage, [[20, 'oslo', 1], [21, 'rome', 1], [22, null, null]], { ingestSeq: 2 })).toMatchObject({ inserted: 2, stale: 1, removed: 1 });
    expect(await ids(stage)).toEqual([13, 20, 22, 30, 31]);
    // The same batch again, and a back-fill, which is a batch of its own and the newest.
    expect(await load(stage, [[33, 'rome', 1]], { ingestSeq: 3, kind: 'rerun', supersedes: ['s1-a1-i3'] })).toMatchObject({ inserted: 1, removed: 1 });
    expect(await load(stage, [[43, 'oslo', 2]], { ingestSeq: 4, kind: 'backfill' })).toMatchObject({ inserted: 1, removed: 1 });
    expect(await ids(stage)).toEqual([20, 22, 31, 33, 43]);
  });

  withServer('belongs to one dataset of one pipeline, since batches of two have no order', async () => {
    const stage = await start();
    await load(stage, [[1, 'rome', 1]]);
    stage.settings.pipeline = 'other';
    await stage.commit('visits', [visits([2, 'oslo', 1])]);
    await expect(stage.load()).rejects.toThrow('TARGET_SCHEMA');
    expect(stage.errors.at(-1).data.reason).toMatch(/remembers which commit wrote each partition of .*visits for dataset visits of pipeline \w+, and this is dataset visits of pipeline other, .*DROP TABLE/);
    expect(await ids(stage)).toEqual([1]);
  });

  withServer('waits for a batch that was never curated, and takes all that waits in order', async () => {
    const stage = await start();
    await stage.commit('visits', [visits([2, 'rome', 1])], { ingestSeq: 2 });
    expect((await stage.load()).datasets.visits).toMatchObject({ outcome: 'held', held: [{ reason: expect.stringContaining('ingest commit 1 comes before it') }] });
    await stage.commit('visits', [visits([1, 'rome', 1], [9, 'oslo', 1])], { ingestSeq: 1 });
    expect((await stage.load()).datasets.visits!.counts).toMatchObject({ commits: 2, staged: 3, inserted: 3, removed: 1, stale: 0 });
    expect(await ids(stage)).toEqual([2, 9]);
  });

  withServer('fails where partitions become smaller than the limit allows, and passes once where an operator allows it', async () => {
    const stage = await start({ mode: 'partitions' });
    await load(stage, [...Array.from({ length: 6 }, (_, id): Visit => [id, 'rome', 1]), ...Array.from({ length: 4 }, (_, id): Visit => [10 + id, 'oslo', 1])]);
    // 2 rows of 10 fewer, while all of them are others.
    expect(await load(stage, Array.from({ length: 4 }, (_, id): Visit => [20 + id, 'rome', 1]))).toMatchObject({ inserted: 4, removed: 6 });
    await stage.commit('visits', [visits([30, 'rome', 1], [31, 'rome', 1])]);
    await expect(stage.load({}, 'limit-a1')).rejects.toThrow('TARGET_DELETES');
    expect(stage.errors.at(-1).data.reason).toContain('commit 3 of visits would take 2 rows out of');
    expect((await ids(stage)).length).toBe(8);
    await stage.load({ allowDeletes: { visits: 3 } }, 'limit-a2');
    expect(await ids(stage)).toEqual([10, 11, 12, 13, 30, 31]);
  });

  withServer('is done once by the next attempt, and never by one that was taken over', async () => {
    const stage = await start();
    await load(stage, [[1, 'rome', 1], [2, 'oslo', 1]]);
    await stage.commit('visits', [visits([3, 'rome', 1])]);
    await stage.claim('stop-a1');
    await stage.step(stage.pointer('stage', 'stop-a1', 0));
    await stage.claim('stop-a2');
    expect(await stage.step(stage.pointer('publish', 'stop-a1', 0))).toBe(1);
    expect([stage.errors.at(-1).data.error, await ids(stage)]).toEqual(['EPOCH', [1, 2]]);
    for (const step of ['stage', 'publish', 'publish']) expect(await stage.step(stage.pointer(step, 'stop-a2', 0))).toBe(0);
    expect(await ids(stage)).toEqual([2, 3]);
    expect((await ledgerOf(stage)).length).toBe(2);
  });
});
