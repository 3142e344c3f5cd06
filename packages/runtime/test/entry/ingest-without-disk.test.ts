import { createServer, type Server } from 'node:http';
import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import * as path from 'node:path';
import { HttpSource } from '../_fakes/http-source';
import { BUCKET, contractText, IngestStage } from '../_fixtures/ingest-stage';
import { SECRET } from '../_fixtures/sql-source';
import { certificateFor, READER_PASSWORD, SQL_ENGINES, type SqlTestEngine } from '../_fixtures/sql-servers';
import { HAS_SSHD, SftpServer } from '../_fixtures/sftp-server';
import { TaskProgram } from '../_fixtures/task-process';

jest.setTimeout(120_000);

/** Node refuses every write to a file, and the temporary folder does not exist: a disk that is full or read-only changes nothing for such a task. */
const WITHOUT_DISK = ['--experimental-permission', '--allow-fs-read=*'];

/** Larger than one part of an upload, so that nothing is small enough to be an exception. */
const BODY = Buffer.from(`id,note\n${Array.from({ length: 10 }, (_, id) => `${id},${'x'.repeat(900_000)}\n`).join('')}`);

describe('a task that reads a source without a disk', () => {
  let program: TaskProgram;
  let manager: Server;
  let secret = '';
  beforeAll(async () => {
    program = await TaskProgram.bundle('ingest-task');
    manager = createServer((request, response) => {
      request.resume();
      response.setHeader('content-type', 'application/x-amz-json-1.1').end(JSON.stringify({ ARN: SECRET, SecretString: secret }));
    });
    await new Promise<void>((resolve) => { manager.listen(0, '127.0.0.1', resolve); });
  });
  afterAll(async () => {
    await program.remove();
    manager.closeAllConnections();
    await new Promise((resolve) => { manager.close(resolve); });
  });

  async function expectLanded(stage: IngestStage, records: number): Promise<void> {
    stage.secret = async () => secret;
    const endpoints = { AWS_ENDPOINT_URL_S3: stage.s3.url, AWS_ENDPOINT_URL_SECRETS_MANAGER: `http://127.0.0.1:${(manager.address() as AddressInfo).port}` };
    const before = { ...process.env };
    Object.assign(process.env, { ...endpoints, AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' });
    try {
      const { plan } = await stage.plan('s1');
      const { code, stderr } = await program.start({
        ...endpoints, TMPDIR: '/no/such/folder', HEADRACE_TASK: JSON.stringify({ step: 'pull', plan, index: 0 }), HEADRACE_SETTINGS: JSON.stringify(stage.settings),
      }, WITHOUT_DISK).exit;
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(await stage.commit('s1')).toMatchObject({ datasets: { trips: { outcome: 'committed', counts: { records } } } });
      expect(stage.s3.requests.some(({ action, bucket }) => action === 'CompleteMultipartUpload' && bucket === BUCKET)).toBe(true);
    } finally {
      process.env = before;
      await stage.close();
    }
  }

  test('over HTTP', async () => {
    const source = await HttpSource.start({ body: BODY });
    try {
      await expectLanded(await IngestStage.start({ trips: { kind: 'http', url: source.url() } }), 10);
    } finally {
      await source.close();
    }
  });

  test('over HTTP, page by page', async () => {
    const source = await HttpSource.start({ body: BODY });
    try {
      const settings = { kind: 'httpPages', url: source.url(), paging: { by: 'linkHeader' } };
      await expectLanded(await IngestStage.start({ trips: settings }), 10);
    } finally {
      await source.close();
    }
  });

  test('in another bucket', async () => {
    const stage = await IngestStage.start({ trips: { kind: 's3', bucket: 'theirs', prefix: 'out/' } });
    stage.s3.put('theirs', 'out/a.csv', BODY);
    await expectLanded(stage, 10);
  });

  (HAS_SSHD ? describe : describe.skip)('on a real OpenSSH server', () => {
    test('over SFTP', async () => {
      const server = await SftpServer.start();
      try {
        const folder = path.join(server.files, 'out');
        mkdirSync(folder);
        writeFileSync(path.join(folder, 'a.csv'), BODY);
        utimesSync(path.join(folder, 'a.csv'), 1_700_000_000, 1_700_000_000);
        secret = JSON.stringify(server.login);
        await expectLanded(await IngestStage.start({
          trips: { kind: 'sftp', host: '127.0.0.1', port: server.port, secretArn: SECRET, hostKeys: [server.fingerprint], path: folder },
        }), 10);
      } finally {
        await server.stop();
      }
    });
  });

  describe.each(SQL_ENGINES)('in $kind', ({ kind, test: test_, start, numbers }: SqlTestEngine) => {
    test_('row by row', async () => {
      const server = (await start(await certificateFor('localhost')))!;
      try {
        const session = await server.session();
        await session.rows(`CREATE TABLE trips (id bigint PRIMARY KEY, note ${kind === 'mysql' ? 'longtext' : 'text'})`);
        await session.rows(`INSERT INTO trips SELECT n, repeat('x', 900000) FROM ${numbers(10)}`);
        await session.close();
        secret = JSON.stringify({ username: 'reader', password: READER_PASSWORD });
        const settings = { kind, host: '127.0.0.1', port: server.port, database: server.database, secretArn: SECRET, ssl: 'disable', table: 'trips' };
        await expectLanded(await IngestStage.start({ trips: settings }, contractText(['trips'])), 10);
      } finally {
        await server.stop();
      }
    });
  });
});
