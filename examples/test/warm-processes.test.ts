import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import type { ProcessEnd, ProcessOptions } from '@headrace/local-runner';
import { WarmProcesses } from './_soak/warm-processes';

const folder = mkdtempSync(path.join(tmpdir(), 'headrace-test-'));
let processes: WarmProcesses;
beforeEach(() => { processes = new WarmProcesses(); });
afterEach(() => processes.close());
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Ran { readonly pid: number; readonly lines: readonly string[]; readonly end: ProcessEnd }

/** Runs a file that holds the program. */
async function run(program: string, more: Partial<ProcessOptions> = {}, onLine?: (line: string, pid: number) => void): Promise<Ran> {
  writeFileSync(path.join(folder, 'index.js'), program);
  const lines: string[] = [];
  let pid = 0;
  const child = await processes.start({
    command: process.execPath, args: ['index.js'], cwd: folder, env: {}, stopTimeoutSeconds: 1, pidFolder: folder, ...more,
    onLine: (line) => {
      lines.push(line);
      onLine?.(line, pid);
    },
  });
  ({ pid } = child);
  return { pid, lines, end: await child.done };
}

test('a program finds itself as in a process of its own: its environment and folder, and nothing of the one before', async () => {
  const program = `
    globalThis.counted = (module.exports.counted ?? 0) + 1;
    process.on('SIGTERM', () => {});
    console.log(JSON.stringify([process.env.WHO, process.cwd(), counted, process.listenerCount('SIGTERM')]));
    console.error('said');
    process.exit(0);`;
  const first = await run(program, { env: { WHO: 'first' } });
  const second = await run(program, { env: { OTHER: 'x' } });
  expect([...first.lines].sort()).toEqual([JSON.stringify(['first', folder, 1, 1]), 'said']);
  expect([...second.lines].sort()).toEqual([JSON.stringify([null, folder, 1, 1]), 'said']);
  expect(second.pid).toBe(first.pid);
});

test('a program that is killed ends with its process, and one that failed is the last of its process', async () => {
  const killed = await run('console.log("runs"); setInterval(() => {}, 1000)', {}, (_, pid) => process.kill(-pid, 'SIGKILL'));
  expect(killed.end.exitCode).toBe(137);
  const failed = await run('process.exit(3)');
  expect(failed.end.exitCode).toBe(3);
  const thrown = await run('throw new Error("no")');
  expect(thrown.end.exitCode).toBe(1);
  const last = await run('process.exit(0)');
  expect(new Set([killed, failed, thrown, last].map(({ pid }) => pid)).size).toBe(4);
});

test('a function is called with its event and answers, and a stop ends it', async () => {
  const program = 'process.once("message", ({ n }) => process.send({ twice: 2 * n }, () => process.exit(0)));';
  for (const n of [1, 2]) {
    const messages: unknown[] = [];
    const child = await processes.start({
      command: process.execPath, args: ['-e', program], cwd: folder, env: {}, stopTimeoutSeconds: 0, pidFolder: folder, onMessage: (message) => messages.push(message),
    });
    child.send({ n });
    expect(await child.done).toMatchObject({ exitCode: 0 });
    expect(messages).toEqual([{ twice: 2 * n }]);
  }
  const { end } = await run('setInterval(() => {}, 1000)', { signal: AbortSignal.timeout(50) });
  expect(end.exitCode).not.toBe(0);
});
