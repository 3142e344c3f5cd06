import * as path from 'node:path';
import { reapLeftovers } from '../exec/child-guard';
import { removeMovedClusters } from '../engines/postgres';
import { StateFolder } from '../stack/state-folder';
import { EXIT, type ExitCode } from './exit-code';
import { stopKeeper } from './keeper';
import type { Terminal } from './program';

/** `headrace down`: stops what is still up; with `--delete` nothing is left of the state folder. */
export async function down(options: { stateDir: string; delete?: boolean; terminal: Terminal }): Promise<ExitCode> {
  const state = StateFolder.open(options.stateDir);
  if (state === undefined) {
    options.terminal.out(`nothing is up: ${options.stateDir} is no state folder\n`);
    return EXIT.done;
  }
  const stopped = await stopKeeper(options.stateDir);
  const reaped = reapLeftovers(state.pids);
  options.terminal.out(`${stopped || reaped.length > 0 ? 'stopped' : 'nothing was up'}\n`);
  if (options.delete) {
    removeMovedClusters(path.join(state.root, 'postgres'));
    state.delete();
    options.terminal.out(`deleted ${options.stateDir}\n`);
  }
  return EXIT.done;
}
