import type { CuratePlanOutput } from '../../../src/curate/plan/plan-curate';
import { publishLog } from '../../../src/curate/publish/published-object';
import { commitLogPrefix, publishedKey } from '../../../src/run/keys';
import type { DatasetSpec } from '../_fixtures/contract-text';
import { CurateBench } from '../_fixtures/curate-bench';

const SPEC: DatasetSpec = {
  columns: [{ name: 'id', type: 'integer', more: 'primaryKey: true' }, { name: 'day', type: 'date', more: 'partitioned: true' }, { name: 'note', type: 'string' }],
};
const BODY = 'id,day,note\n1,2024-01-01,a\n2,2024-01-02,b\n3,,c\n';
const SECOND = 'id,day,note\n4,2024-01-01,d\nx,2024-01-01,e\n';
const EXPECTED = [['1', '2024-01-01', 'a'], ['2', '2024-01-02', 'b'], ['3', null, 'c'], ['4', '2024-01-01', 'd']];

/** What makes a call of Publish end at its n-th write. */
class Crash extends Error {}

describe('publishing a curated run', () => {
  let bench: CurateBench;

  beforeAll(async () => { bench = await CurateBench.start(); });
  afterAll(async () => { await bench.close(); });

  async function ready(slot = 's1', attempt = 1): Promise<CuratePlanOutput> {
    const plan = await bench.plan(slot, attempt);
    await bench.rows(plan);
    await bench.shape(plan);
    return plan;
  }

  async function begin(): Promise<CuratePlanOutput> {
    await bench.reset(SPEC);
    await bench.ingest('r1', [BODY]);
    await bench.ingest('r2', [SECOND]);
    return ready();
  }

  /** Runs Publish and lets its n-th write to S3 or Glue fail, from 1; returns whether there was an n-th. */
  async function crashAt(nth: number, plan: CuratePlanOutput): Promise<boolean> {
    let writes = 0;
    const dies = (): boolean => ++writes === nth;
    bench.s3.fault = ({ action, bucket }) => (action === 'PutObject' && bucket === 'curated' && dies() ? { status: 403, code: 'AccessDenied' } : undefined);
    bench.glue.fail = () => (dies() ? new Crash('gone') : undefined);
    try {
      await bench.publish(plan, 's1');
      return false;
    } catch {
      return true;
    } finally {
      bench.s3.fault = () => undefined;
      bench.glue.fail = () => undefined;
    }
  }

  async function expectPublishedOnce(): Promise<void> {
    expect(await bench.view()).toEqual(EXPECTED);
    const manifests = await bench.manifests();
    expect(manifests.map(({ seq, ingestSeq }) => [seq, ingestSeq])).toEqual([[1, 1], [2, 2]]);
    expect((await bench.published()).map(({ attempt_id: id, state, rows }) => [id, state, rows])).toEqual(manifests.map(({ attemptId, balance }) => [attemptId, 'current', balance.written]));
  }

  test.each([
    ['the same attempt', 1, async (plan: CuratePlanOutput) => { await bench.publish(plan, 's1'); }],
    // Costs a whole run each, so only some of the writes are tried.
    ['the next attempt', 4, async () => { await bench.run('s1', 2); }],
    ['another slot', 5, async () => { await bench.run('s2'); }],
  ])('happens once when it dies at any write and %s goes on', async (_title, step, goOn) => {
    const plan = await begin();
    const restore = bench.snapshot();
    let died = true;
    let nth = 1;
    for (; died; nth += step) {
      restore();
      died = await crashAt(nth, plan);
      // Readers of the view see all of a unit or nothing of it, whenever the writer died.
      expect([0, 3, 4]).toContain((await bench.view()).length);
      await goOn(plan);
      await expectPublishedOnce();
    }
    expect(nth).toBeGreaterThan(8);
  }, 120_000);

  test('says which commits were there before', async () => {
    const plan = await begin();
    const first = await bench.publish(plan, 's1');
    const second = await bench.publish(plan, 's1');
    expect(first.datasets.trips).toMatchObject({ outcome: 'committed', seq: 2, counts: { units: 2, parsed: 5, kept: 4, rejected: 1, written: 4, files: 4 } });
    expect(second.datasets.trips).toMatchObject({ outcome: 'already-committed', seq: 2, manifestKey: 'lake/commits/curated/trips/00000000000000000002.json' });
    await expectPublishedOnce();
  });

  test('lets one of two attempts win, and takes the partitions of the other out of the audit table', async () => {
    const zombie = await begin();
    const heir = await ready('s1', 2);
    await bench.publish(heir, 's1', 2);
    const output = await bench.publish(zombie, 's1');
    expect(output.datasets.trips).toMatchObject({ outcome: 'already-committed' });
    await expectPublishedOnce();
    expect((await bench.manifests()).map(({ attemptId }) => attemptId)).toEqual(['s1-a2-i1', 's1-a2-i2']);
    expect(bench.glue.partitions('lake_db.trips_runs').map(({ values }) => values.at(-1))).toEqual(expect.not.arrayContaining(['s1-a1-i1']));
    expect(bench.lines.filter((line) => line.includes('CURATE_I1302'))).toHaveLength(2);
  });

  test('lets two attempts publish at the same time', async () => {
    const one = await begin();
    const two = await ready('s1', 2);
    const outcomes = await Promise.all([bench.publish(one, 's1'), bench.publish(two, 's1', 2)]);
    expect(outcomes.map(({ datasets }) => datasets.trips!.outcome)).toContain('committed');
    await expectPublishedOnce();
  });

  test.each([
    ['lost', undefined], ['empty', ''], ['damaged', 'x'], ['of another dataset', '{"dataset":"fares","seq":1,"attempt_id":"x","state":"current"}\n'],
    ['behind', '{"dataset":"trips","attempt_id":"s1-a1-i1","seq":1,"run_id":"s1","attempt":1,"ingest_seq":1,"kind":"ingest","state":"current","rows":3}\n'],
  ])('writes the published object anew from the log when it is %s', async (_title, text) => {
    const ref = { bucket: 'curated', key: publishedKey('lake', 'trips') };
    await bench.publish(await begin(), 's1');
    if (text === undefined) await bench.store.remove(ref);
    else await bench.store.putText(ref, text);
    await bench.run('s2');
    await expectPublishedOnce();
  });

  test('reads only the commits that the published object lacks', async () => {
    await bench.publish(await begin(), 's1');
    const ref = { bucket: 'curated', key: publishedKey('lake', 'trips') };
    const { value } = (await bench.store.getText(ref))!;
    await bench.store.putText(ref, `${value.split('\n')[0]}\n`);
    bench.s3.requests.length = 0;
    const log = { bucket: 'curated', prefix: commitLogPrefix('curated', 'lake', 'trips') };
    expect(await publishLog(bench.store, { bucket: 'curated', pipeline: 'lake', dataset: 'trips', log })).toMatchObject({ written: true, lines: [{ state: 'current' }, { state: 'current' }] });
    expect(bench.s3.requests.filter(({ action }) => action === 'GetObject').map(({ key }) => key)).toEqual([ref.key, `${log.prefix}00000000000000000002.json`]);
    expect((await bench.store.getText(ref))!.value).toBe(value);
  });

  test('makes a plan once, so that results found by number mean the same', async () => {
    await begin();
    const again = await bench.plan('s1');
    await bench.ingest('r0', ['id,day,note\n']);
    expect(await bench.plan('s1')).toEqual(again);
    expect(again).toMatchObject({ items: { count: 2 }, units: { count: 2 } });
    expect((await bench.plan('s2')).units.count).toBe(3);
  });

  test('fails when a result belongs to another unit', async () => {
    const plan = await begin();
    const ref = { bucket: 'curated', key: 'lake/work/curate1/s1-a1/rows/0.json' };
    await bench.store.putJson(ref, { ...(await bench.store.getJson<object>(ref))!.value, unitId: 's1-a1-i9' });
    await expect(bench.publish(plan, 's1')).rejects.toMatchObject({ code: 'RESULT_MISSING', message: expect.stringContaining('s1-a1-i9') as string });
  });

  test('fails when a result is missing, and publishes nothing', async () => {
    const plan = await begin();
    await bench.store.remove({ bucket: 'curated', key: 'lake/work/curate1/s1-a1/rows/1.json' });
    await expect(bench.publish(plan, 's1')).rejects.toMatchObject({ code: 'RESULT_MISSING', message: expect.stringContaining('item 1 of unit s1-a1-i2') as string });
    expect(await bench.manifests()).toEqual([]);
    expect(bench.glue.calls).toEqual([]);
  });

  test.each([
    ['rows/0.json', (document: any) => { document.counts.kept += 1; }],
    ['rows/0.json', (document: any) => { document.counts.parsed += 1; document.counts.rejected += 1; }],
    ['rows/1.json', (document: any) => { document.quarantine.parts = []; }],
    ['shape/0.json', (document: any) => { document.counts.written -= 1; }],
    ['shape/1.json', (document: any) => { document.parts.pop(); }],
  ])('fails when the counts of %s do not add up (%#), and publishes nothing', async (name, tamper) => {
    const plan = await begin();
    const ref = { bucket: 'curated', key: `lake/work/curate1/s1-a1/${name}` };
    const { value } = (await bench.store.getJson<object>(ref))!;
    tamper(value);
    await bench.store.putJson(ref, value);
    await expect(bench.publish(plan, 's1')).rejects.toMatchObject({ code: 'BALANCE' });
    expect(await bench.manifests()).toEqual([]);
  });

  test('fails when the contract changed since Plan', async () => {
    const plan = await begin();
    await bench.store.putText(bench.settings.contract, (await bench.store.getText(bench.settings.contract))!.value.replace('version: 1.0.0', 'version: 2.0.0'));
    await expect(bench.publish(plan, 's1')).rejects.toMatchObject({ code: 'CONTRACT', fault: 'user', message: expect.stringContaining('from version 1.0.0 to 2.0.0') as string });
  });

  test('refuses a plan in a newer form', async () => {
    const plan = await begin();
    const { value } = (await bench.store.getJson<object>(plan.plan))!;
    await bench.store.putJson(plan.plan, { ...value, schemaVersion: 2 });
    await expect(bench.publish(plan, 's1')).rejects.toMatchObject({ code: 'DOCUMENT_VERSION' });
  });
});
