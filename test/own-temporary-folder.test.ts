import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import * as path from 'node:path';
import { ROOT } from './repository';

const MODULE = path.join(ROOT, 'scripts/own-temporary-folder.mjs');

/** Runs a program of Node.js in a temporary folder of its own; `stop` ends the process around it once the program has told its folder. */
async function runInside(program: string, stop?: NodeJS.Signals) {
  const tell = "const folder = require('node:os').tmpdir(); require('node:fs').writeFileSync(`${folder}/left`, ''); console.log(folder);";
  const script = `import { readdirSync } from 'node:fs';
    import { runInOwnTemporaryFolder } from ${JSON.stringify(MODULE)};
    const look = (folder) => console.log(readdirSync(folder).join());
    process.exitCode = await runInOwnTemporaryFolder([process.execPath, '-e', ${JSON.stringify(tell + program)}], { look });`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'ignore'] });
  const lines: string[] = [];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    lines.push(...text.split('\n').filter((line) => line !== ''));
    if (stop !== undefined && !child.killed) child.kill(stop);
  });
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve) => { child.once('close', (...ended) => resolve(ended)); });
  const [folder = '', ...said] = lines;
  expect(path.basename(folder)).toMatch(/^headrace-run-/);
  return { folder, code, signal, said: said.join() };
}

test('a folder goes with the command that used it, which failed', async () => {
  const { folder, code, said } = await runInside('process.exitCode = 3;');
  expect([code, said, existsSync(folder)]).toEqual([3, 'left', false]);
});

test('a folder goes with a run that is stopped, with what was begun in it', async () => {
  const { folder, signal, said } = await runInside('setTimeout(() => undefined, 10_000);', 'SIGTERM');
  expect([signal, said, existsSync(folder)]).toEqual(['SIGTERM', '', false]);
});
