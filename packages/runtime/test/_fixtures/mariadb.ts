import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createConnection, type Connection } from 'mysql2/promise';
import type { MysqlFlavour } from '../../src/contract/mysql-ddl';
import { freePort } from './free-port';

/** A MariaDB server of one test file, with user `headrace` and password `headrace`; a MySQL server where `HEADRACE_MYSQLD` names its program. */
export interface TestMariadb {
  readonly port: number;
  readonly flavour: MysqlFlavour;
  /** A session that may do everything. */
  admin(): Promise<Connection>;
  /** Ends the server by its own process and removes its folder. */
  stop(): Promise<void>;
  /** The same at once, for a process that ends. */
  kill(): void;
}

export interface MariadbOptions {
  /** PEM texts; the server offers TLS with them. */
  readonly certificate?: { readonly certificate: string; readonly key: string };
  /** More options of the server. */
  readonly server?: readonly string[];
}

/** A program to start, and the one that makes its folder of data. */
interface Installed {
  readonly flavour: MysqlFlavour;
  readonly server: string;
  readonly install: string;
}

/** What the two programs call the same thing, or have of their own. */
const OPTIONS: Readonly<Record<MysqlFlavour, { readonly install: readonly string[]; readonly server: readonly string[] }>> = {
  mariadb: { install: ['--auth-root-authentication-method=normal', '--skip-test-db'], server: ['--innodb-flush-method=nosync'] },
  mysql: { install: ['--initialize-insecure'], server: ['--local-infile=1', '--secure-file-priv=NULL', '--mysqlx=OFF', '--disable-log-bin', '--innodb-flush-method=O_DIRECT_NO_FSYNC'] },
};

const READY_WITHIN_MS = 30_000;

/** `test`, or `test.skip` where there is no MariaDB to start, so that such tests are shown as skipped by name. */
export function testWithMariadb(): jest.It {
  return installed() === undefined ? test.skip : test;
}

/**
 * Starts a real MariaDB in a new temporary folder, listening on a free loopback port.
 *
 * @returns undefined where there is none: such tests are then skipped by name
 */
export async function startTestMariadb(options: MariadbOptions = {}): Promise<TestMariadb | undefined> {
  const programs = installed();
  if (programs === undefined) return undefined;
  const { flavour, server, install } = programs;
  const home = mkdtempSync(path.join(tmpdir(), 'headrace-maria-'));
  const data = path.join(home, 'data');
  const asRoot = process.getuid?.() === 0;
  if (asRoot) {
    const [uid, gid] = ['-u', '-g'].map((flag) => Number(spawnSync('id', [flag, 'mysql'], { encoding: 'utf8' }).stdout));
    chownSync(home, uid as number, gid as number);
  }
  const own = asRoot ? ['--user=mysql'] : [];
  const installOptions = ['--no-defaults', `--datadir=${data}`, ...OPTIONS[flavour].install, ...own];
  // A server that starts empties its folder for temporary tables, also of those of another one that shares it.
  const made = spawnSync(install, installOptions, { encoding: 'utf8', env: { ...process.env, TMPDIR: home } });
  if (made.status !== 0) throw new Error(`${install} failed: ${made.stderr}${made.stdout}`);
  const users = path.join(home, 'users.sql');
  const statements = ['CREATE DATABASE shop;', "CREATE USER headrace@'%' IDENTIFIED BY 'headrace';", "GRANT ALL ON *.* TO headrace@'%' WITH GRANT OPTION;"];
  writeFileSync(users, `${statements.join('\n')}\n`, { mode: 0o644 });
  const { certificate } = options;
  const tls = certificate === undefined ? [] : Object.entries({ cert: certificate.certificate, key: certificate.key }).map(([name, text]) => {
    const file = path.join(home, `${name}.pem`);
    writeFileSync(file, text, { mode: 0o644 });
    return `--ssl-${name}=${file}`;
  });
  const port = await freePort();
  const log = path.join(home, 'server.log');
  const child = spawn(server, [
    '--no-defaults', `--datadir=${data}`, `--tmpdir=${home}`, `--port=${port}`, '--bind-address=127.0.0.1', `--socket=${path.join(home, 's')}`, `--init-file=${users}`, `--log-error=${log}`,
    '--innodb-flush-log-at-trx-commit=0', '--innodb-doublewrite=0', '--innodb-buffer-pool-size=64M', '--skip-name-resolve', ...OPTIONS[flavour].server, ...own, ...tls, ...(options.server ?? []),
  ], { stdio: 'ignore' });
  const admin = () => createConnection({ host: '127.0.0.1', port, user: 'headrace', password: 'headrace', database: 'shop', charset: 'utf8mb4', multipleStatements: true, timezone: 'Z' });
  const stop = async (): Promise<void> => {
    await ended(child);
    rmSync(home, { recursive: true, force: true });
  };
  const kill = (): void => {
    child.kill('SIGKILL');
    rmSync(home, { recursive: true, force: true });
  };
  try {
    await ready(child, log, admin);
  } catch (error) {
    await stop();
    throw error;
  }
  return { port, flavour, admin, stop, kill };
}

async function ready(child: ChildProcess, log: string, admin: () => Promise<Connection>): Promise<void> {
  const until = Date.now() + READY_WITHIN_MS;
  for (;;) {
    try {
      await (await admin()).end();
      return;
    } catch (error) {
      if (child.exitCode !== null || Date.now() > until) throw new Error(`the server is not ready: ${existsSync(log) ? readFileSync(log, 'utf8').slice(-4000) : String(error)}`);
      await delay(100);
    }
  }
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = new Promise<void>((resolve) => { child.once('exit', () => resolve()); });
  child.kill('SIGTERM');
  await exit;
}

function installed(): Installed | undefined {
  const mysql = process.env.HEADRACE_MYSQLD;
  if (mysql !== undefined && mysql !== '') return { flavour: 'mysql', server: mysql, install: mysql };
  const [server, install] = [program('mariadbd'), program('mariadb-install-db')];
  return server === undefined || install === undefined ? undefined : { flavour: 'mariadb', server, install };
}

function program(name: string): string | undefined {
  return ['/usr/sbin', '/usr/bin', ...(process.env.PATH ?? '').split(':')].map((folder) => path.join(folder, name)).find((file) => existsSync(file));
}
