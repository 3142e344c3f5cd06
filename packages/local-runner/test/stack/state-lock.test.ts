import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { startMark } from '../../src/exec/process-mark';
import { lockStateFolder } from '../../src/stack/state-lock';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'runner-lock-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const lockFile = () => path.join(folder, 'in-use.json');

test('is taken once and given back', () => {
  const unlock = lockStateFolder(folder);
  expect(() => lockStateFolder(folder)).toThrow(`is in use by process ${process.pid}`);
  unlock();
  expect(existsSync(lockFile())).toBe(false);
  lockStateFolder(folder)();
});

test('names the process that has it', async () => {
  const other = spawn('sleep', ['60'], { stdio: 'ignore' });
  try {
    await once(other, 'spawn');
    writeFileSync(lockFile(), JSON.stringify({ pid: other.pid, mark: startMark(other.pid as number) }));
    expect(() => lockStateFolder(folder)).toThrow(`is in use by process ${other.pid}; wait until it ends, or give another folder with --state-dir`);
  } finally {
    other.kill('SIGKILL');
  }
});

test.each<[string, string]>([
  ['of a process that ended and whose number another has', JSON.stringify({ pid: process.pid, mark: '1' })],
  ['of a process that ended', JSON.stringify({ pid: 2 ** 22 + 1, mark: '1' })],
  ['that was half written', '{"pid":'],
])('a lock %s is none', (_title, text) => {
  writeFileSync(lockFile(), text);
  lockStateFolder(folder)();
});
