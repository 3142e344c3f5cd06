import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { isRunning, startMark } from './process-mark';

/** Milliseconds that children get between SIGTERM and SIGKILL once the runner is gone. */
const GRACE_MS = 2_000;

// One process for all children. The kernel closes its input when the runner dies, however it dies, SIGKILL included;
// Node itself has no way to be told of a parent's death.
const GUARD_PROGRAM = `
const pids = new Set();
let rest = '';
process.stdin.on('data', (chunk) => {
  const lines = (rest + chunk).split('\\n');
  rest = lines.pop();
  for (const line of lines) line[0] === '+' ? pids.add(+line.slice(1)) : pids.delete(+line.slice(1));
}).on('end', () => {
  const each = (signal) => pids.forEach((pid) => { try { process.kill(-pid, signal); } catch { pids.delete(pid); } });
  if (pids.size === 0) process.exit();
  each('SIGTERM');
  setTimeout(() => { each('SIGKILL'); process.exit(); }, ${GRACE_MS});
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {});
`;

let guard: ChildProcess | undefined;

/** From now on the child's process group ends when this process does. */
export function guardChild(pid: number, pidFolder: string): void {
  if (guard === undefined) {
    guard = spawn(process.execPath, ['-e', GUARD_PROGRAM], { detached: true, stdio: ['pipe', 'ignore', 'ignore'], env: {} });
    guard.unref();
    (guard.stdin as unknown as { unref(): void }).unref();
    guard.stdin?.on('error', () => {});
  }
  guard.stdin?.write(`+${pid}\n`);
  mkdirSync(pidFolder, { recursive: true });
  writeFileSync(path.join(pidFolder, `${pid}.pid`), startMark(pid) ?? '');
}

export function releaseChild(pid: number, pidFolder: string): void {
  guard?.stdin?.write(`-${pid}\n`);
  rmSync(path.join(pidFolder, `${pid}.pid`), { force: true });
}

/** Ends the guard, once nothing is left to guard. */
export function dismissGuard(): void {
  guard?.stdin?.end();
  guard = undefined;
}

/**
 * Kills what an earlier runner left behind.
 *
 * A pid is reused by the system; the start mark tells a leftover from a stranger.
 */
export function reapLeftovers(pidFolder: string): number[] {
  const reaped: number[] = [];
  for (const file of list(pidFolder)) {
    const pid = Number(file.slice(0, -'.pid'.length));
    const full = path.join(pidFolder, file);
    const mark = readFileSync(full, 'utf8');
    if (isRunning({ pid, mark })) {
      try {
        process.kill(-pid, 'SIGKILL');
        reaped.push(pid);
      } catch { /* it ended by itself */ }
    }
    rmSync(full, { force: true });
  }
  return reaped;
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder).filter((file) => file.endsWith('.pid'));
  } catch {
    return [];
  }
}
