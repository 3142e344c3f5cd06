import { createHash, randomBytes } from 'node:crypto';
import { HttpSource } from '../_fakes/http-source';
import { HttpApi } from '../_fakes/http-api';
import type { S3Fault, S3Request } from '../_fakes/s3-server';
import { BUCKET, contractText, IngestStage } from '../_fixtures/ingest-stage';
import { databaseSecret, SECRET } from '../_fixtures/sql-source';
import { certificateFor, READER_PASSWORD, SQL_ENGINES, type SqlTestEngine } from '../_fixtures/sql-servers';

jest.setTimeout(180_000);

/** Larger than one part of an upload. */
const BYTES = 9 * 1024 * 1024;

/** Answers of S3 that tell less, or more, than what was kept. */
const TORN: Array<[string, (request: S3Request) => S3Fault]> = [
  ['a part is confirmed and lost', ({ action, nth }) => (action === 'UploadPart' && nth === 0 ? 'lose-body' : undefined)],
  ['a part is kept, its answer is lost, and it is sent twice', ({ action, nth }) => (action === 'UploadPart' && nth === 0 ? 'lose-answer' : undefined)],
  ['the end is answered 500 although it succeeded', ({ action, nth }) => (action === 'CompleteMultipartUpload' && nth === 0 ? { after: 500 } : undefined)],
  ['the end is answered 200 with an error, and did not succeed', ({ action, nth }) => (action === 'CompleteMultipartUpload' && nth === 0 ? { status: 200, code: 'InternalError' } : undefined)],
];

interface Source { readonly settings: object; readonly datasets: string; readonly bodies?: readonly Buffer[]; readonly close: () => Promise<void> }

/** One file; the second page of an API; the export of a database. */
const SHAPES: Array<[string, jest.It, () => Promise<Source>]> = [
  ['a file', test, async () => {
    const body = Buffer.concat([Buffer.from('id,note\n1,'), randomBytes(BYTES / 2), Buffer.from(`${randomBytes(BYTES / 4).toString('hex')}\n`)]);
    const source = await HttpSource.start({ body });
    return { settings: { kind: 'http', url: source.url() }, datasets: contractText(['trips']), bodies: [body], close: () => source.close() };
  }],
  ['a page in a series', test, async () => {
    const pages = [1, BYTES, 1].map((length, id) => Buffer.from(`${JSON.stringify({ id, note: 'x'.repeat(length) })}\n`));
    const api = await HttpApi.start(({ url }) => {
      const page = Number(url.searchParams.get('page') ?? 0);
      const headers: Record<string, string> = page + 1 < pages.length ? { link: `<?page=${page + 1}>; rel="next"` } : {};
      return { headers, body: pages[page]!.toString('utf8') };
    });
    const settings = { kind: 'httpPages', url: `${api.origin}/v1/trips`, paging: { by: 'linkHeader' } };
    return { settings, datasets: contractText(['trips'], '{ format: ndjson }'), bodies: pages, close: () => api.close() };
  }],
  ...SQL_ENGINES.map((engine): [string, jest.It, () => Promise<Source>] => [`an export of ${engine.kind}`, engine.test, () => exported(engine)]),
];

async function exported({ kind, start, numbers }: SqlTestEngine): Promise<Source> {
  const server = (await start(await certificateFor('localhost')))!;
  const session = await server.session();
  const rows = 9 * 16;
  await session.rows(`CREATE TABLE trips (id bigint PRIMARY KEY, note ${kind === 'mysql' ? 'longtext' : 'text'})`);
  await session.rows(`INSERT INTO trips SELECT n, repeat('x', ${BYTES / rows}) FROM ${numbers(rows)}`);
  await session.close();
  const settings = { kind, host: '127.0.0.1', port: server.port, database: server.database, secretArn: SECRET, ssl: 'disable', table: 'trips' };
  return { settings, datasets: contractText(['trips']), close: () => server.stop() };
}

describe.each(SHAPES)('%s whose upload in parts is torn', (_shape, test_, start) => {
  let source: Source | undefined;
  beforeAll(async () => { if (test_ !== test.skip) source = await start(); });
  afterAll(async () => { await source?.close(); });

  test_.each(TORN)('because %s, is right or absent, and right in the end', async (_what, fault) => {
    // The client tries once only, so that each fault reaches our own code.
    const stage = await IngestStage.start({ trips: source!.settings }, source!.datasets, 1);
    stage.secret = databaseSecret(() => ({ username: 'reader', password: READER_PASSWORD }));
    let torn = 0;
    stage.s3.fault = (request) => {
      const played = fault(request);
      if (played !== undefined) torn += 1;
      return played;
    };
    try {
      const plan = await stage.plan('s1');
      for (let tries = 1; await stage.pull(plan, 0) !== 0; tries += 1) {
        expect(stage.errors.at(-1).data.kind).toBe('transient');
        expect(tries).toBeLessThan(3);
        // Whatever is visible after a failed try is whole: the fault of this one did not splice anything.
        requireWhole(stage, source!.bodies);
      }
      expect(torn).toBe(1);
      await stage.commit('s1');
      const [manifest, ...more] = stage.log('trips');
      expect(more).toEqual([]);
      for (const { key, bytes, sha256 } of manifest.parts) {
        const { body } = stage.s3.objects.get(`${BUCKET}/${key}`)!;
        expect({ bytes, sha256 }).toEqual({ bytes: body.length, sha256: createHash('sha256').update(body).digest('hex') });
      }
      expect(Math.max(...manifest.parts.map(({ bytes }: { bytes: number }) => bytes))).toBeGreaterThan(8 * 1024 * 1024);
      requireWhole(stage, source!.bodies, true);
      expect(stage.s3.uploads.size).toBe(0);
    } finally {
      await stage.close();
    }
  });
});

/** Every object in Raw is one of the source's bodies; at the end all of them are there. */
function requireWhole(stage: IngestStage, bodies: readonly Buffer[] | undefined, all = false): void {
  const found = stage.s3.keys(BUCKET, 'demo/raw/').filter((key) => !key.endsWith('.index.json')).map((key) => stage.s3.objects.get(`${BUCKET}/${key}`)!.body);
  if (bodies === undefined) {
    // An export is whole when it has all its rows; how the database writes them is its own affair.
    for (const body of found) expect(body.toString('latin1').split('\n')).toHaveLength(9 * 16 + 2);
    if (all) expect(found).toHaveLength(1);
    return;
  }
  const same = found.map((body) => bodies.findIndex((each) => each.equals(body)));
  expect(same).toEqual(bodies.map((_, index) => index).slice(0, all ? bodies.length : found.length));
}
