import { commitIngest } from '../../src/ingest/commit';
import { commitCursor } from '../../src/ingest/commit-cursor';
import { planIngest } from '../../src/ingest/plan';
import { HttpSource, sourceFile } from '../_fakes/http-source';
import { BUCKET, IngestStage } from '../_fixtures/ingest-stage';

const CSV = 'id,note\n1,a\n2,b\n3,c\n';

describe('operations of ingest', () => {
  let source: HttpSource;
  let stage: IngestStage;

  beforeEach(async () => {
    source = await HttpSource.start({ body: CSV, etag: '"v1"' });
    stage = await IngestStage.start({ trips: { kind: 'http', url: source.url() }, riders: { kind: 'http', url: source.url('/files/riders.csv') } });
  });
  afterEach(async () => {
    await stage.close();
    await source.close();
  });

  async function run(input: Record<string, unknown>) {
    const call = { settings: stage.settings, input, store: stage.store, report: stage.report };
    const plan = await planIngest(call);
    for (let index = 0; index < plan.items.count; index += 1) expect(await stage.pull(plan, index)).toBe(0);
    return commitIngest(call);
  }

  test('only the named datasets take part', async () => {
    const output = await run({ slot: 's1', only: ['riders'] });
    expect(Object.keys(output.datasets)).toEqual(['riders']);
    expect(stage.log('trips')).toEqual([]);
  });

  test('fails for a name that the contract does not have', async () => {
    await expect(run({ slot: 's1', only: ['rider'] })).rejects.toMatchObject({ code: 'INPUT', message: expect.stringMatching(/only names rider, .* its datasets are trips, riders/) });
  });

  test('a replay reads its run again, asks for all of it, and takes its place', async () => {
    await run({ slot: 's1', only: ['trips'] });
    const before = source.requests.length;

    const output = await run({ slot: 'again', operation: 'replay', run: 's1', only: ['trips'] });

    expect(output.datasets.trips).toMatchObject({ outcome: 'committed', seq: 2 });
    expect(source.requests[before]?.headers['if-none-match']).toBeUndefined();
    expect(stage.log('trips')[1]).toMatchObject({ kind: 'replay', runId: 'again', supersedes: ['s1'] });
    expect(stage.s3.text(BUCKET, stage.log('trips')[1].parts[0].key)).toBe(CSV);
  });

  test('a replay of a run without a commit is refused', async () => {
    await expect(run({ slot: 'again', operation: 'replay', run: 's7', only: ['trips'] })).rejects.toMatchObject({ code: 'REPLAY_RUN' });
  });

  test('a batch that is much smaller than the last one is not committed, and no other either', async () => {
    await run({ slot: 's1' });
    stage.settings.sources.riders.maxShrinkPercent = 50;
    source.file = sourceFile('id,note\n1,a\n');
    await expect(run({ slot: 's2' })).rejects.toMatchObject({ code: 'MAX_SHRINK', message: expect.stringMatching(/sent 1 records, 66 percent fewer than the 3 of commit 1; maxShrink is 50/) });
    expect([stage.log('trips').length, stage.log('riders').length]).toEqual([1, 1]);

    source.file = sourceFile('id,note\n1,a\n2,b\n');
    expect((await run({ slot: 's2', attempt: 2 })).datasets.riders).toMatchObject({ outcome: 'committed' });
  });

  test('a commit that is tried again finds its own entry, however far the log has come', async () => {
    await run({ slot: 's1' });
    source.file = sourceFile(`${CSV}4,d\n`);
    await run({ slot: 's2' });
    expect((await stage.commit('s1')).datasets.trips).toMatchObject({ outcome: 'already-committed', seq: 1 });
  });
});

describe('the cursor of a commit', () => {
  const after = (to?: string): any => ({ seq: 4, runId: 's4', cursor: to === undefined ? {} : { to } });

  test.each([
    ['goes on from where the log is', 'ingest', { from: 'a', to: 'b' }, after('a'), { from: 'a', to: 'b' }],
    ['begins', 'ingest', { to: 'b' }, undefined, { to: 'b' }],
    ['is empty for a source without one', 'ingest', {}, after('a'), {}],
    ['stays for a back-fill', 'backfill', { from: 'a', to: 'z' }, after('m'), { from: 'm', to: 'm' }],
    ['stays for a replay', 'replay', { from: 'a', to: 'b' }, after('m'), { from: 'm', to: 'm' }],
    ['stays empty for a back-fill before the first commit', 'backfill', { to: 'z' }, undefined, {}],
  ] as const)('%s', (_, kind, read, previous, expected) => {
    expect(commitCursor(kind, 'trips', read, previous)).toEqual(expected);
  });

  test.each([
    ['the log has come further', { from: 'a', to: 'b' }, after('b')],
    ['another first run was faster', { to: 'b' }, after('b')],
    ['the log has lost what was read after', { from: 'a', to: 'b' }, undefined],
  ])('is refused when %s', (_, read, previous) => {
    expect(() => commitCursor('ingest', 'trips', read, previous)).toThrow(expect.objectContaining({ code: 'CURSOR_MOVED', kind: 'terminal' }));
  });
});
