/**
 * `npm run demo`: the reference pipeline from its source to its database, on this machine.
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
const [records] = process.argv.slice(2);

const node = (folder, ...args) => {
  const { status } = spawnSync(process.execPath, args, { cwd: path.join(root, folder), stdio: ['ignore', 'inherit', 'inherit'], env: quietEnvironment() });
  if (status !== 0) process.exit(status ?? 1);
};

console.log(`source: flights and airports of vega-datasets, with planted dirty rows, in ${source}`);
node(app, '-r', 'ts-node/register/transpile-only', 'source/write-data.ts', '.source', ...(records === undefined ? [] : [records]));
node('.', 'packages/local-runner/lib/cli.js', 'run', '--serve', source, '--app', `cd ${app} && node -r ts-node/register/transpile-only app.ts`);
