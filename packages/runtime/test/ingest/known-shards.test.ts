import { knownShardsKey, readKnownShards, saveKnownShards } from '../../src/ingest/known-shards';
import { commitKey, commitLogPrefix } from '../../src/run/keys';
import { ObjectStore } from '../../src/stores/object-store';
import { FakeS3 } from '../_fakes/s3-server';
import { rawManifest } from '../_fixtures/manifest';

const LOG = { bucket: 'raw', prefix: commitLogPrefix('raw', 'demo', 'trips') };
const CACHE = knownShardsKey(LOG.prefix);

describe('what the log knows of shards', () => {
  let s3: FakeS3;
  let store: ObjectStore;

  beforeEach(async () => {
    s3 = await FakeS3.start();
    store = new ObjectStore(s3.client());
  });
  afterEach(() => s3.close());

  /** Commits with one shard each; every second one is of the same URL. */
  function commits(from: number, to: number): void {
    for (let seq = from; seq <= to; seq += 1) {
      const url = seq % 2 === 0 ? 'https://example.com/even.csv' : `https://example.com/${seq}.csv`;
      const part = { key: `k${seq}`, bytes: 1, sha256: 's', records: 1, compression: 'none' as const, source: { url, identity: { etag: `"v${seq}"` } } };
      s3.put(LOG.bucket, commitKey(LOG.prefix, seq), JSON.stringify(rawManifest(seq, `s${seq}`, { parts: [part] })));
    }
  }

  const entriesRead = (): number => s3.requests.filter(({ action, key }) => action === 'GetObject' && key !== CACHE).length;

  test('is the last version of each URL, with or without the cache', async () => {
    commits(1, 70);
    const before = await readKnownShards(store, LOG);
    expect(before.get('https://example.com/even.csv')).toEqual({ since: 70, identity: { etag: '"v70"' } });
    expect(before.size).toBe(36);
    await saveKnownShards(store, LOG, 70);
    expect(s3.json(LOG.bucket, CACHE)).toMatchObject({ schemaVersion: 1, upTo: 70 });
    commits(71, 72);
    const after = await readKnownShards(store, LOG);
    expect(after.get('https://example.com/even.csv')).toEqual({ since: 72, identity: { etag: '"v72"' } });
    expect(after.size).toBe(37);
  });

  test('is kept only when the cache has fallen behind, and costs no entry of the log otherwise', async () => {
    commits(1, 63);
    await saveKnownShards(store, LOG, 63);
    expect([s3.objects.has(`${LOG.bucket}/${CACHE}`), entriesRead()]).toEqual([false, 0]);
    commits(64, 64);
    await saveKnownShards(store, LOG, 64);
    expect([s3.json(LOG.bucket, CACHE).upTo, entriesRead()]).toEqual([64, 64]);
    commits(65, 100);
    await saveKnownShards(store, LOG, 100);
    expect([s3.json(LOG.bucket, CACHE).upTo, entriesRead()]).toEqual([64, 64]);
  });

  test.each(['not JSON', '{"schemaVersion": 99, "upTo": 2, "shards": {}}', '[]'])('a cache that is %s is as none', async (text) => {
    commits(1, 2);
    s3.put(LOG.bucket, CACHE, text);
    expect((await readKnownShards(store, LOG)).size).toBe(2);
  });

  test('a cache that cannot be written is no failure', async () => {
    commits(1, 64);
    s3.fault = ({ action }) => (action === 'PutObject' ? { status: 403, code: 'AccessDenied' } : undefined);
    await expect(saveKnownShards(store, LOG, 64)).resolves.toBeUndefined();
  });
});
