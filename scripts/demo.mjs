/**
 * `npm run demo`: the reference pipeline from its source to its database, on this machine. `npm run demo -- --spark`
 * shapes with the Glue job on a local Spark (scripts/install-engines.sh), in a state folder of its own.
 *
 * Writes the source files once, serves them on loopback, and runs the app of examples/reference-pipeline through the
 * local runner. Run again, it finds nothing new. Everything it leaves is in .headrace and
 * examples/reference-pipeline/.source.
 */
import { spawnSync } from 'node:child_process';
import * as path from 'node:path';
import { fileURLToPath } from 'node:url';
import { quietEnvironment } from './quiet-environment.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const app = 'examples/reference-pipeline';
const source = `${app}/.source`;
const spark = process.argv.includes('--spark');
const [records] = process.argv.slice(2).filter((argument) => argument !== '--spark');

const node = (folder, ...args) => {
  const { status } = spawnSync(process.execPath, args, { cwd: path.join(root, folder), stdio: ['ignore', 'inherit', 'inherit'], env: { ...quietEnvironment(), ...(spark ? { HEADRACE_ENGINE: 'spark' } : {}) } });
  if (status !== 0) process.exit(status ?? 1);
};

console.log(`source: flights and airports of vega-datasets, with planted dirty rows, in ${source}`);
node(app, '-r', 'ts-node/register/transpile-only', 'source/write-data-command.ts', '.source', ...(records === undefined ? [] : [records]));
node('.', 'packages/local-runner/lib/cli.js', 'run', '--serve', source, '--app', `cd ${app} && node -r ts-node/register/transpile-only app.ts`, ...(spark ? ['--state-dir', '.cache/headrace-spark'] : []));
