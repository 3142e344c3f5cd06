import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync, realpathSync, rmSync } from 'node:fs';
import * as path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const PATIENCE_MS = 10_000;
const POLL_MS = 20;

/**
 * Clears what a killed runner left in a cluster: a server that still works there is stopped, a stale lock is removed.
 *
 * The lock names a pid that may be a stranger's by now, and PostgreSQL would take the stranger for a server. So the
 * process must prove that it works in the folder before it is touched.
 */
export async function clearPostgresLock(data: string): Promise<void> {
  const lock = path.join(data, 'postmaster.pid');
  let pid: number;
  try {
    pid = Number(readFileSync(lock, 'utf8').split('\n')[0]);
  } catch {
    return;
  }
  if (!worksIn(pid, data)) {
    rmSync(lock, { force: true });
    return;
  }
  // Fast shutdown first, as it leaves the data whole; then ever ruder.
  for (const signal of ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const) {
    process.kill(pid, signal);
    for (let waited = 0; waited < PATIENCE_MS; waited += POLL_MS) {
      if (!worksIn(pid, data)) return;
      await sleep(POLL_MS);
    }
  }
}

/** A server changes into its data folder when it starts. */
function worksIn(pid: number, data: string): boolean {
  if (!Number.isInteger(pid) || pid <= 1) return false;
  try {
    if (process.platform === 'linux') return readlinkSync(`/proc/${pid}/cwd`) === realpathSync(data);
    return execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' }).includes(data);
  } catch {
    return false;
  }
}
