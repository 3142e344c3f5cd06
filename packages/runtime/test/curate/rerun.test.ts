import type { DatasetSpec } from './_fixtures/contract-text';
import { CurateBench } from './_fixtures/curate-bench';

const spec = (fare: string): DatasetSpec => ({
  columns: [{ name: 'id', type: 'integer', more: 'primaryKey: true' }, { name: 'day', type: 'date', more: 'partitioned: true' }, { name: 'fare', type: 'integer', more: fare }],
});
const STRICT = spec('required: true');
const MENDED = spec('required: false');
const FIRST = 'id,day,fare\n1,2024-01-01,20\n2,2024-01-01,\n3,2024-01-02,bad\n';
const SECOND = 'id,day,fare\n4,2024-01-03,40\n';
const REPLAY = { operation: 'rerun', rejected: true };

describe('curating batches again', () => {
  let bench: CurateBench;
  let curated: () => void;

  beforeAll(async () => {
    bench = await CurateBench.start();
    await bench.reset(STRICT);
    await bench.ingest('r1', [FIRST]);
    await bench.ingest('r2', [SECOND]);
    await bench.run('s1');
    curated = bench.snapshot();
  });
  afterAll(async () => { await bench.close(); });
  beforeEach(async () => {
    curated();
    bench.lines.length = 0;
    await bench.mend(STRICT, { codeVersion: '1.2.3' });
  });

  const rejects = (): string[] => bench.glue.partitions('lake_db.trips_rejects').map(({ values }) => values.join());
  const ids = async (): Promise<(string | null)[]> => (await bench.view()).map(([id]) => id!);

  test('adds the records that pass now, once, and leaves in quarantine those that do not', async () => {
    expect(await ids()).toEqual(['1', '4']);
    await bench.mend(MENDED);
    expect(await bench.run('m1', 1, REPLAY)).toMatchObject({ datasets: { trips: { outcome: 'committed', seq: 3, counts: { units: 1, parsed: 3, kept: 2, rejected: 1 } } } });
    expect(await ids()).toEqual(['1', '2', '4']);
    expect((await bench.manifests())[2]).toMatchObject({ kind: 'rerun', runId: 'm1', attemptId: 'm1-a1-i1', ingestSeq: 1, supersedes: ['s1-a1-i1'], quarantine: { byCode: { TYPE: 1 } } });
    expect(rejects()).toEqual(['s1-a1-i1', 'm1-a1-i1']);
    await expect(bench.plan('m2', 1, REPLAY)).rejects.toMatchObject({ code: 'RERUN_NOTHING', message: expect.stringMatching(/^trips: contract .* curated every batch already, so the result would be the same; mend the contract/) as string });
  });

  test('takes every batch that another contract curated, where rejects are not asked for', async () => {
    await bench.mend(MENDED);
    expect((await bench.run('m1', 1, { operation: 'rerun' })).datasets.trips).toMatchObject({ counts: { units: 2, written: 3 } });
    expect(await ids()).toEqual(['1', '2', '4']);
    expect((await bench.published()).filter(({ state }) => state === 'current').map(({ attempt_id: id }) => id)).toEqual(['m1-a1-i1', 'm1-a1-i2']);
  });

  test('takes batches again that the same contract curated with another release', async () => {
    await bench.mend(STRICT, { codeVersion: '1.3.0' });
    expect((await bench.plan('m1', 1, { operation: 'rerun' })).units.count).toBe(2);
  });

  test.each([
    ['a run that the log does not have', { run: 's9' }, 'RERUN_RUN', /no commit of trips is of run s9/],
    ['a dataset that the contract does not have', { only: ['fares'] }, 'INPUT', /only names fares, which contract .* does not have; it has trips/],
    ['no batch with rejects', { run: 's2', rejected: true }, 'RERUN_NOTHING', /no batch of run s2 has records in quarantine/],
  ])('fails for %s', async (_title, asked, code, message) => {
    await bench.ingest('r3', [SECOND.replace('4,', '5,')]);
    await bench.run('s2');
    await bench.mend(MENDED);
    await expect(bench.plan('m1', 1, { operation: 'rerun', ...asked })).rejects.toMatchObject({ code, message: expect.stringMatching(message) as string });
  });

  test('fails for a run whose batches were superseded, and names the one in their place', async () => {
    await bench.mend(MENDED);
    await bench.run('m1', 1, { operation: 'rerun', run: 's1' });
    await bench.mend(spec('description: later'));
    await expect(bench.plan('m2', 1, { operation: 'rerun', run: 's1' })).rejects.toMatchObject({ code: 'RERUN_SUPERSEDED', message: expect.stringContaining('run m1 stands in their place now') as string });
    expect((await bench.plan('m3', 1, { operation: 'rerun', run: 'm1' })).units.count).toBe(2);
  });

  test('fails for a slot that was planned for something else', async () => {
    await bench.mend(MENDED);
    await expect(bench.plan('s1', 1, REPLAY)).rejects.toMatchObject({ code: 'INPUT', message: expect.stringContaining('was planned for operation curate, and is asked for rerun; give the operation a slot of its own') as string });
  });

  test('says that its own commits are there, when it is published or tried again', async () => {
    await bench.mend(MENDED);
    const plan = await bench.ready('m1', 1, REPLAY);
    await bench.publish(plan, 'm1', 1, REPLAY);
    expect((await bench.publish(plan, 'm1', 1, REPLAY)).datasets.trips).toMatchObject({ outcome: 'already-committed', seq: 3 });
    expect((await bench.run('m1', 2, REPLAY)).datasets.trips).toMatchObject({ outcome: 'nothing' });
    expect(await ids()).toEqual(['1', '2', '4']);
  });

  test('of two at the same time one takes the place, and the other says so', async () => {
    await bench.mend(MENDED);
    const [one, two] = [await bench.ready('m1', 1, REPLAY), await bench.ready('m2', 1, REPLAY)];
    const outcomes = await Promise.all([bench.publish(one, 'm1', 1, REPLAY), bench.publish(two, 'm2', 1, REPLAY)]);
    expect(outcomes.map(({ datasets }) => datasets.trips!.outcome).sort()).toEqual(['committed', 'nothing']);
    expect(bench.lines.filter((line) => line.includes('CURATE_I1306'))).toHaveLength(1);
    expect(await ids()).toEqual(['1', '2', '4']);
    expect(rejects()).toHaveLength(2);
  });

  test('gives way to a batch that ingest landed again', async () => {
    await bench.mend(MENDED);
    const plan = await bench.ready('m1', 1, REPLAY);
    await bench.ingest('r3', ['id,day,fare\n9,2024-01-01,1\n'], ['r1']);
    await bench.run('s2');
    expect((await bench.publish(plan, 'm1', 1, REPLAY)).datasets.trips).toMatchObject({ outcome: 'nothing' });
    expect(await ids()).toEqual(['4', '9']);
  });

  test('is superseded, with what it stood for, by a batch that ingest lands again', async () => {
    await bench.mend(MENDED);
    await bench.run('m1', 1, REPLAY);
    await bench.ingest('r3', ['id,day,fare\n9,2024-01-01,1\n'], ['r1']);
    await bench.run('s2');
    expect((await bench.manifests()).at(-1)!.supersedes).toEqual(['s1-a1-i1', 'm1-a1-i1']);
    expect(await ids()).toEqual(['4', '9']);
  });

  test('leaves the newest snapshot the newest, whichever batch it takes', async () => {
    await bench.reset({ ...STRICT, custom: { headraceHistory: 'snapshot' } });
    for (const [run, text] of [['r1', FIRST], ['r2', SECOND]] as const) await bench.ingest(run, [text]);
    await bench.run('s1');
    await bench.mend({ ...MENDED, custom: { headraceHistory: 'snapshot' } });
    await bench.run('m1', 1, REPLAY);
    expect(await ids()).toEqual(['4']);
  });

  test('happens once when it dies at any write, and the next attempt goes on', async () => {
    await bench.mend(MENDED);
    const asked = { operation: 'rerun' };
    const plan = await bench.ready('m1', 1, asked);
    const restore = bench.snapshot();
    let died = true;
    for (let nth = 1; died; nth += 2) {
      restore();
      let writes = 0;
      bench.s3.fault = ({ action, bucket }) => (action === 'PutObject' && bucket === 'curated' && ++writes === nth ? { status: 403, code: 'AccessDenied' } : undefined);
      died = await bench.publish(plan, 'm1', 1, asked).then(() => false, () => true);
      bench.s3.fault = () => undefined;
      // The published object is switched once, for both batches.
      expect([['1', '4'], ['1', '2', '4']]).toContainEqual(await ids());
      await (nth % 4 === 1 ? bench.run('m1', 2, asked) : bench.publish(plan, 'm1', 1, asked));
      expect(await ids()).toEqual(['1', '2', '4']);
      expect((await bench.manifests()).filter(({ kind }) => kind === 'rerun')).toHaveLength(2);
      if (!died) expect(nth).toBeGreaterThan(5);
    }
  }, 60_000);
});
