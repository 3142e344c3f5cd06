import { createHash } from 'node:crypto';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, copyFileSync, cpSync, createWriteStream, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { guardChild, releaseChild } from '../exec/child-guard';
import type { Certificate } from './certificate';
import { makeEmptyCluster, type SpawnAs } from './empty-cluster';
import { postgresBinaries } from './postgres-binaries';
import { clearPostgresLock } from './postgres-lock';
import { type Account, canReach, serverAccount } from './server-account';

export interface PostgresOptions {
  /** Folder of the cluster; made when it is not there. */
  readonly dir: string;
  readonly port: number;
  /** Superuser with this password; the master user of the database instance. */
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /** Serves TLS with it; connections without TLS stay possible. */
  readonly certificate?: Certificate;
  readonly pidFolder: string;
}

export interface PostgresServer {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  stop(): Promise<void>;
}

const READY_WITHIN_MS = 30_000;
const READY = 'database system is ready to accept connections';

/**
 * Starts a real PostgreSQL on loopback, with its data in one folder that survives restarts.
 *
 * Runs as the user who calls; root lends it the account `postgres` or `nobody`.
 */
export async function startPostgres(options: PostgresOptions): Promise<PostgresServer> {
  const account = serverAccount();
  const bin = reachableBinaries(postgresBinaries(), account);
  const data = reachableFolder(options.dir, account);
  const as = { ...account, cwd: data, env: { PATH: process.env.PATH ?? '', LC_ALL: 'C', TZ: 'UTC' } };
  await clearPostgresLock(data);
  if (existsSync(path.join(data, 'PG_VERSION'))) requireSameVersion(bin, data);
  else initialize(bin, data, options, as);
  const tls = options.certificate === undefined ? [] : tlsSettings(data, options.certificate, account);

  const server = spawn(path.join(bin, 'postgres'), [
    '-D', data, '-p', String(options.port), '-h', '127.0.0.1', '-k', '',
    '-c', 'timezone=UTC', '-c', 'max_connections=60', '-c', 'shared_buffers=128MB',
    // A machine's crash may cost a local database; a killed process costs nothing: a commit has written its log to the
    // system's cache, which outlives every process. So synchronous_commit stays on: off would keep that log in the server.
    '-c', 'fsync=off', '-c', 'full_page_writes=off', '-c', 'wal_level=minimal', '-c', 'max_wal_senders=0', '-c', 'max_wal_size=2GB',
    // Enough that a session that writes a lot leaves the log to the log's own writer.
    '-c', 'wal_buffers=16MB', ...tls,
  ], { ...as, detached: true, stdio: ['ignore', 'ignore', 'pipe'] });
  const pid = server.pid ?? 0;
  if (pid > 0) guardChild(pid, options.pidFolder);
  try {
    await ready(server, options.port);
  } catch (error) {
    if (pid > 0) releaseChild(pid, options.pidFolder);
    throw error;
  }
  server.stderr?.pipe(createWriteStream(`${data}.log`, { flags: 'a' }).on('error', () => {}));
  // A database that is left up must not keep the process up.
  (server.stderr as unknown as { unref(): void }).unref();
  server.unref();
  return {
    url: `postgres://${encodeURIComponent(options.user)}:${encodeURIComponent(options.password)}@127.0.0.1:${options.port}/${encodeURIComponent(options.database)}`,
    port: options.port,
    pid,
    stop: async () => {
      releaseChild(pid, options.pidFolder);
      await stop(server);
    },
  };
}

function initialize(bin: string, data: string, options: PostgresOptions, as: SpawnAs): void {
  // A start that is killed half-way leaves the unfinished folder only, never half a cluster.
  const unfinished = `${data}.unfinished`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { mode: 0o700 });
  if (as.uid !== undefined) chownSync(unfinished, as.uid, as.gid as number);
  try {
    makeEmptyCluster(bin, unfinished, options.user, as);
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true });
    throw error;
  }
  const name = (text: string): string => `"${text.replace(/"/g, '""')}"`;
  const statements = [
    `ALTER ROLE ${name(options.user)} PASSWORD '${options.password.replace(/'/g, "''")}'`,
    ...(options.database === 'postgres' ? [] : [`CREATE DATABASE ${name(options.database)}`]),
  ];
  // In single-user mode, so that no server that is not ours to stop ever runs. It goes on after a statement that failed, unless told otherwise.
  const create = spawnSync(path.join(bin, 'postgres'), ['--single', '-c', 'exit_on_error=true', '-D', unfinished, 'template1'], {
    ...as, encoding: 'utf8', input: statements.map((statement) => `${statement}\n`).join(''),
  });
  if (create.status !== 0) throw new Error(`the database ${options.database} could not be made: ${(create.stderr ?? '').replaceAll(options.password, '…')}`);
  rmSync(data, { recursive: true, force: true });
  renameSync(unfinished, data);
}

function requireSameVersion(bin: string, data: string): void {
  const found = readFileSync(path.join(data, 'PG_VERSION'), 'utf8').trim();
  const installed = /\(PostgreSQL\) (\d+)/.exec(spawnSync(path.join(bin, 'postgres'), ['--version'], { encoding: 'utf8' }).stdout)?.[1];
  if (found === installed) return;
  throw new Error(`the data in ${data} is of PostgreSQL ${found}, but PostgreSQL ${installed} is installed; remove the folder or install version ${found}`);
}

/** PostgreSQL reads a key only if nobody else can, so it gets its own copy. */
function tlsSettings(data: string, { certFile, keyFile }: Certificate, account: Account | undefined): string[] {
  for (const [from, name] of [[certFile, 'server.crt'], [keyFile, 'server.key']] as const) {
    const copy = path.join(data, name);
    rmSync(copy, { force: true });
    copyFileSync(from, copy);
    chmodSync(copy, 0o600);
    if (account) chownSync(copy, account.uid, account.gid);
  }
  return ['-c', 'ssl=on', '-c', 'ssl_cert_file=server.crt', '-c', 'ssl_key_file=server.key'];
}

/** A folder that the account owns; in the system's temporary folder where only root can enter the wanted one. */
function reachableFolder(wanted: string, account: Account | undefined): string {
  const moved = path.join(os.tmpdir(), `headrace-postgres-${createHash('sha256').update(wanted).digest('hex').slice(0, 12)}`);
  const pointer = `${wanted}.moved`;
  mkdirSync(path.dirname(wanted), { recursive: true });
  const dir = existsSync(pointer) ? readFileSync(pointer, 'utf8') : canReach(account, path.dirname(wanted)) ? wanted : moved;
  if (dir !== wanted) writeFileSync(pointer, dir);
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  if (account) chownSync(dir, account.uid, account.gid);
  return dir;
}

/** The clusters of a folder that stand elsewhere. */
export function movedClusters(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).filter((name) => name.endsWith('.moved')).map((name) => readFileSync(path.join(folder, name), 'utf8'));
}

/** Removes clusters that stand elsewhere, with their logs. */
export function removeMovedClusters(folder: string): void {
  for (const cluster of movedClusters(folder)) for (const each of [cluster, `${cluster}.log`]) rmSync(each, { recursive: true, force: true });
}

/** Binaries that the account may run; a copy where only root can enter their folder. */
function reachableBinaries(bin: string, account: Account | undefined): string {
  if (canReach(account, bin)) return bin;
  const copy = path.join(os.tmpdir(), `headrace-postgres-binaries-${createHash('sha256').update(bin).digest('hex').slice(0, 12)}`);
  if (!existsSync(path.join(copy, 'bin', 'postgres'))) cpSync(path.dirname(bin), copy, { recursive: true, verbatimSymlinks: true });
  return path.join(copy, 'bin');
}

async function ready(server: ChildProcess, port: number): Promise<void> {
  let log = '';
  let timer: NodeJS.Timeout | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      const fail = (why: string) => reject(new Error(`the target database on port ${port} ${why}:\n${log.trim()}`));
      timer = setTimeout(() => {
        server.kill('SIGKILL');
        fail(`was not ready within ${READY_WITHIN_MS / 1000} s`);
      }, READY_WITHIN_MS);
      server.stderr?.on('data', (chunk: Buffer) => {
        log = (log + chunk.toString()).slice(-4_000);
        if (log.includes(READY)) resolve();
      });
      server.once('error', (error) => fail(`could not be started: ${error.message}`)).once('exit', (code) => fail(`ended with exit code ${code}`));
    });
  } finally {
    clearTimeout(timer);
    server.removeAllListeners('exit').removeAllListeners('error');
  }
}

/** SIGINT is PostgreSQL's fast shutdown: sessions are ended, the data is whole. */
async function stop(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => { server.once('exit', () => resolve()); });
  server.ref();
  server.kill('SIGINT');
  await ended;
}
