/** The processes of a bench: the servers that all cases share, and each side of a case. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import * as path from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { NATIVE_PARTS } from './native-parts.mjs';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const data = path.join(root, 'bench', '.data');

/** Starts the servers, and makes a program of each case. */
export async function startServers(cases) {
  for (const name of ['environment', ...cases]) bundle(name);
  const child = spawn(process.execPath, [path.join(data, 'environment.cjs'), data, path.join(root, 'examples/reference-pipeline/contracts/flights.odcs.yaml')], { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
  const line = await new Promise((resolve, reject) => {
    let text = '';
    child.stdout.on('data', (chunk) => {
      text += chunk;
      if (text.includes('\n')) resolve(text);
    });
    child.once('exit', (code) => reject(new Error(`the servers of the bench ended with ${code}`)));
  });
  const programs = { BENCH_PSQL: program('psql') ?? '', BENCH_SPARK: program('spark') ?? '', BENCH_SHAPE_JOB: path.join(root, 'packages/curate-construct/python') };
  return {
    env: { ...process.env, ...JSON.parse(line), ...programs, NODE_NO_WARNINGS: '1' },
    stop: async () => {
      child.kill('SIGTERM');
      await new Promise((resolve) => { child.once('exit', resolve); });
    },
  };
}

/** One side of a case, in a process of its own; what it measured. */
export function once(name, args, env) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [path.join(data, `${name}.cjs`), ...args], { cwd: root, env, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  if (status !== 0) throw new Error(`${name} ${args.join(' ')} failed:\n${stderr}`);
  return JSON.parse(stdout.trim().split('\n').at(-1));
}

/** Where a program is; undefined on a machine that has it not. `spark` is a Python with PySpark. */
export function program(name) {
  const folders = name === 'spark' ? [path.join(root, '.engines/venv/bin')]
    : [...(process.env.PATH ?? '').split(':'), '/usr/sbin', ...(existsSync('/usr/lib/postgresql') ? readdirSync('/usr/lib/postgresql').map((version) => `/usr/lib/postgresql/${version}/bin`) : [])];
  return folders.map((folder) => path.join(folder, name === 'spark' ? 'python' : name)).find((file) => existsSync(file));
}

/** Makes a program of a case. */
export function bundle(name) {
  mkdirSync(data, { recursive: true });
  buildSync({
    absWorkingDir: root, entryPoints: [`bench/${name}.ts`], outfile: path.join(data, `${name}.cjs`), bundle: true, platform: 'node', format: 'cjs', target: 'node20', logLevel: 'error',
    alias: { '@headrace/runtime': './packages/runtime/src', '@headrace/local-runner': './packages/local-runner/src' },
    external: ['@duckdb/*', '@aws-sdk/*', 'mysql2', 'mysql2/promise', 'pg', '@jest/globals', 'pg-copy-streams', 'send', 'selfsigned', 'jsonata', 'jsonpath-plus', 'yaml', ...NATIVE_PARTS],
  });
}
