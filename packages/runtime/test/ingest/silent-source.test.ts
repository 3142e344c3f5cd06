import { randomBytes } from 'node:crypto';
import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { HttpSource, sourceFile } from '../_fakes/http-source';
import { FakeS3 } from '../_fakes/s3-server';
import { SilentLine } from '../_fakes/silent-line';
import { BUCKET, contractText, IngestStage } from '../_fixtures/ingest-stage';
import { HAS_SSHD, SftpServer } from '../_fixtures/sftp-server';
import { changesContract, databaseSecret, ID, NOTE, SECRET } from '../_fixtures/sql-source';
import { certificateFor, READER_PASSWORD, SQL_ENGINES, type SqlServer } from '../_fixtures/sql-servers';

jest.setTimeout(60_000);

/** Far more than the line carries. */
const DATA = randomBytes(2_000_000);
const CARRIED = 600_000;
const TIMEOUT_SECONDS = 2;
const HURRIED = { timeoutSeconds: TIMEOUT_SECONDS, retries: 3 };

/** Fault R7: the source says nothing more in the midst of its answer, and does not hang up either. */
describe('a source that falls silent in the midst', () => {
  const open: Array<() => Promise<unknown>> = [];
  const before = { ...process.env };

  afterEach(async () => {
    process.env = { ...before };
    for (const close of open.splice(0).reverse()) await close();
  });

  async function silent(port: number): Promise<SilentLine> {
    const line = await SilentLine.start(port, CARRIED);
    open.push(() => line.close());
    return line;
  }

  async function ends(source: object, contract: string | undefined, prepare: (stage: IngestStage) => void = () => undefined): Promise<void> {
    const stage = await IngestStage.start({ trips: { ...HURRIED, ...source } }, contract);
    open.push(() => stage.close());
    prepare(stage);
    const plan = await stage.plan('s1', 1);
    expect(await stage.pull(plan, 0)).toBe(75);
    const { error, kind, reason } = stage.errors.at(-1).data;
    expect({ error, kind }).toEqual({ error: 'SOURCE_TIMEOUT', kind: 'transient' });
    expect(reason).toMatch(new RegExp(`was not read within ${TIMEOUT_SECONDS} s; raise (the source's )?timeout`));
    expect(stage.s3.keys(BUCKET, 'demo/raw/')).toEqual([]);
    expect(stage.s3.uploads.size).toBe(0);
  }

  test('over HTTP ends at its time-out', async () => {
    const source = await HttpSource.start({ body: 'x', etag: '"v1"' });
    open.push(() => source.close());
    source.file = sourceFile(DATA);
    const line = await silent(Number(new URL(source.url()).port));
    await ends({ kind: 'http', url: source.url().replace(/:\d+/, `:${line.port}`) }, undefined);
  });

  test('in S3 ends at its time-out', async () => {
    const source = await FakeS3.start();
    open.push(() => source.close());
    source.put('theirs', 'out/a.csv', DATA);
    const line = await silent(Number(new URL(source.url).port));
    Object.assign(process.env, {
      AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${line.port}`, AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local',
    });
    await ends({ kind: 's3', bucket: 'theirs', prefix: 'out/' }, undefined);
  });
});

(HAS_SSHD ? describe : describe.skip)('a source that falls silent in the midst, by sftp', () => {
  let server: SftpServer;
  const open: Array<() => Promise<unknown>> = [];

  beforeAll(async () => { server = await SftpServer.start(); });
  afterEach(async () => { for (const close of open.splice(0).reverse()) await close(); });
  afterAll(() => server?.stop());

  test('ends at its time-out', async () => {
    const folder = path.join(server.files, 'silent');
    mkdirSync(folder);
    writeFileSync(path.join(folder, 'a.bin'), DATA);
    utimesSync(path.join(folder, 'a.bin'), 1_700_000_000, 1_700_000_000);
    const line = await SilentLine.start(server.port, CARRIED);
    const stage = await IngestStage.start({
      trips: { kind: 'sftp', host: '127.0.0.1', port: line.port, secretArn: 'arn:secret', hostKeys: [server.fingerprint], path: folder, ...HURRIED },
    }, contractText(['trips']));
    open.push(() => line.close(), () => stage.close());
    stage.secret = async () => JSON.stringify(server.login);
    const plan = await stage.plan('s1', 1);
    expect(await stage.pull(plan, 0)).toBe(75);
    expect(stage.errors.at(-1).data).toMatchObject({ error: 'SOURCE_TIMEOUT', kind: 'transient' });
    expect(stage.s3.keys(BUCKET, 'demo/raw/')).toEqual([]);
  });
});

describe.each(SQL_ENGINES)('a source that falls silent in the midst, of kind $kind', ({ kind, test: test_, start, numbers }) => {
  let server: SqlServer | undefined;
  const open: Array<() => Promise<unknown>> = [];

  beforeAll(async () => { server = await start(await certificateFor('127.0.0.1')); });
  afterEach(async () => { for (const close of open.splice(0).reverse()) await close(); });
  afterAll(() => server?.stop());

  test_('ends at its time-out', async () => {
    const session = await server!.session();
    await session.rows('CREATE TABLE trips (id bigint PRIMARY KEY, note varchar(200))');
    await session.rows(`INSERT INTO trips SELECT n, '${'x'.repeat(100)}' FROM ${numbers(20_000)}`);
    await session.close();
    const line = await SilentLine.start(server!.port, CARRIED);
    const stage = await IngestStage.start(
      { trips: { kind, host: '127.0.0.1', port: line.port, database: server!.database, secretArn: SECRET, ssl: 'disable', table: 'trips', ...HURRIED } },
      changesContract([ID, NOTE], { history: 'snapshot' }),
    );
    open.push(() => line.close(), () => stage.close());
    stage.secret = databaseSecret(() => ({ username: 'reader', password: READER_PASSWORD }));
    const plan = await stage.plan('s1', 1);
    expect(await stage.pull(plan, 0)).toBe(75);
    expect(stage.errors.at(-1).data).toMatchObject({ error: 'SOURCE_TIMEOUT', kind: 'transient' });
    expect(stage.s3.keys(BUCKET, 'demo/raw/')).toEqual([]);
  });
});
