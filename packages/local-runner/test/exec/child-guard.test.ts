import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { reapLeftovers } from '../../src/exec/child-guard';
import { startMark } from '../../src/exec/process-mark';

let folder: string;
const children: ChildProcess[] = [];

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'runner-guard-'));
});

afterEach(() => {
  children.splice(0).forEach((child) => child.kill('SIGKILL'));
  rmSync(folder, { recursive: true, force: true });
});

function leftover(mark?: string): ChildProcess & { pid: number } {
  const child = spawn('sleep', ['60'], { detached: true, stdio: 'ignore' });
  children.push(child);
  mkdirSync(path.join(folder, 'pids'), { recursive: true });
  writeFileSync(path.join(folder, 'pids', `${child.pid}.pid`), mark ?? startMark(child.pid as number) ?? '');
  return child as ChildProcess & { pid: number };
}

test('ends leftovers of an earlier runner', async () => {
  const child = leftover();
  const exited = once(child, 'exit');
  expect(reapLeftovers(path.join(folder, 'pids'))).toEqual([child.pid]);
  expect((await exited)[1]).toBe('SIGKILL');
  expect(readdirSync(path.join(folder, 'pids'))).toEqual([]);
});

test('leaves a stranger alone that has the number of a leftover', () => {
  const child = leftover('1');
  expect(reapLeftovers(path.join(folder, 'pids'))).toEqual([]);
  expect(child.exitCode === null && child.signalCode === null && startMark(child.pid) !== undefined).toBe(true);
});

test('finds no leftovers where no runner ever was', () => {
  expect(reapLeftovers(path.join(folder, 'nothing'))).toEqual([]);
  expect(existsSync(path.join(folder, 'nothing'))).toBe(false);
});
