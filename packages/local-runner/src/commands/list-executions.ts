import * as path from 'node:path';
import { ExecutionStore } from '../executions/execution-store';
import { EXIT, type ExitCode } from './exit-code';
import type { Terminal } from './program';
import { table } from './table';

/** `headrace ls`: executions, oldest first. */
export async function listExecutions(options: { stateDir: string; json?: boolean; terminal: Terminal }): Promise<ExitCode> {
  const executions = new ExecutionStore(path.join(options.stateDir, 'executions')).list();
  if (options.json) {
    options.terminal.out(`${JSON.stringify(executions.map(({ folder: _folder, ...record }) => record))}\n`);
  } else if (executions.length === 0) {
    options.terminal.out(`no executions in ${options.stateDir}; headrace run makes some\n`);
  } else {
    options.terminal.out(table(['execution', 'machine', 'status', 'started', 'seconds'], executions.map((each) => [
      each.name, each.machinePath, each.status, each.startedAt,
      each.endedAt === undefined ? '' : ((Date.parse(each.endedAt) - Date.parse(each.startedAt)) / 1000).toFixed(1),
    ])));
  }
  return EXIT.done;
}
