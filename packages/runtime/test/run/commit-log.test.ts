import { commitIndexKey } from '../../src/run/commit-index';
import { appendCommit, lastCommit, listCommits, readLog, type AppendOutcome } from '../../src/run/commit-log';
import { commitKey } from '../../src/run/keys';
import type { CuratedManifest, RawManifest } from '../../src/run/manifest';
import { ObjectStore } from '../../src/stores/object-store';
import { FakeS3 } from '../_fakes/s3-server';
import { curatedManifest, rawManifest } from '../_fixtures/manifest';

const LOG = { bucket: 'raw', prefix: 'demo/commits/raw/trips/' };

describe('commit log', () => {
  let s3: FakeS3;
  let store: ObjectStore;
  beforeEach(async () => {
    s3 = await FakeS3.start();
    store = new ObjectStore(s3.client());
  });
  afterEach(() => s3.close());

  function append(runId: string): Promise<AppendOutcome<RawManifest>> {
    return appendCommit<RawManifest>(store, LOG, (seq) => rawManifest(seq, runId), { sleep: async () => undefined });
  }

  test('numbers start at 1 and have no gaps', async () => {
    expect(await lastCommit(store, LOG)).toBeUndefined();
    for (const run of ['s1', 's2', 's3']) await append(run);
    expect((await readLog<RawManifest>(store, LOG)).map(({ seq, manifest }) => [seq, manifest.seq, manifest.runId])).toEqual([[1, 1, 's1'], [2, 2, 's2'], [3, 3, 's3']]);
    expect((await readLog<RawManifest>(store, LOG, 2)).map(({ seq }) => seq)).toEqual([3]);
    expect((await lastCommit(store, LOG))?.seq).toBe(3);
  });

  test('16 writers that race get one number each, and none is lost', async () => {
    const stores = Array.from({ length: 16 }, () => new ObjectStore(s3.client()));
    const outcomes = await Promise.all(stores.map((one, index) => appendCommit<RawManifest>(one, LOG, (seq) => rawManifest(seq, `s${index}`))));
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(Array(16).fill('committed'));
    const entries = await readLog<RawManifest>(store, LOG);
    expect(entries.map(({ seq }) => seq)).toEqual(Array.from({ length: 16 }, (_, index) => index + 1));
    expect(new Set(entries.map(({ manifest }) => manifest.runId)).size).toBe(16);
    for (const [index, outcome] of outcomes.entries()) {
      expect(entries.find(({ manifest }) => manifest.runId === `s${index}`)?.seq).toBe(outcome.outcome === 'nothing' ? undefined : outcome.seq);
    }
  });

  test('16 writers of the same work make one entry, and all learn its number', async () => {
    const outcomes = await Promise.all(Array.from({ length: 16 }, (_, index) => (
      appendCommit<RawManifest>(new ObjectStore(s3.client()), LOG, (seq) => rawManifest(seq, 's1', { peakMemoryBytes: index }))
    )));
    expect(outcomes.filter(({ outcome }) => outcome === 'committed')).toHaveLength(1);
    expect(new Set(outcomes.map((one) => (one.outcome === 'nothing' ? 0 : one.seq)))).toEqual(new Set([1]));
    expect(await readLog(store, LOG)).toHaveLength(1);
  });

  test('who loses a number is asked again, with what the winner wrote', async () => {
    const seen: [number, string | undefined][] = [];
    const outcome = await appendCommit<RawManifest>(store, LOG, async (seq, previous) => {
      seen.push([seq, previous?.runId]);
      if (seq === 1) await append('other');
      return rawManifest(seq, 'mine');
    });
    expect(seen).toEqual([[1, undefined], [2, 'other']]);
    expect(outcome).toMatchObject({ outcome: 'committed', seq: 2 });
  });

  test('who has nothing to commit any more writes nothing', async () => {
    const outcome = await appendCommit<RawManifest>(store, LOG, async (seq) => {
      if (seq > 1) return undefined;
      await append('other');
      return rawManifest(seq, 'mine');
    });
    expect(outcome).toEqual({ outcome: 'nothing' });
    expect(await readLog(store, LOG)).toHaveLength(1);
  });

  test('work that is in the log is not committed again, however many entries came after it', async () => {
    for (const run of ['s1', 's2', 's3']) await append(run);
    expect(await append('s1')).toMatchObject({ outcome: 'already-committed', seq: 1, key: commitKey(LOG.prefix, 1), manifest: { runId: 's1' } });
  });

  test('a repeated ingest of the same run is other work', async () => {
    await append('s1');
    expect(await appendCommit<RawManifest>(store, LOG, (seq) => rawManifest(seq, 's1', { kind: 'rerun' }))).toMatchObject({ outcome: 'committed', seq: 2 });
  });

  test('an ingest commit is curated once, also by different runs', async () => {
    const log = { bucket: 'curated', prefix: 'demo/commits/curated/trips/' };
    await appendCommit<CuratedManifest>(store, log, (seq) => curatedManifest(seq, 7));
    expect(await appendCommit<CuratedManifest>(store, log, (seq) => curatedManifest(seq, 8))).toMatchObject({ outcome: 'committed', seq: 2 });
    expect(await appendCommit<CuratedManifest>(store, log, (seq) => curatedManifest(seq, 7, { runId: 's2' }))).toMatchObject({ outcome: 'already-committed', seq: 1 });
    expect(await appendCommit<CuratedManifest>(store, log, (seq) => curatedManifest(seq, 7, { kind: 'replay' }))).toMatchObject({ outcome: 'committed', seq: 3 });
  });

  test('a write whose answer was lost is one entry, and its writer has committed', async () => {
    let lost = 0;
    s3.fault = ({ action }) => (action === 'PutObject' && (lost += 1) === 1 ? 'lose-answer' : undefined);
    expect(await append('s1')).toMatchObject({ outcome: 'committed', seq: 1 });
    expect(lost).toBe(2);
    expect(await readLog(store, LOG)).toHaveLength(1);
  });

  test('conflicts without a winner are tried again under the same number', async () => {
    let conflicts = 0;
    s3.fault = ({ action }) => (action === 'PutObject' && (conflicts += 1) <= 3 ? { status: 409, code: 'ConditionalRequestConflict' } : undefined);
    expect(await append('s1')).toMatchObject({ outcome: 'committed', seq: 1 });
    expect(conflicts).toBe(4);
  });

  test('fails as transient when conflicts do not end', async () => {
    s3.fault = ({ action }) => (action === 'PutObject' ? { status: 409, code: 'ConditionalRequestConflict' } : undefined);
    await expect(append('s1')).rejects.toMatchObject({ code: 'LOG_BUSY', kind: 'transient' });
  });

  test('fails when an entry is missing, naming it', async () => {
    for (const run of ['s1', 's2', 's3']) await append(run);
    s3.objects.delete(`raw/${commitKey(LOG.prefix, 2)}`);
    await expect(readLog(store, LOG)).rejects.toMatchObject({ code: 'LOG_GAP', message: expect.stringContaining('commit 2 is missing') });
    await expect(append('s4')).rejects.toMatchObject({ code: 'LOG_GAP' });
  });

  test('fails when newer code wrote an entry', async () => {
    s3.put('raw', commitKey(LOG.prefix, 1), JSON.stringify({ ...rawManifest(1, 's1'), schemaVersion: 2 }));
    await expect(readLog(store, LOG)).rejects.toMatchObject({ code: 'DOCUMENT_VERSION', message: expect.stringContaining('upgrade this stage') });
  });

  test('logs longer than a page are listed whole and in order', async () => {
    for (let seq = 1; seq <= 1_050; seq += 1) s3.put('raw', commitKey(LOG.prefix, seq), JSON.stringify(rawManifest(seq, `s${seq}`)));
    expect(await listCommits(store, LOG)).toEqual(Array.from({ length: 1_050 }, (_, index) => index + 1));
    expect((await readLog<RawManifest>(store, LOG, 1_047)).map(({ manifest }) => manifest.runId)).toEqual(['s1048', 's1049', 's1050']);
  });

  describe('the index', () => {
    const key = commitIndexKey(LOG.prefix);
    const fill = (count: number): void => {
      for (let seq = 1; seq <= count; seq += 1) s3.put('raw', commitKey(LOG.prefix, seq), JSON.stringify(rawManifest(seq, `s${seq}`)));
    };
    const reads = (): number => s3.requests.filter(({ action }) => action === 'GetObject').length;

    test('spares reading old entries, and changes no outcome', async () => {
      fill(100);
      await append('s101');
      expect(s3.json('raw', key)).toMatchObject({ schemaVersion: 1, upTo: 101 });
      const before = reads();
      expect(await append('s102')).toMatchObject({ outcome: 'committed', seq: 102 });
      expect(await append('s50')).toMatchObject({ outcome: 'already-committed', seq: 50, manifest: { runId: 's50' } });
      expect(await append('s102')).toMatchObject({ outcome: 'already-committed', seq: 102 });
      expect(reads() - before).toBeLessThan(12);
      expect((await lastCommit<RawManifest>(store, LOG))?.manifest.runId).toBe('s102');
    });

    test.each([
      ['no JSON', '{'],
      ['null', 'null'],
      ['of other code', JSON.stringify({ schemaVersion: 2, upTo: 70, seqs: {} })],
      ['short of identities', JSON.stringify({ schemaVersion: 1, upTo: 70, seqs: { 'ingest/ingest/s1': 1 } })],
    ])('that is %s counts as none', async (_, text) => {
      fill(70);
      s3.put('raw', key, text);
      expect(await append('s30')).toMatchObject({ outcome: 'already-committed', seq: 30 });
      expect(await append('s71')).toMatchObject({ outcome: 'committed', seq: 71 });
    });

    test('that cannot be written harms nothing', async () => {
      fill(70);
      s3.fault = (request) => (request.action === 'PutObject' && request.key === key ? { status: 403, code: 'AccessDenied' } : undefined);
      expect(await append('s71')).toMatchObject({ outcome: 'committed', seq: 71 });
    });
  });
});
