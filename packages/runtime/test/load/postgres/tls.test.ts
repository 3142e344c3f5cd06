import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, copyFileSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { Client } from 'pg';
import type { PostgresTarget } from '../../../src/load/settings';
import { withSession } from '../../../src/load/postgres/connect';
import { Report } from '../../../src/report/report';
import { startTestPostgres, type TestPostgres } from '../../_fixtures/postgres';

const openssl = (folder: string, ...args: string[]): number | null => spawnSync('openssl', args, { cwd: folder, stdio: 'ignore' }).status;

describe('the connection to the target', () => {
  let server: TestPostgres | undefined;
  let folder: string;
  let ready = false;

  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'headrace-tls-'));
    server = await startTestPostgres();
    // Without openssl or a server there is nothing to test with.
    if (server === undefined || openssl(folder, 'version') !== 0) return;
    const made = [
      ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=Test authority', '-keyout', 'ca.key', '-out', 'ca.pem'],
      ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=Another authority', '-keyout', 'other.key', '-out', 'other.pem'],
      ['req', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-keyout', 'server.key', '-out', 'server.csr'],
      ['x509', '-req', '-in', 'server.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-copy_extensions', 'copy', '-out', 'server.crt'],
    ].map((args) => openssl(folder, ...args));
    expect(made).toEqual([0, 0, 0, 0]);
    const admin = new Client({ connectionString: server.url });
    await admin.connect();
    const { rows: [{ data_directory: data }] } = await admin.query('SHOW data_directory');
    const { uid, gid } = statSync(data);
    for (const name of ['server.key', 'server.crt']) {
      copyFileSync(path.join(folder, name), path.join(data, name));
      chmodSync(path.join(data, name), 0o600);
      chownSync(path.join(data, name), uid, gid);
    }
    await admin.query('ALTER SYSTEM SET ssl = on');
    await admin.query('SELECT pg_reload_conf()');
    await admin.end();
    ready = true;
  }, 60_000);

  afterAll(async () => {
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const open = (target: Partial<PostgresTarget>): Promise<boolean> => withSession({
    target: { kind: 'postgres', host: 'localhost', port: Number(new URL(server!.url).port), database: 'postgres', secretArn: 'arn:x', ssl: 'verify-full', ...target },
    credentials: async () => ({ username: 'headrace', password: 'headrace' }), lockTimeoutSeconds: 5, report: new Report({ write: () => undefined }), signal: new AbortController().signal,
  }, 'test', async (client) => (await client.query('SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()')).rows[0].ssl as boolean);

  const check = (title: string, body: () => Promise<void>): void => test(title, async () => {
    if (ready) await body();
  });

  check('is encrypted when the certificate is of the given authority and names the host', async () => {
    expect(await open({ caFile: path.join(folder, 'ca.pem') })).toBe(true);
  });

  check('is refused when another authority signed the certificate', async () => {
    await expect(open({ caFile: path.join(folder, 'other.pem') })).rejects.toMatchObject({ code: 'TARGET_CERTIFICATE', kind: 'terminal' });
  });

  check('is refused when no authority is given that knows the certificate', async () => {
    await expect(open({})).rejects.toMatchObject({ code: 'TARGET_CERTIFICATE', kind: 'terminal' });
  });

  check('is refused when the certificate names another host', async () => {
    await expect(open({ host: '127.0.0.1', caFile: path.join(folder, 'ca.pem') })).rejects.toMatchObject({ code: 'TARGET_CERTIFICATE', message: expect.stringContaining('127.0.0.1') });
  });

  check('is refused with the file when the bundle cannot be read', async () => {
    await expect(open({ caFile: '/nowhere.pem' })).rejects.toMatchObject({ code: 'TARGET_CERTIFICATE', message: expect.stringContaining('/nowhere.pem') });
  });

  check('is open where TLS is disabled for a server on the same machine', async () => {
    expect(await open({ ssl: 'disable' })).toBe(false);
  });
});
