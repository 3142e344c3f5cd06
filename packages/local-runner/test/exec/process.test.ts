import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { runFunction } from '../../src/exec/lambda-function';
import { startProcess, type ProcessOptions } from '../../src/exec/process';
import { startMark } from '../../src/exec/process-mark';

let folder: string;
beforeEach(() => { folder = mkdtempSync(path.join(os.tmpdir(), 'headrace-exec-')); });
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function options(script: string, change: Partial<ProcessOptions> = {}): ProcessOptions {
  return { command: process.execPath, args: ['-e', script], cwd: folder, env: {}, stopTimeoutSeconds: 5, pidFolder: folder, ...change };
}

describe('startProcess', () => {
  test('reports exit code, lines of both streams, and a log file', async () => {
    const lines: string[] = [];
    const child = await startProcess(options('console.log("out"); console.error("err"); process.exit(3)', { onLine: (line) => lines.push(line), logFile: path.join(folder, 'log') }));
    expect(await child.done).toMatchObject({ exitCode: 3, oomKilled: false });
    expect(lines.sort()).toEqual(['err', 'out']);
    expect(readFileSync(path.join(folder, 'log'), 'utf8').split('\n').sort()).toEqual(['', 'err', 'out']);
  });

  test('hands over no variable of this process', async () => {
    const lines: string[] = [];
    process.env.HEADRACE_TEST_LEAK = 'leaked';
    try {
      const child = await startProcess(options('console.log(Object.keys(process.env).join())', { env: { ONLY: '1' }, onLine: (line) => lines.push(line) }));
      await child.done;
    } finally {
      delete process.env.HEADRACE_TEST_LEAK;
    }
    expect(lines).toEqual(['ONLY']);
  });

  test('kills a process whose memory passes the cap, as 137 with the reason', async () => {
    const child = await startProcess(options('const kept = []; setInterval(() => kept.push(Buffer.alloc(16 << 20, 1)), 5)', { memoryMiB: 150 }));
    const end = await child.done;
    expect(end).toMatchObject({ exitCode: 137, oomKilled: true });
    expect(end.peakRssBytes).toBeGreaterThan(150 << 20);
  });

  test('counts the memory of grandchildren', async () => {
    const hog = 'const kept = []; setInterval(() => kept.push(Buffer.alloc(16 << 20, 1)), 5)';
    const child = await startProcess(options(`require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(hog)}], { env: {} }); setInterval(() => {}, 1000)`, { memoryMiB: 200 }));
    expect(await child.done).toMatchObject({ exitCode: 137, oomKilled: true });
  });

  test('stops by SIGTERM, so that a process may finish, and ends as it ends', async () => {
    const stop = new AbortController();
    const child = await startProcess(options('process.on("SIGTERM", () => process.exit(143)); setInterval(() => {}, 1000); console.log("ready")', { signal: stop.signal, onLine: () => stop.abort() }));
    expect(await child.done).toMatchObject({ exitCode: 143 });
  });

  test('kills a process that is deaf to SIGTERM after its stop time-out', async () => {
    const stop = new AbortController();
    const child = await startProcess(options('process.on("SIGTERM", () => {}); setInterval(() => {}, 1000); console.log("ready")', { signal: stop.signal, stopTimeoutSeconds: 0.2, onLine: () => stop.abort() }));
    expect(await child.done).toMatchObject({ exitCode: 137, oomKilled: false });
  });

  test('reports 127 for a command that is not there', async () => {
    const child = await startProcess({ ...options(''), command: path.join(folder, 'missing') });
    expect(await child.done).toMatchObject({ exitCode: 127 });
  });

  test('ends children soon after the runner was killed', async () => {
    const module = path.join(folder, 'runner.js');
    spawnSync('npx', ['--no-install', 'esbuild', path.join(__dirname, '../../src/exec/process.ts'), '--bundle', '--platform=node', '--format=cjs', `--outfile=${module}`, '--log-level=error'], { cwd: path.join(__dirname, '../../../..'), stdio: 'inherit' });
    const runner = `require(${JSON.stringify(module)}).startProcess({ command: process.execPath, args: ['-e', 'setInterval(() => {}, 1000)'], cwd: '/', env: {}, stopTimeoutSeconds: 1, pidFolder: ${JSON.stringify(folder)} })
      .then((child) => { console.log(child.pid, require('fs').readFileSync('/proc/' + child.pid + '/stat', 'utf8').split(' ')[21]); process.kill(process.pid, 'SIGKILL'); })`;
    const { stdout } = spawnSync(process.execPath, ['-e', runner], { encoding: 'utf8' });
    const [pid, mark] = stdout.trim().split(' ');
    const gone = async () => {
      for (let i = 0; i < 100 && startMark(Number(pid)) === mark; i += 1) await new Promise((resolve) => { setTimeout(resolve, 50); });
      return startMark(Number(pid)) !== mark;
    };
    expect(await gone()).toBe(true);
  });
});

describe('runFunction', () => {
  const call = (code: string, change = {}) => {
    writeFileSync(path.join(folder, 'index.js'), code);
    return runFunction({ codeFolder: folder, handler: 'index.handler', env: {}, event: { n: 1 }, timeoutMs: 5_000, memoryMiB: 256, pidFolder: folder, ...change });
  };

  test('returns what the handler returns', async () => {
    expect(await call('exports.handler = async (event, context) => ({ n: event.n + 1, left: context.getRemainingTimeInMillis() > 0 })')).toEqual({ n: 2, left: true });
  });

  test('gives an error its type and the cause that Lambda reports', async () => {
    await expect(call('exports.handler = async () => { throw Object.assign(new Error("no"), { name: "Headrace.X" }) }'))
      .rejects.toMatchObject({ error: 'Headrace.X', cause: expect.stringContaining('"errorMessage":"no"') });
  });

  test.each([
    ['a time-out', 'exports.handler = () => new Promise(() => setInterval(() => {}, 1000))', { timeoutMs: 300 }, 'Sandbox.Timedout'],
    ['a crash', 'exports.handler = () => process.kill(process.pid, "SIGKILL")', {}, 'Runtime.ExitError'],
    ['a missing module', 'exports.handler = 1', { handler: 'other.handler' }, 'Runtime.ImportModuleError'],
    ['a missing export', 'exports.other = 1', {}, 'Runtime.HandlerNotFound'],
  ])('names %s', async (_, code, change, error) => {
    await expect(call(code, change)).rejects.toMatchObject({ error });
  });
});
