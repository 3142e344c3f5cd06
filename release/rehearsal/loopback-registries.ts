import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { freePort } from '../../packages/local-runner/src/stack/free-port';
import { ask } from './ask';

/** How long a registry may take to answer for the first time, on a busy machine. */
const START_MS = 120_000;

export interface LoopbackRegistries {
  /** Host and port of verdaccio, and a token of the one user that it knows. */
  readonly npm: { readonly host: string; readonly token: string };
  /** Base of pypiserver, which takes uploads of anybody. */
  readonly pypi: string;
  /** Folder of the files that it was given. */
  readonly pypiFiles: string;
  /** Folder of a Maven repository. */
  readonly maven: string;
  /** Bare repository of Go modules. */
  readonly go: string;
  stop(): Promise<void>;
}

/** Starts a registry for each language below `folder`, on free ports of 127.0.0.1. What they do not have, they ask nobody for. */
export async function startLoopbackRegistries(root: string, folder: string): Promise<LoopbackRegistries> {
  const installed = path.join(root, '.engines/registries');
  if (!existsSync(path.join(installed, 'installed'))) throw new Error('the registries of a rehearsal are not installed; run scripts/install-registries.sh');
  const [npmPort, pypiPort] = [await freePort(), await freePort()];
  const children: ChildProcess[] = [];
  const stop = async (): Promise<void> => { await Promise.all(children.map(ended)); };
  try {
    const wheels = path.join(folder, 'pypi');
    const [maven, go] = [path.join(folder, 'maven'), path.join(folder, 'go-modules.git')];
    for (const each of [wheels, maven]) mkdirSync(each, { recursive: true });
    execFileSync('git', ['init', '--quiet', '--bare', '--initial-branch', 'main', go]);
    children.push(
      spawn(process.execPath, [path.join(installed, 'npm/node_modules/verdaccio/bin/verdaccio'), '--config', verdaccioSettings(folder), '--listen', `127.0.0.1:${npmPort}`], { cwd: folder, stdio: 'ignore' }),
      // Anybody may upload and nobody may overwrite, as on PyPI.
      spawn(path.join(installed, 'pypi/bin/pypi-server'), ['run', '-i', '127.0.0.1', '-p', String(pypiPort), '-P', '.', '-a', '.', '--disable-fallback', wheels], { cwd: folder, stdio: 'ignore' }),
    );
    const [host, pypi] = [`127.0.0.1:${npmPort}`, `http://127.0.0.1:${pypiPort}`];
    await Promise.all([answers(`http://${host}/-/ping`), answers(`${pypi}/simple/`)]);
    return { npm: { host, token: await npmToken(host) }, pypi, pypiFiles: wheels, maven, go, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function verdaccioSettings(folder: string): string {
  const file = path.join(folder, 'verdaccio.yaml');
  writeFileSync(file, JSON.stringify({
    storage: path.join(folder, 'npm'), auth: { htpasswd: { file: path.join(folder, 'npm-users'), max_users: 1 } },
    packages: { '**': { access: '$all', publish: '$authenticated' } }, uplinks: {}, max_body_size: '50mb', web: { enable: false },
    log: { type: 'file', path: path.join(folder, 'verdaccio.log'), level: 'warn' },
  }));
  return file;
}

async function npmToken(host: string): Promise<string> {
  const answer = await ask(`http://${host}/-/user/org.couchdb.user:rehearsal`, {
    method: 'PUT', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ name: 'rehearsal', password: 'rehearsal' }),
  });
  const { token } = await answer.json() as { token?: string };
  if (token === undefined) throw new Error(`verdaccio gave no token and answered ${answer.status}`);
  return token;
}

async function answers(url: string): Promise<void> {
  const until = Date.now() + START_MS;
  for (;;) {
    const status = await ask(url).then((answer) => answer.status, () => undefined);
    if (status === 200) return;
    if (Date.now() > until) throw new Error(`${url} did not answer within ${START_MS / 1_000} s`);
    await new Promise((resolve) => { setTimeout(resolve, 200); });
  }
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill();
  });
}
