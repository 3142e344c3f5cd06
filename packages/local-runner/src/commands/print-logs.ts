import { existsSync, readFileSync, readdirSync } from 'node:fs';
import * as path from 'node:path';
import { ExecutionStore } from '../executions/execution-store';
import { EXIT, UsageError, type ExitCode } from './exit-code';
import type { Terminal } from './program';

/** `headrace logs <run>`: the log of every child of every execution of a slot, in the order they were started. */
export async function printLogs(options: { run: string; stateDir: string; terminal: Terminal }): Promise<ExitCode> {
  const { run, terminal } = options;
  const all = new ExecutionStore(path.join(options.stateDir, 'executions')).list();
  const executions = all.filter(({ name }) => name === run || new RegExp(`-${run.replace(/[^a-z0-9_]/g, '')}-a\\d+$`).test(name));
  if (executions.length === 0) {
    const known = [...new Set(all.map(({ name }) => name))];
    throw new UsageError(`no execution of ${run} in ${options.stateDir}; known: ${known.length === 0 ? 'none' : known.join(', ')}`);
  }
  for (const execution of executions) {
    terminal.out(`== ${execution.machinePath} ${execution.name} ${execution.status}${execution.error ? ` ${execution.error}: ${execution.cause}` : ''}\n`);
    const folder = path.join(execution.folder, 'logs');
    for (const file of existsSync(folder) ? readdirSync(folder).sort() : []) {
      terminal.out(`-- ${file}\n${readFileSync(path.join(folder, file), 'utf8')}`);
    }
  }
  return EXIT.done;
}
