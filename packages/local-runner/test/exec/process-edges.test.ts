import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { startProcess, type ProcessOptions } from '../../src/exec/process';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'runner-process-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function options(program: string, change: Partial<ProcessOptions> = {}): ProcessOptions {
  return {
    command: process.execPath, args: ['-e', program], cwd: folder, env: { PATH: process.env.PATH ?? '' }, stopTimeoutSeconds: 5,
    pidFolder: path.join(folder, 'pids'), ...change,
  };
}

const GROW = 'const kept = []; setInterval(() => kept.push(Buffer.alloc(16 << 20, 1)), 5)';

test('counts the memory of what another thread of the child started', async () => {
  const thread = `require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(GROW)}])`;
  const program = `const { Worker } = require('node:worker_threads'); new Worker(${JSON.stringify(thread)}, { eval: true }); setInterval(() => {}, 1000); setTimeout(() => process.exit(0), 15000)`;
  const child = await startProcess(options(program, { memoryMiB: 300 }));
  expect(await child.done).toMatchObject({ exitCode: 137, oomKilled: true });
});

test('does not wait for a process that left the group and holds the output', async () => {
  const pids: number[] = [];
  const program = `const c = require('node:child_process').spawn('sleep', ['60'], { stdio: 'inherit', detached: true });
    c.once('spawn', () => { console.log(c.pid); setTimeout(() => process.exit(0), 50); })`;
  const child = await startProcess(options(program, { onLine: (line) => pids.push(Number(line)) }));
  try {
    expect(await child.done).toMatchObject({ exitCode: 0 });
  } finally {
    for (const pid of pids) process.kill(pid, 'SIGKILL');
  }
  expect(pids).toHaveLength(1);
});

test('never loses the last message of a child that ends at once', async () => {
  const received = await Promise.all(Array.from({ length: 8 }, async (_, i) => {
    const messages: unknown[] = [];
    const program = "process.once('message', (call) => process.send({ call, pad: 'x'.repeat(300000) }, () => process.exit(0)))";
    const child = await startProcess(options(program, { onMessage: (message) => { messages.push(message); } }));
    child.send({ i });
    await child.done;
    return messages.length;
  }));
  expect(received).toEqual(received.map(() => 1));
});

test('reports an abort as a container does, and leaves no pid file', async () => {
  const child = await startProcess(options('process.abort()'));
  expect(await child.done).toMatchObject({ exitCode: 134, oomKilled: false });
  expect(readdirSync(path.join(folder, 'pids'))).toEqual([]);
});

test('stops a child whose task was stopped before it began', async () => {
  const child = await startProcess(options('setInterval(() => {}, 1000)', { signal: AbortSignal.abort() }));
  expect((await child.done).exitCode).toBeGreaterThan(128);
});
