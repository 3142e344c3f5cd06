/** A temporary folder that goes with the command that used it. */
import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { quietEnvironment } from './quiet-environment.mjs';

const STOPS = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/**
 * Runs a command whose TMPDIR is a folder of its own, which is removed behind it: also where it failed, and where this process is told to stop,
 * which it hands on and then does.
 *
 * @param {(folder: string) => void} look called before the folder goes
 * @returns {Promise<number>} its exit code
 */
export async function runInOwnTemporaryFolder([program, ...args], { cwd, look = () => {} }) {
  const folder = mkdtempSync(path.join(tmpdir(), 'headrace-run-'));
  // Database servers of tests may run as another account than root.
  chmodSync(folder, 0o755);
  let child;
  let stopped;
  const stop = (signal) => {
    stopped = signal;
    child?.kill(signal);
  };
  for (const signal of STOPS) process.on(signal, stop);
  try {
    const status = await new Promise((resolve) => {
      child = spawn(program, args, { cwd, stdio: 'inherit', env: { ...quietEnvironment(), TMPDIR: folder } });
      child.once('error', (error) => { console.error(`${program}: ${error.message}`); resolve(1); });
      child.once('exit', (code, signal) => {
        if (signal !== null) console.error(`${program} ended by ${signal}`);
        resolve(code ?? 1);
      });
    });
    if (stopped === undefined) look(folder);
    return status;
  } finally {
    // Processes of a run that was stopped may still write while they end.
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    for (const signal of STOPS) process.off(signal, stop);
    if (stopped !== undefined) process.kill(process.pid, stopped);
  }
}
