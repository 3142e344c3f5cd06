import { createHash } from 'node:crypto';
import type { EarlierAttempt } from '../../src/ingest/earlier-attempts';
import { SHARD_METADATA } from '../../src/ingest/land-shard';
import { sourceKind } from '../../src/ingest/source/source-kinds';
import { takeOver } from '../../src/ingest/take-over';
import { HttpApi, type Answer, type Asked } from '../_fakes/http-api';
import { FakeS3 } from '../_fakes/s3-server';
import { BUCKET, contractText, IngestStage } from '../_fixtures/ingest-stage';

const WORK = 'demo/work/ingest-1a2b3c4d';
const NAMES = ['0', '1', '2', '3', '4', '5', '6', '7'];
/** Names of the files that the first task reads, by the size that is assumed of a file. */
const FIRST_TASK = NAMES.slice(0, 6);

const csv = (name: string, version = 1): string => `id,note\n${name},v${version}\n`;
const etagOf = (text: string): string => `"${createHash('sha256').update(text).digest('hex').slice(0, 8)}"`;

describe('the next attempt of a run', () => {
  let api: HttpApi;
  let stage: IngestStage;
  let files: Map<string, string>;
  /** Names that the server refuses. */
  let broken: Set<string>;
  let tellsVersion: boolean;

  beforeEach(async () => {
    files = new Map(NAMES.map((name) => [`/${name}.csv`, csv(name)]));
    broken = new Set(['/7.csv']);
    tellsVersion = true;
    api = await HttpApi.start(answer);
    stage = await IngestStage.start({ trips: { kind: 'http', urls: NAMES.map((name) => `${api.origin}/${name}.csv`) } });
  });
  afterEach(async () => {
    await stage.close();
    await api.close();
  });

  function answer({ url: { pathname }, headers }: Asked): Answer {
    const body = files.get(pathname);
    if (body === undefined || broken.has(pathname)) return { status: 404 };
    if (!tellsVersion) return { body };
    const etag = etagOf(body);
    return headers['if-none-match'] === etag ? { status: 304, headers: { etag } } : { headers: { etag }, body };
  }

  /** Plan and all tasks of an attempt, of which one fails. */
  async function failAttempt(attempt = 1, slot = 's1'): Promise<void> {
    const plan = await stage.plan(slot, attempt);
    const codes: number[] = [];
    for (let index = 0; index < plan.items.count; index += 1) codes.push(await stage.pull(plan, index));
    expect(codes.at(-1)).not.toBe(0);
    api.asked.length = 0;
  }
  const asked = (conditional: boolean): string[] => api.asked.filter(({ headers }) => (headers['if-none-match'] !== undefined) === conditional)
    .map(({ url }) => url.pathname.slice(1, -4)).sort();
  const keys = (commit = 0): string[] => stage.log('trips')[commit].parts.map(({ key }: { key: string }) => key.slice('demo/raw/trips/'.length));
  const landed = (commit = 0): string[] => stage.log('trips')[commit].parts.map(({ key }: { key: string }) => stage.s3.text(BUCKET, key));
  const document = (attempt: number, name: string): any => stage.s3.json(BUCKET, `${WORK}/s1-a${attempt}/${name}`);

  test('takes over what the source still has in that version, also from a task that failed at a later shard, and pulls the rest', async () => {
    await failAttempt();
    broken.clear();
    const output = await stage.run('s1', 2);
    expect(output.datasets.trips).toMatchObject({ outcome: 'committed', seq: 1, counts: { parts: 8, records: 8, takenOver: 7 } });
    expect(asked(true)).toEqual([...FIRST_TASK, '6']);
    expect(asked(false)).toEqual(['7']);
    expect(keys()).toEqual([...NAMES.slice(0, 7).map((name) => `s1/a1/0000${name}-${name}.csv`), 's1/a2/00007-7.csv']);
    expect(landed()).toEqual(NAMES.map((name) => csv(name)));
    const [{ parts }] = stage.log('trips');
    expect(parts.map(({ sha256 }: { sha256: string }) => sha256)).toEqual(NAMES.map((name) => createHash('sha256').update(csv(name)).digest('hex')));
  });

  test('pulls again what has changed at the source, and never mixes versions of a file', async () => {
    await failAttempt();
    broken.clear();
    files.set('/2.csv', csv('2', 2));
    files.set('/6.csv', csv('6', 2));
    expect((await stage.run('s1', 2)).datasets.trips?.counts).toMatchObject({ takenOver: 5 });
    expect(landed()).toEqual(NAMES.map((name) => csv(name, name === '2' || name === '6' ? 2 : 1)));
    expect(keys().filter((key) => key.includes('/a2/'))).toEqual(['s1/a2/00002-2.csv', 's1/a2/00006-6.csv', 's1/a2/00007-7.csv']);
  });

  test('asks nothing of a source that tells no version: the same work of the same run is the same shard, where its task came to its end', async () => {
    tellsVersion = false;
    await failAttempt();
    broken.clear();
    expect((await stage.run('s1', 2)).datasets.trips?.counts).toMatchObject({ parts: 8, takenOver: 6 });
    expect(asked(false)).toEqual(['6', '7']);
    expect(landed()).toEqual(NAMES.map((name) => csv(name)));
  });

  test('a third attempt finds what the second took over from the first', async () => {
    tellsVersion = false;
    await failAttempt();
    await failAttempt(2);
    broken.clear();
    expect((await stage.run('s1', 3)).datasets.trips?.counts).toMatchObject({ takenOver: 6 });
    expect(keys().map((key) => key.slice(3, 5))).toEqual([...FIRST_TASK.map(() => 'a1'), 'a3', 'a3']);
    expect(document(3, 'plan.json').takenOver.key).toMatch(/s1-a3\/taken-over-[0-9a-f]{16}\.json$/);
  });

  test('trusts nothing that tells no version when a commit of it was refused', async () => {
    tellsVersion = false;
    broken.clear();
    stage.settings.sources.trips.minRows = 9;
    await expect(stage.run('s1')).rejects.toMatchObject({ code: 'MIN_ROWS' });
    for (const name of NAMES) files.set(`/${name}.csv`, `${csv(name, 2)}9,more\n`);
    expect((await stage.run('s1', 2)).datasets.trips).toMatchObject({ outcome: 'committed', counts: { records: 16 } });
    expect(landed()[0]).toBe(`${csv('0', 2)}9,more\n`);
  });

  test('trusts nothing that tells no version when code of a later schema version was at it since', async () => {
    tellsVersion = false;
    await failAttempt();
    broken.clear();
    stage.s3.put(BUCKET, `${WORK}/s1-a2/plan.json`, JSON.stringify({ schemaVersion: 2 }));
    expect((await stage.run('s1', 3)).datasets.trips?.counts.takenOver).toBeUndefined();
    expect(asked(false)).toEqual(NAMES);
  });

  test('trusts nothing that tells no version when another run has committed since', async () => {
    tellsVersion = false;
    await failAttempt();
    broken.clear();
    await stage.run('s2');
    api.asked.length = 0;
    const { counts } = (await stage.run('s1', 2)).datasets.trips!;
    expect(counts.takenOver).toBeUndefined();
    expect(asked(false)).toEqual(NAMES);
  });

  test('leaves out what another run has committed in that version', async () => {
    await failAttempt();
    broken.clear();
    await stage.run('s2');
    expect((await stage.run('s1', 2)).datasets.trips).toEqual({ outcome: 'unchanged', counts: {} });
    expect(stage.log('trips')).toHaveLength(1);
  });

  test.each([
    ['results of a schema version that it does not know', () => {
      const key = `${WORK}/s1-a1/pull/0.json`;
      stage.s3.put(BUCKET, key, JSON.stringify({ ...stage.s3.json(BUCKET, key), schemaVersion: 2 }));
    }],
    ['a plan of a schema version that it does not know', () => stage.s3.put(BUCKET, `${WORK}/s1-a1/plan.json`, JSON.stringify({ ...document(1, 'plan.json'), schemaVersion: 2 }))],
    ['objects that are gone', () => FIRST_TASK.forEach((name) => stage.s3.objects.delete(`${BUCKET}/demo/raw/trips/s1/a1/0000${name}-${name}.csv`))],
    ['objects of another size', () => FIRST_TASK.forEach((name) => stage.s3.put(BUCKET, `demo/raw/trips/s1/a1/0000${name}-${name}.csv`, 'cut'))],
    ['shards that are asked for with other headers', () => { stage.settings.sources.trips.headers = { accept: 'text/csv' }; }],
  ])('takes over nothing from %s', async (_, change) => {
    tellsVersion = false;
    await failAttempt();
    broken.clear();
    change();
    expect((await stage.run('s1', 2)).datasets.trips).toMatchObject({ outcome: 'committed', counts: { parts: 8 } });
    expect(asked(false)).toEqual(NAMES);
    expect(landed()).toEqual(NAMES.map((name) => csv(name)));
  });

  test('how a source is read may change between attempts', async () => {
    tellsVersion = false;
    await failAttempt();
    broken.clear();
    Object.assign(stage.settings.sources.trips, { retries: 1, timeoutSeconds: 60, maxConcurrency: 1 });
    stage.settings.codeVersion = 'v2';
    expect((await stage.run('s1', 2)).datasets.trips?.counts).toMatchObject({ takenOver: 6 });
    expect(stage.log('trips')[0]).toMatchObject({ attempt: 2, codeVersion: 'v2' });
  });

  test('an object without a result is no shard of other work', async () => {
    await failAttempt();
    broken.clear();
    const object = stage.s3.objects.get(`${BUCKET}/demo/raw/trips/s1/a1/00006-6.csv`)!;
    (object.headers as Record<string, string>)[`x-amz-meta-${SHARD_METADATA}`] = 'other';
    await stage.run('s1', 2);
    expect(asked(false)).toEqual(['6', '7']);
  });

  test('an earlier attempt that is still at work does no harm', async () => {
    const first = await stage.plan('s1', 1);
    expect(await stage.pull(first, 0)).toBe(0);
    broken.clear();
    const second = await stage.plan('s1', 2);
    expect(await stage.pull(first, 1)).toBe(0);
    for (let index = 0; index < second.items.count; index += 1) expect(await stage.pull(second, index)).toBe(0);
    expect((await stage.commit('s1', 2)).datasets.trips).toMatchObject({ outcome: 'committed', seq: 1 });
    expect((await stage.commit('s1', 1)).datasets.trips).toMatchObject({ outcome: 'already-committed', seq: 1 });
    expect(landed()).toEqual(NAMES.map((name) => csv(name)));
  });

  test('a listing that tells versions decides without a question', async () => {
    const theirs = await FakeS3.start();
    const before = { ...process.env };
    Object.assign(process.env, { AWS_ENDPOINT_URL_S3: theirs.url, AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' });
    try {
      for (const name of NAMES) theirs.put('theirs', `out/${name}.csv`, csv(name));
      stage.settings.sources = { trips: { kind: 's3', bucket: 'theirs', prefix: 'out/' }, riders: { kind: 'http', url: `${api.origin}/gone.csv` } };
      stage.s3.put('assets', 'demo.odcs.yaml', contractText(['trips', 'riders']));
      await failAttempt();
      theirs.put('theirs', 'out/3.csv', csv('3', 2));
      files.set('/gone.csv', csv('x'));
      theirs.requests.length = 0;
      expect((await stage.run('s1', 2)).datasets).toMatchObject({ trips: { counts: { parts: 8, takenOver: 7 } }, riders: { outcome: 'committed' } });
      expect(theirs.requests.filter(({ action }) => action === 'GetObject').map(({ key }) => key)).toEqual(['out/3.csv']);
      expect(landed()).toEqual(NAMES.map((name) => csv(name, name === '3' ? 2 : 1)));
    } finally {
      process.env = before;
      await theirs.close();
    }
  });

  test.each([
    ['from one result', [['a', 'b']], [0, 1]],
    ['not from two', [['a'], ['b']], []],
    ['not without all of them', [['a']], []],
  ])('takes shards of one moment %s', async (_, results, expected) => {
    const plan = { datasets: { trips: {} } } as unknown as EarlierAttempt['plan'];
    const told = (print: string) => {
      stage.s3.put(BUCKET, `raw/${print}`, print);
      return { outcome: 'landed', shard: 0, fingerprint: print, part: { key: `raw/${print}`, bytes: 1, source: { url: print, identity: {} } } };
    };
    const trips = results.map((prints) => ({ shards: prints.map((print, shard) => ({ ...told(print), shard })) }));
    const attempt = { attempt: 1, plan, whole: false, results: { trips } };
    const shards = ['a', 'b'].map((fingerprint) => ({ url: fingerprint, fileName: fingerprint, read: {}, together: 'snapshot', fingerprint }));
    const call = { bucket: BUCKET, dataset: 'trips', kind: sourceKind('postgres'), tasks: undefined, shards, known: new Map(), after: undefined };
    const { taken, left } = await takeOver(call, [attempt as unknown as EarlierAttempt], stage.store, {});
    expect(taken.flatMap((result) => result.shards.map(({ shard }) => shard))).toEqual(expected);
    expect(left).toEqual([0, 1].filter((number) => !expected.includes(number)));
  });

  describe('of pages', () => {
    const pages = ({ url }: Asked): Answer => {
      const number = Number(url.searchParams.get('page') ?? 0);
      if (broken.has(`/page${number}`) || broken.has(url.pathname)) return { status: 404 };
      return url.pathname === '/other.csv' ? { body: csv('x') } : { body: { data: [{ id: number }], next: number < 2 ? String(number + 1) : null } };
    };

    beforeEach(async () => {
      api.handler = pages;
      stage.settings.sources = {
        trips: { kind: 'httpPages', url: `${api.origin}/v1`, recordsAt: '/data', paging: { by: 'cursor', at: '/next', parameter: 'page' } },
        other: { kind: 'http', url: `${api.origin}/other.csv` },
      };
      stage.s3.put('assets', 'demo.odcs.yaml', contractText(['trips', 'other']));
    });

    test('takes over a whole series, without a request', async () => {
      broken = new Set(['/other.csv']);
      await failAttempt();
      broken.clear();
      expect((await stage.run('s1', 2)).datasets.trips).toMatchObject({ outcome: 'committed', counts: { parts: 3, records: 3, takenOver: 1 } });
      expect(api.paths).toEqual(['/other.csv']);
      expect(keys().map((key) => key.slice(0, 17))).toEqual(['s1/a1/00000-00000', 's1/a1/00000-00001', 's1/a1/00000-00002']);
    });

    test('reads a series that broke from its first page', async () => {
      broken = new Set(['/page2', '/other.csv']);
      await failAttempt();
      broken.clear();
      expect((await stage.run('s1', 2)).datasets.trips).toMatchObject({ outcome: 'committed', counts: { parts: 3, records: 3 } });
      expect(api.paths).toEqual(['/v1', '/v1?page=1', '/v1?page=2', '/other.csv']);
      expect(keys().every((key) => key.startsWith('s1/a2/'))).toBe(true);
    });
  });
});
