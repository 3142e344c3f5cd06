import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { TaskFailure } from '../../src/asl';
import { runFunction, type FunctionCall } from '../../src/exec/lambda-function';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'runner-lambda-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function call(source: string, options: Partial<FunctionCall> & { file?: string } = {}): Promise<unknown> {
  const { file = 'index.js', ...more } = options;
  writeFileSync(path.join(folder, file), source);
  return runFunction({
    codeFolder: folder, handler: 'index.handler', env: { PATH: process.env.PATH ?? '' }, event: { n: 2 },
    timeoutMs: 20_000, memoryMiB: 512, pidFolder: path.join(folder, 'pids'), ...more,
  });
}

test.each<[string, string, string, unknown]>([
  ['an ES module', 'index.mjs', 'export const handler = async (event) => event.n + 1', 3],
  ['a handler that calls back', 'index.js', 'exports.handler = (event, context, callback) => { setImmediate(callback, null, event.n) }', 2],
  ['an esbuild bundle', 'index.js', 'var x = {}; Object.defineProperty(x, "handler", { get: () => h, enumerable: true }); module.exports = x; var h = async () => "ok"', 'ok'],
  ['a handler without result', 'index.js', 'exports.handler = async () => {}', null],
])('runs %s', async (_title, file, source, result) => {
  expect(await call(source, { file })).toEqual(result);
});

test('runs an ES module that its package tells of', async () => {
  writeFileSync(path.join(folder, 'package.json'), '{ "type": "module" }');
  expect(await call('const n = await Promise.resolve(7); export const handler = async () => n')).toBe(7);
});

test('tells of its process when it runs and when it has ended', async () => {
  const told: string[] = [];
  await call('exports.handler = async () => process.pid', {
    onStarted: (pid) => { told.push(`started ${pid}`); },
    onEnded: (pid, { exitCode }) => { told.push(`ended ${pid} with ${exitCode}`); },
  }).then((pid) => expect(told).toEqual([`started ${String(pid)}`, `ended ${String(pid)} with 0`]));
});

test('gives the trace of an error in its cause', async () => {
  const failure = await call('exports.handler = async () => { throw new RangeError("too far") }').catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(TaskFailure);
  expect(JSON.parse((failure as TaskFailure).cause)).toEqual({
    errorType: 'RangeError', errorMessage: 'too far', trace: expect.arrayContaining(['RangeError: too far']),
  });
});

test('ends a handler that blocks its thread', async () => {
  await expect(call('exports.handler = async () => { for (;;); }', { timeoutMs: 1500 })).rejects.toMatchObject({ error: 'Sandbox.Timedout' });
});

test('fails when it needs more memory than it has', async () => {
  const source = 'exports.handler = async () => { const kept = []; for (;;) { kept.push(Buffer.alloc(16 << 20, 1)); await new Promise((r) => setTimeout(r, 5)); } }';
  await expect(call(source, { memoryMiB: 256 })).rejects.toMatchObject({ error: expect.stringMatching(/^Runtime\./), cause: expect.stringContaining('256 MiB') });
});

test('is stopped by the signal of its task', async () => {
  const stop = new AbortController();
  const running = call('exports.handler = () => new Promise(() => setInterval(() => {}, 1000))', { signal: stop.signal });
  setTimeout(() => stop.abort(), 300);
  await expect(running).rejects.toBeInstanceOf(TaskFailure);
});
