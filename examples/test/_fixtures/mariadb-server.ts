import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../../../packages/runtime/test/_fixtures/free-port';

/** Stands nowhere else, so that it is found wherever it should not be. */
export const MARIADB_PASSWORD = 'mariadb-canary-5e1d';

/** A MariaDB of one test: user `headrace`, database `shop`, TLS with a certificate for `localhost`. */
export interface MariadbServer {
  readonly port: number;
  /** PEM text of what signed the server's certificate. */
  readonly authority: string;
  /** Runs statements as a user who may do everything; gives lines of values between tabs. */
  query(sql: string): string[];
  /** Ends the server by its own process and removes its folder. */
  stop(): Promise<void>;
}

const READY_WITHIN_MS = 60_000;

/** Whether MariaDB and openssl are there. */
export function hasMariadb(): boolean {
  return ['mariadbd', 'mariadb-install-db', 'mariadb', 'openssl'].every((name) => program(name) !== undefined);
}

export async function startMariadb(): Promise<MariadbServer> {
  const home = mkdtempSync(path.join(os.tmpdir(), 'headrace-maria-'));
  const file = (name: string): string => path.join(home, name);
  const asRoot = process.getuid?.() === 0;
  const [uid, gid] = asRoot ? ['-u', '-g'].map((flag) => Number(run('id', [flag, 'mysql']))) : [];
  if (asRoot) chownSync(home, uid as number, gid as number);
  const own = asRoot ? ['--user=mysql'] : [];
  run('openssl', [
    'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost',
    '-keyout', file('key.pem'), '-out', file('cert.pem'),
  ]);
  chmodSync(file('key.pem'), 0o644);
  writeFileSync(file('init.sql'), `CREATE DATABASE shop;\nCREATE USER headrace@'%' IDENTIFIED BY '${MARIADB_PASSWORD}' REQUIRE SSL;\nGRANT SELECT ON shop.* TO headrace@'%';\n`);
  // A server that starts empties its folder for temporary tables, also of those of another one that shares it.
  run('mariadb-install-db', ['--no-defaults', `--datadir=${file('data')}`, '--auth-root-authentication-method=normal', '--skip-test-db', ...own], { TMPDIR: home });
  const port = await freePort();
  const server = spawn(program('mariadbd') as string, [
    '--no-defaults', `--datadir=${file('data')}`, `--tmpdir=${home}`, `--port=${port}`, '--bind-address=127.0.0.1', `--socket=${file('s')}`, `--init-file=${file('init.sql')}`,
    '--innodb-buffer-pool-size=64M', '--skip-name-resolve', `--ssl-cert=${file('cert.pem')}`, `--ssl-key=${file('key.pem')}`, ...own,
  ], { stdio: 'ignore' });
  const query = (sql: string): string[] => (
    run('mariadb', ['--no-defaults', `--socket=${file('s')}`, '-uroot', '--default-character-set=utf8mb4', '--skip-column-names', 'shop', '-e', sql]).split('\n').filter((line) => line !== ''));
  const stop = async (): Promise<void> => {
    if (server.exitCode === null && server.signalCode === null) {
      const ended = new Promise<void>((resolve) => { server.once('exit', () => resolve()); });
      server.kill('SIGTERM');
      await ended;
    }
    rmSync(home, { recursive: true, force: true });
  };
  for (const until = Date.now() + READY_WITHIN_MS; ;) {
    try {
      query('SELECT 1');
      break;
    } catch (error) {
      if (Date.now() > until || server.exitCode !== null) {
        await stop();
        throw error;
      }
      await delay(100);
    }
  }
  return { port, authority: readFileSync(file('cert.pem'), 'utf8'), query, stop };
}

function run(name: string, args: readonly string[], environment: NodeJS.ProcessEnv = {}): string {
  const { status, stdout, stderr } = spawnSync(program(name) as string, args, { encoding: 'utf8', env: { ...process.env, ...environment } });
  if (status !== 0) throw new Error(`${name} ended with ${status}: ${stderr}`);
  return stdout;
}

function program(name: string): string | undefined {
  return ['/usr/sbin', ...(process.env.PATH ?? '').split(':')].map((folder) => path.join(folder, name)).find((each) => existsSync(each));
}
