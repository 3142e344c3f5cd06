import { createHash, randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { FakeS3 } from '../../_fakes/s3-server';
import { BUCKET, contractText, IngestStage } from '../../_fixtures/ingest-stage';

const CSV = 'id,note\n1,a\n2,b\n';
const SNAPSHOT = contractText(['trips']).replace('customProperties:', 'customProperties:\n      - { property: headraceHistory, value: snapshot }');

describe('source s3', () => {
  let source: FakeS3;
  const opened: IngestStage[] = [];
  const before = { ...process.env };

  beforeEach(async () => {
    source = await FakeS3.start();
    Object.assign(process.env, { AWS_ENDPOINT_URL_S3: source.url, AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' });
  });
  afterEach(async () => {
    process.env = { ...before };
    await Promise.all(opened.splice(0).map((one) => one.close()));
    await source.close();
  });

  async function stageOf(settings: Record<string, unknown> = {}, contract?: string): Promise<IngestStage> {
    const stage = await IngestStage.start({ trips: { kind: 's3', bucket: 'theirs', prefix: 'out/', ...settings } }, contract);
    opened.push(stage);
    return stage;
  }
  const raw = (stage: IngestStage): string[] => stage.s3.keys(BUCKET, 'demo/raw/').map((key) => stage.s3.text(BUCKET, key));
  const urls = (stage: IngestStage, commit = 0): string[] => stage.log('trips')[commit].parts.map((part: any) => part.source.url);

  test('lands every object below the prefix in the order of keys, with its version', async () => {
    source.put('theirs', 'out/b.csv', `${CSV}3,c\n`);
    source.put('theirs', 'out/a b/ü.csv', CSV, { 'content-type': 'text/csv' });
    source.put('theirs', 'out/folder/', '');
    source.put('theirs', 'other/c.csv', CSV);
    const stage = await stageOf();
    expect((await stage.run('s1')).datasets.trips).toMatchObject({ outcome: 'committed', counts: { parts: 2, records: 5 } });
    expect(raw(stage)).toEqual([CSV, `${CSV}3,c\n`]);
    const [manifest] = stage.log('trips');
    expect(manifest.source).toEqual({ kind: 's3', url: 's3://theirs/out/' });
    expect(urls(stage)).toEqual(['s3://theirs/out/a%20b/%C3%BC.csv', 's3://theirs/out/b.csv']);
    expect(manifest.parts[0]).toMatchObject({ contentType: 'text/csv', source: { identity: { etag: expect.stringMatching(/^"[0-9a-f]{32}"$/), bytes: 16 } } });
  });

  test('reads what is new or changed, and nothing twice', async () => {
    source.put('theirs', 'out/a.csv', CSV);
    source.put('theirs', 'out/b.csv', CSV);
    const stage = await stageOf();
    await stage.run('s1');
    expect((await stage.run('s2')).datasets.trips).toEqual({ outcome: 'unchanged', counts: {} });
    source.put('theirs', 'out/b.csv', `${CSV}3,c\n`);
    source.put('theirs', 'out/c.csv', CSV);
    await stage.run('s3');
    expect(urls(stage, 1)).toEqual(['s3://theirs/out/b.csv', 's3://theirs/out/c.csv']);
    expect(source.requests.filter(({ action }) => action === 'GetObject')).toHaveLength(4);
  });

  test('a snapshot is read whole when anything of it changed, a file that went away included', async () => {
    for (const name of ['a', 'b', 'c']) source.put('theirs', `out/${name}.csv`, CSV);
    const stage = await stageOf({}, SNAPSHOT);
    await stage.run('s1');
    expect((await stage.run('s2')).datasets.trips?.outcome).toBe('unchanged');
    source.objects.delete('theirs/out/b.csv');
    await stage.run('s3');
    expect(urls(stage, 1)).toEqual(['s3://theirs/out/a.csv', 's3://theirs/out/c.csv']);
  });

  test('a snapshot without a file fails, as it would empty what is downstream', async () => {
    await expect((await stageOf({}, SNAPSHOT)).run('s1')).rejects.toMatchObject({ code: 'SOURCE_EMPTY', kind: 'terminal' });
  });

  test('glob, suffix and ignored suffixes choose by the name below the prefix', async () => {
    for (const name of ['2026/a.csv', '2026/a.txt', '2025/a.csv', '2026/b.csv.part', 'top.csv']) source.put('theirs', `out/${name}`, CSV);
    const stage = await stageOf({ glob: '2026/**', suffix: '.csv' });
    await stage.run('s1');
    expect(urls(stage)).toEqual(['s3://theirs/out/2026/a.csv']);
    const ignoring = await stageOf({ ignoreSuffixes: ['.part', '.txt'] });
    await ignoring.run('s1');
    expect(urls(ignoring).map((url) => url.slice('s3://theirs/out/'.length))).toEqual(['2025/a.csv', '2026/a.csv', 'top.csv']);
  });

  test('a back-fill takes the names in its range again', async () => {
    for (const day of ['2026-01-01', '2026-01-02', '2026-01-03']) source.put('theirs', `out/${day}.csv`, CSV);
    const stage = await stageOf();
    await stage.run('s1');
    const plan = await stage.plan('b1', 1, { operation: 'backfill', range: { from: '2026-01-02', to: '2026-01-03' } });
    expect(plan.items.count).toBe(1);
    expect(await stage.pull(plan, 0)).toBe(0);
    expect(stage.s3.keys(BUCKET, 'demo/raw/trips/b1/')).toEqual(['demo/raw/trips/b1/a1/00000-2026-01-02.csv']);
  });

  test('plans 10,500 objects page by page and leaves what is over maxFiles to the next run', async () => {
    for (let n = 0; n < 10_500; n += 1) source.put('theirs', `out/${String(n).padStart(6, '0')}.csv`, '');
    const stage = await stageOf();
    const { estimate, items } = await stage.plan('s1');
    expect(estimate).toMatchObject({ shards: 10_000, tasks: items.count });
    // Many small objects share a task.
    expect(items.count).toBeLessThan(100);
    expect(stage.codes()).toContain('INGEST_W1001');
    expect(source.requests.filter(({ action }) => action === 'ListObjectsV2').length).toBe(11);
  });

  describe('when reading is disturbed', () => {
    const body = randomBytes(3_000_000);
    const land = async (stage: IngestStage): Promise<boolean> => {
      await stage.run('s1');
      const [key] = stage.s3.keys(BUCKET, 'demo/raw/');
      return stage.s3.objects.get(`${BUCKET}/${key}`)!.body.equals(source.objects.get('theirs/out/a.bin')!.body);
    };

    test('a body that breaks is continued at its byte', async () => {
      source.put('theirs', 'out/a.bin', body);
      source.fault = ({ action, nth }) => (action === 'GetObject' && nth < 3 ? { cutAfter: 400_000 } : undefined);
      const stage = await stageOf();
      expect(await land(stage)).toBe(true);
      expect(stage.codes().filter((code) => code === 'INGEST_W1201')).toHaveLength(3);
      expect(stage.codes()).not.toContain('INGEST_W1202');
    });

    test('an object that is replaced between two pieces is never spliced', async () => {
      source.put('theirs', 'out/a.bin', body);
      source.fault = ({ action, nth }) => {
        if (action !== 'GetObject' || nth > 0) return undefined;
        setImmediate(() => { source.put('theirs', 'out/a.bin', randomBytes(3_000_000)); });
        return { cutAfter: 400_000 };
      };
      const stage = await stageOf();
      expect(await land(stage)).toBe(true);
      expect(stage.codes()).toContain('INGEST_W1202');
    });

    test('an object that changed since the listing lands as what it is now', async () => {
      source.put('theirs', 'out/a.bin', body);
      const stage = await stageOf();
      const plan = await stage.plan('s1');
      source.put('theirs', 'out/a.bin', 'id,note\n9,z\n');
      expect(await stage.pull(plan, 0)).toBe(0);
      await stage.commit('s1');
      expect(raw(stage)).toEqual(['id,note\n9,z\n']);
      expect((await stage.run('s2')).datasets.trips?.outcome).toBe('unchanged');
    });

    test.each([
      ['is gone', 404, 'NoSuchKey', 'SOURCE_GONE', /next attempt lists anew/],
      ['is denied', 403, 'AccessDenied', 'SOURCE_DENIED', /must let in the role.*requesterPays/],
      ['is archived', 403, 'InvalidObjectState', 'SOURCE_ARCHIVED', /restore it/],
    ])('an object that %s fails at once and names the cure', async (_, status, code, expected, message) => {
      source.put('theirs', 'out/a.bin', body);
      source.fault = ({ action }) => (action === 'GetObject' ? { status, code } : undefined);
      const stage = await stageOf();
      expect(await stage.pull(await stage.plan('s1'), 0)).not.toBe(0);
      expect(stage.errors.at(-1)).toMatchObject({ message: expect.stringMatching(message), data: { error: expected } });
      expect(stage.s3.keys(BUCKET, 'demo/raw/')).toEqual([]);
    });
  });

  test.each([['the digest of its bytes', CSV, 0], ['another digest', 'x', 1]])('an object with a whole SHA-256 is held to %s', async (_, hashed, exit) => {
    const digest = createHash('sha256').update(hashed).digest('base64');
    source.put('theirs', 'out/a.csv', CSV, { 'x-amz-checksum-sha256': digest, 'x-amz-checksum-type': 'FULL_OBJECT' });
    const stage = await stageOf({ retries: 1 });
    expect(Math.min(1, await stage.pull(await stage.plan('s1'), 0))).toBe(exit);
    expect(stage.s3.keys(BUCKET, 'demo/raw/')).toHaveLength(1 - exit);
  });

  describe('of a bucket whose readers pay', () => {
    beforeEach(() => {
      source.fault = ({ payer }) => (payer === 'requester' ? undefined : { status: 403, code: 'AccessDenied' });
      for (const name of ['a', 'b']) source.put('theirs', `out/${name}.csv`, CSV);
      source.put('theirs', 'm.json', JSON.stringify(['out/a.csv', 'out/b.csv']));
    });

    test.each([['the listing and each object', {}], ['the manifest and each object', { manifestKey: 'm.json' }]])('%s are asked for with the word that says so', async (_, more) => {
      const stage = await stageOf({ requesterPays: true, ...more });
      await stage.run('s1');
      expect(raw(stage)).toEqual([CSV, CSV]);
      expect(new Set(source.requests.map(({ payer }) => payer))).toEqual(new Set(['requester']));
      // What the stage writes is its own account's affair.
      expect(new Set(stage.s3.requests.map(({ payer }) => payer))).toEqual(new Set([undefined]));
    });

    test.each([['the listing', {}], ['the manifest', { manifestKey: 'm.json' }]])('without it %s is denied, and the cure is named', async (_, more) => {
      const stage = await stageOf(more);
      await expect(stage.plan('s1')).rejects.toMatchObject({ code: 'SOURCE_DENIED', message: expect.stringMatching(/If the bucket has requester pays, set requesterPays/) });
    });
  });

  describe('by manifest', () => {
    test.each<[string, string, string | Buffer]>([
      ['a list of keys', 'm/{slot}.json', JSON.stringify(['out/b.csv', 's3://theirs/out/a 1.csv', 'elsewhere/c.csv'])],
      ['the list that a database wrote', 'm/{slot}.json', JSON.stringify({ entries: [{ url: 's3://theirs/out/b.csv' }, { url: 's3://theirs/out/a 1.csv' }] })],
      ['CSV', 'm/{slot}.csv', 'theirs,out/b.csv\r\ntheirs,out/a+1.csv\r\n'],
      ['compressed CSV', 'm/{slot}.csv.gz', gzipSync('"theirs","out/b.csv"\n"theirs","out/a%201.csv"\n')],
    ])('reads %s', async (_, manifestKey, manifest) => {
      for (const name of ['a 1', 'b', 'unlisted']) source.put('theirs', `out/${name}.csv`, CSV);
      source.put('theirs', manifestKey.replace('{slot}', 's1'), manifest);
      const stage = await stageOf({ manifestKey });
      await stage.run('s1');
      expect(urls(stage)).toEqual(['s3://theirs/out/a%201.csv', 's3://theirs/out/b.csv']);
      expect(raw(stage)).toEqual([CSV, CSV]);
    });

    test('reads an S3 Inventory, without old versions and markers', async () => {
      for (const name of ['a', 'b', 'c']) source.put('theirs', `out/${name}.csv`, CSV);
      source.put('inventory', 'x/data/1.csv.gz', gzipSync(`"theirs","out/a.csv","v1","true","false","16","${createHash('md5').update(CSV).digest('hex')}"\n"theirs","out/b.csv","v2","false","false","16",""\n"theirs","out/c.csv","v3","true","true","",""\n`));
      source.put('inventory', 'x/2026-01-05/manifest.json', JSON.stringify({ fileFormat: 'CSV', fileSchema: 'Bucket, Key, VersionId, IsLatest, IsDeleteMarker, Size, ETag', files: [{ key: 'x/data/1.csv.gz' }] }));
      const stage = await stageOf({ manifestKey: 'x/{date}/manifest.json', manifestBucket: 'inventory' });
      await stage.run('s20260105t000000z');
      expect(urls(stage)).toEqual(['s3://theirs/out/a.csv']);
    });

    test('a listed key whose version nobody told is asked for only if it changed', async () => {
      source.put('theirs', 'out/a.csv', CSV);
      source.put('theirs', 'm.json', '["out/a.csv"]');
      const stage = await stageOf({ manifestKey: 'm.json' });
      await stage.run('s1');
      expect((await stage.run('s2')).datasets.trips?.outcome).toBe('unchanged');
    });

    test.each([
      ['that is missing', undefined, /there is no manifest s3:\/\/theirs\/m\.json.*when it is written/],
      ['that is no JSON', 'a,b', /is not JSON/],
      ['that is no list', '{}', /it is no list/],
      ['of another bucket', '[{"url":"s3://ours/out/a.csv"}]', /bucket ours.*source of its own/],
      ['that is an inventory in another format', '{"fileFormat":"ORC","fileSchema":"x","files":[]}', /configure it to write CSV/],
    ])('refuses a manifest %s', async (_, text, message) => {
      if (text !== undefined) source.put('theirs', 'm.json', text);
      await expect((await stageOf({ manifestKey: 'm.json' })).plan('s1')).rejects.toMatchObject({ code: 'SOURCE_MANIFEST', message: expect.stringMatching(message) });
    });
  });

  test.each([
    [{ prefix: '/out' }, /prefix must not begin with a slash/],
    [{ externalId: 'x' }, /externalId belongs to roleArn/],
    [{ glob: '/abs/*' }, /glob must be a pattern/],
    [{ maxFiles: 0 }, /maxFiles must be a whole number from 1 to 99999/],
    [{ bucket: '' }, /bucket is missing/],
  ])('refuses the settings %j', async (settings, message) => {
    await expect((await stageOf(settings)).plan('s1')).rejects.toMatchObject({ code: 'CONFIG', message: expect.stringMatching(message) });
  });
});
