import { spawn } from 'node:child_process';
import * as path from 'node:path';
import { isRunning, markOf, type ProcessMark } from '../exec/process-mark';
import { StateFolder } from '../stack/state-folder';

const FILE = 'keeper.json';
const STOP_WITHIN_MS = 15_000;
const CHECK_MS = 50;

/** The process that keeps a database up after a run; undefined when there is none any more. */
export function findKeeper(state: StateFolder): ProcessMark | undefined {
  // Where the last one was stopped, the document is empty.
  const keeper = state.read<Partial<ProcessMark>>(FILE);
  return isRunning(keeper) ? keeper : undefined;
}

/** Starts a keeper that ends by itself, and waits until the database answers again. */
export async function linger(stateDir: string, minutes: number): Promise<void> {
  const state = new StateFolder(stateDir);
  const child = spawn(process.execPath, [cliFile(), 'up', '--state-dir', state.root, '--minutes', String(minutes)], {
    detached: true, stdio: ['ignore', 'pipe', 'ignore'], cwd: state.root,
  });
  if (child.pid === undefined) return;
  state.write(FILE, markOf(child.pid));
  await new Promise<void>((resolve) => {
    child.stdout?.once('data', () => resolve());
    child.once('exit', () => resolve());
  });
  child.stdout?.destroy();
  child.unref();
}

/** Ends the keeper, so that this process can use the database's folder; returns whether there was one. */
export async function stopKeeper(stateDir: string): Promise<boolean> {
  const state = StateFolder.open(stateDir);
  const keeper = state && findKeeper(state);
  if (state === undefined || keeper === undefined) return false;
  process.kill(keeper.pid, 'SIGTERM');
  const until = Date.now() + STOP_WITHIN_MS;
  while (findKeeper(state) !== undefined) {
    if (Date.now() > until) throw new Error(`the process ${keeper.pid} that keeps the target database up does not stop`);
    await new Promise((resolve) => { setTimeout(resolve, CHECK_MS); });
  }
  state.write(FILE, {});
  return true;
}

// The command is one bundle, `cli.js`, beside the library's bundle.
function cliFile(): string {
  return path.join(__dirname, path.basename(__dirname) === 'lib' ? 'cli.js' : '../../lib/cli.js');
}
