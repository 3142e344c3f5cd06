import { createHash, randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { HttpSource, sourceFile, status } from '../_fakes/http-source';
import { BUCKET, contractText, IngestStage } from '../_fixtures/ingest-stage';

const CSV = 'id,note\n1,a\n2,b\n3,c\n';

describe('ingest stage', () => {
  let source: HttpSource;
  let stage: IngestStage;
  const opened: IngestStage[] = [];

  beforeEach(async () => {
    source = await HttpSource.start({ body: CSV, etag: '"v1"', lastModified: 'Mon, 05 Jan 2026 00:00:00 GMT', contentType: 'text/csv' });
    stage = await open({ trips: { kind: 'http', url: source.url() } });
  });

  afterEach(async () => {
    await Promise.all(opened.splice(0).map((one) => one.close()));
    await source.close();
  });

  async function open(sources: Record<string, unknown>, contract?: string): Promise<IngestStage> {
    const made = await IngestStage.start(sources, contract);
    opened.push(made);
    return made;
  }

  test('lands the bytes, commits them as number 1, and says so in its output', async () => {
    const output = await stage.run('s1');
    const key = 'demo/raw/trips/s1/a1/00000-trips.csv';
    expect(stage.s3.text(BUCKET, key)).toBe(CSV);
    expect(output).toEqual({
      schemaVersion: 1, pipeline: 'demo', slot: 's1', attempt: 1,
      datasets: {
        trips: { outcome: 'committed', seq: 1, manifestKey: 'demo/commits/raw/trips/00000000000000000001.json', counts: { parts: 1, sourceBytes: 20, bytes: 20, records: 3, headerLines: 1 } },
      },
    });
    const [manifest] = stage.log('trips');
    expect(manifest).toMatchObject({
      schemaVersion: 1, stage: 'ingest', kind: 'ingest', pipeline: 'demo', dataset: 'trips', seq: 1, runId: 's1', attempt: 1, codeVersion: 'v1',
      contract: { id: 'demo', version: '1.2.0', sha256: createHash('sha256').update(contractText(['trips'])).digest('hex') },
      source: { kind: 'http', url: source.url() },
      cursor: {}, supersedes: [],
      parts: [{ key, bytes: 20, sha256: createHash('sha256').update(CSV).digest('hex'), records: 3, compression: 'none', contentType: 'text/csv', source: { url: source.url(), identity: { etag: '"v1"', lastModified: 'Mon, 05 Jan 2026 00:00:00 GMT' } } }],
    });
    expect(manifest.columns.map(({ name }: { name: string }) => name)).toEqual(['id', 'note']);
    expect(manifest.peakMemoryBytes).toBeGreaterThan(10_000_000);
    expect(Date.parse(manifest.timing.endedAt)).toBeGreaterThanOrEqual(Date.parse(manifest.timing.startedAt));
  });

  test('an unchanged source is not pulled again and not committed again', async () => {
    await stage.run('s1');
    const output = await stage.run('s2');
    expect(output.datasets.trips).toEqual({ outcome: 'unchanged', counts: {} });
    expect(stage.log('trips')).toHaveLength(1);
    expect(source.requests[1]?.headers).toMatchObject({ 'if-none-match': '"v1"' });
    expect(stage.s3.keys(BUCKET, 'demo/raw/')).toHaveLength(1);
  });

  test('what one address said is not asked of another', async () => {
    await stage.run('s1');
    stage.settings.sources.trips.url = source.url('/files/other.csv');
    expect((await stage.run('s2')).datasets.trips).toMatchObject({ outcome: 'committed', seq: 2 });
    expect(source.requests[1]?.headers['if-none-match']).toBeUndefined();
  });

  test('a changed source becomes the next number', async () => {
    await stage.run('s1');
    source.file = sourceFile(`${CSV}4,d\n`);
    expect((await stage.run('s2')).datasets.trips).toMatchObject({ outcome: 'committed', seq: 2, counts: { records: 4 } });
  });

  test('lands an archive as it is', async () => {
    const archive = gzipSync(CSV);
    source.file = sourceFile(archive, { contentType: 'application/gzip' });
    stage.settings.sources.trips.url = source.url('/files/trips.csv.gz');
    const output = await stage.run('s1');
    expect(stage.s3.objects.get('raw/demo/raw/trips/s1/a1/00000-trips.csv.gz')?.body.equals(archive)).toBe(true);
    expect(stage.log('trips')[0].parts[0]).toMatchObject({ compression: 'gzip', records: 'unknown', bytes: archive.length });
    expect(output.datasets.trips?.counts).toMatchObject({ records: 'unknown' });
  });

  test.each([
    ['of no bytes', '', { bytes: 0, records: 0, headerLines: 0 }],
    ['of a header only', 'id,note\n', { bytes: 8, records: 0, headerLines: 1 }],
    ['of a header without line end', 'id,note', { bytes: 7, records: 0, headerLines: 1 }],
  ])('a file %s is committed with outcome empty, and counted apart', async (_, body, counts) => {
    source.file = sourceFile(body);
    expect((await stage.run('s1')).datasets.trips).toMatchObject({ outcome: 'empty', seq: 1, counts });
  });

  test.each([
    ['two records', Buffer.from('id,note\n1,a\n2,b\n')],
    ['an archive of two records', gzipSync('id,note\n1,a\n2,b\n')],
    ['no bytes', Buffer.alloc(0)],
  ])('minRows 3 keeps %s out of every log', async (_, body) => {
    source.file = sourceFile(body);
    stage = await open({ trips: { kind: 'http', url: source.url(), minRows: 3 }, other: { kind: 'http', url: source.url('/o.csv'), minRows: 0 } });
    await expect(stage.run('s1')).rejects.toMatchObject({ code: 'MIN_ROWS', kind: 'terminal', fault: 'user' });
    expect(stage.log('trips')).toEqual([]);
    expect(stage.log('other')).toEqual([]);
    source.file = sourceFile(CSV);
    expect((await stage.run('s1', 2)).datasets.trips).toMatchObject({ outcome: 'committed', seq: 1 });
  });

  test('records of an archive are counted when a guard needs them', async () => {
    source.file = sourceFile(gzipSync(CSV));
    stage.settings.sources.trips.minRows = 3;
    expect((await stage.run('s1')).datasets.trips).toMatchObject({ outcome: 'committed', counts: { records: 3, headerLines: 1 } });
  });

  test('fails when sources and datasets differ, naming each', async () => {
    stage = await open({ trips: { kind: 'http', url: source.url() }, stations: { kind: 'http', url: source.url() } }, contractText(['trips', 'riders']));
    await expect(stage.plan('s1')).rejects.toMatchObject({
      code: 'CONFIG', message: expect.stringMatching(/dataset riders has no source.*source stations has no dataset/),
    });
  });

  describe('when something is done twice', () => {
    test('planning twice writes the same documents', async () => {
      const first = await stage.plan('s1');
      const items = stage.s3.text(BUCKET, first.items.key);
      expect(await stage.plan('s1')).toEqual(first);
      expect(stage.s3.text(BUCKET, first.items.key)).toBe(items);
      expect(first).toMatchObject({ attemptId: 's1-a1', runId: 's1', items: { count: 1, key: expect.stringMatching(/^demo\/work\/ingest-1a2b3c4d\/s1-a1\/items-[0-9a-f]{16}\.json$/) } });
    });

    test('a pull that is done is not done again', async () => {
      const plan = await stage.plan('s1');
      await stage.pull(plan, 0);
      expect(await stage.pull(plan, 0)).toBe(0);
      expect(source.requests).toHaveLength(1);
      expect(stage.codes()).toContain('TASK_I0003');
    });

    test('a pull that was killed after its upload is taken over from the object, not from the source', async () => {
      const plan = await stage.plan('s1');
      await stage.pull(plan, 0);
      const result = `${plan.plan.key.replace('plan.json', '')}pull/0.json`;
      const before = stage.s3.json(BUCKET, result);
      stage.s3.objects.delete(`${BUCKET}/${result}`);
      source.file = sourceFile('something else by now');

      expect(await stage.pull(plan, 0)).toBe(0);
      expect(source.requests).toHaveLength(1);
      const [{ tries, ...after }] = stage.s3.json(BUCKET, result).shards;
      expect(tries).toBe(0);
      expect(before.shards[0]).toMatchObject(after);
      expect((await stage.commit('s1')).datasets.trips).toMatchObject({ outcome: 'committed', counts: { records: 3 } });
    });

    test('two pulls of one item at once end with one object that both report', async () => {
      const plan = await stage.plan('s1');
      let arrived = 0;
      const together = new Promise<void>((resolve) => {
        for (let one = 0; one < 2; one += 1) {
          source.scripts.push(async (_, __, serve) => {
            arrived += 1;
            if (arrived === 2) resolve();
            await together;
            // Each of them gets a version of its own.
            source.file = sourceFile(`${CSV}${one},x\n`);
            serve();
          });
        }
      });
      // The second object is asked for when the result of the first is there: the worst moment.
      let puts = 0;
      const resultWritten = new Promise<void>((resolve) => {
        stage.s3.fault = async ({ action, key }) => {
          if (action === 'PutObject' && key.endsWith('pull/0.json')) setImmediate(resolve);
          if (action === 'PutObject' && key.includes('/raw/') && (puts += 1) === 2) await resultWritten;
          return undefined;
        };
      });
      expect(await Promise.all([stage.pull(plan, 0), stage.pull(plan, 0)])).toEqual([0, 0]);
      expect(puts).toBe(2);
      const { parts: [part] } = (await stage.commit('s1'), stage.log('trips')[0]);
      expect(part.sha256).toBe(createHash('sha256').update(stage.s3.text(BUCKET, part.key)).digest('hex'));
    });

    test('a commit that is repeated finds its own entry', async () => {
      const first = await stage.run('s1');
      const again = await stage.commit('s1');
      expect(again.datasets.trips).toEqual({ ...first.datasets.trips, outcome: 'already-committed' });
      expect(stage.log('trips')).toHaveLength(1);
    });

    test('a commit whose answer was lost is one commit', async () => {
      const plan = await stage.plan('s1');
      await stage.pull(plan, 0);
      let lost = false;
      stage.s3.fault = ({ key }) => {
        if (lost || !key.includes('/commits/') || !key.endsWith('01.json')) return undefined;
        lost = true;
        return 'lose-answer';
      };
      expect((await stage.commit('s1')).datasets.trips).toMatchObject({ outcome: 'committed', seq: 1 });
      expect(stage.log('trips')).toHaveLength(1);
    });

    test('the next attempt leaves committed datasets alone, and commits what was pulled of the others', async () => {
      const other = await HttpSource.start({ body: CSV });
      try {
        stage = await open({ trips: { kind: 'http', url: source.url() }, riders: { kind: 'http', url: other.url(), retries: 0 } });
        const plan = await stage.plan('s1');
        await stage.pull(plan, 0);
        await stage.pull(plan, 1);
        // The function dies between the two entries.
        stage.s3.fault = ({ action, key }) => (action === 'PutObject' && key.includes('/commits/raw/riders/') ? { status: 403, code: 'AccessDenied' } : undefined);
        await expect(stage.commit('s1')).rejects.toMatchObject({ code: 'STORE_DENIED' });
        stage.s3.fault = () => undefined;
        const output = await stage.run('s1', 2);
        expect(output.datasets).toMatchObject({ trips: { outcome: 'already-committed', seq: 1 }, riders: { outcome: 'committed', seq: 1 } });
        expect(source.requests).toHaveLength(1);
        expect(stage.log('trips')).toHaveLength(1);
        expect(stage.log('riders')[0]).toMatchObject({ attempt: 2, parts: [{ key: 'demo/raw/riders/s1/a1/00000-trips.csv' }] });
      } finally {
        await other.close();
      }
    });

    test('of two runs that pulled the same version at once, the later one has nothing new', async () => {
      const one = await stage.plan('s1');
      const two = await stage.plan('s2');
      await stage.pull(one, 0);
      await stage.pull(two, 0);
      expect((await stage.commit('s1')).datasets.trips?.outcome).toBe('committed');
      expect((await stage.commit('s2')).datasets.trips?.outcome).toBe('unchanged');
      expect(stage.log('trips')).toHaveLength(1);
    });
  });

  describe('when the source is bad', () => {
    test('a changed file is read again from its first byte, and only the new version lands', async () => {
      const next = randomBytes(200_000);
      source.scripts.push((_, __, serve) => {
        serve({ cutAt: 5 });
        source.file = sourceFile(next);
      });
      const plan = await stage.plan('s1');
      expect(await stage.pull(plan, 0)).toBe(0);
      expect(stage.s3.objects.get(`${BUCKET}/demo/raw/trips/s1/a1/00000-trips.csv`)?.body.equals(next)).toBe(true);
      expect(stage.codes()).toEqual(expect.arrayContaining(['INGEST_W1201', 'INGEST_W1202']));
      expect(stage.s3.json(BUCKET, 'demo/work/ingest-1a2b3c4d/s1-a1/pull/0.json').shards[0].part.source.identity.etag).toBe(source.file.etag);
    });

    test.each([
      ['transient', 503, 75, 'SOURCE_UNAVAILABLE'],
      ['terminal', 404, 1, 'SOURCE_STATUS'],
    ])('a %s failure ends the task with its exit code, a coded last line and a document', async (kind, code, exit, error) => {
      source.scripts.push(...Array(5).fill(status(code)));
      const plan = await stage.plan('s1');
      expect(await stage.pull(plan, 0)).toBe(exit);
      expect(stage.errors).toEqual([expect.objectContaining({ code: 'TASK_E0001', level: 'error', data: expect.objectContaining({ error, kind, exitCode: exit }) })]);
      expect(stage.s3.json(BUCKET, 'demo/work/ingest-1a2b3c4d/s1-a1/errors/pull-0.json')).toMatchObject({ schemaVersion: 1, step: 'pull', index: 0, code: error, kind });
      await expect(stage.commit('s1')).rejects.toMatchObject({ code: 'RESULT_MISSING' });
    });

    test('a digest that the source announces is held against the bytes before they are visible', async () => {
      const digest = (text: string): string => `sha-256=:${createHash('sha256').update(text).digest('base64')}:`;
      source.scripts.push((_, __, serve) => serve({ headers: { 'repr-digest': digest('other') } }));
      const plan = await stage.plan('s1');
      expect(await stage.pull(plan, 0)).toBe(75);
      expect(stage.s3.keys(BUCKET, 'demo/raw/')).toEqual([]);
      source.scripts.push((_, __, serve) => serve({ headers: { 'repr-digest': digest(CSV) } }));
      expect(await stage.pull(plan, 0)).toBe(0);
    });

    test('a task that is stopped leaves no upload behind, and a later try ends right', async () => {
      const large = randomBytes(40 * 1024 * 1024);
      source.file = sourceFile(large);
      const controller = new AbortController();
      stage.s3.fault = ({ action, nth }) => {
        if (action === 'UploadPart' && nth === 1) controller.abort(new Error('SIGTERM'));
        return undefined;
      };
      const plan = await stage.plan('s1');
      expect(await stage.pull(plan, 0, controller.signal)).toBe(143);
      expect(stage.s3.uploads.size).toBe(0);
      expect(stage.s3.keys(BUCKET, 'demo/raw/')).toEqual([]);
      stage.s3.fault = () => undefined;
      expect(await stage.pull(plan, 0)).toBe(0);
      expect(stage.s3.objects.get(`${BUCKET}/demo/raw/trips/s1/a1/00000-trips.csv`)?.body.equals(large)).toBe(true);
    });

    test('nothing that looks like a secret in a URL reaches manifest or log', async () => {
      stage.settings.sources.trips.url = `${source.url()}?X-Amz-Signature=canary1&token=canary2&day=2026-01-05`;
      await stage.run('s1');
      expect(JSON.stringify([stage.lines, stage.log('trips')])).not.toMatch(/canary/);
      expect(stage.log('trips')[0].source.url).toContain('day=2026-01-05');
    });
  });
});
