import * as path from 'node:path';
import { MAX_ATTEMPT } from '@headrace/runtime/run/ids';
import { ExecutionStore } from '../executions/execution-store';
import { EXIT, UsageError, type ExitCode } from './exit-code';
import { run, type RunOptions } from './run';

/** `headrace retry <slot>`: the next attempt of a slot. What earlier attempts committed is not done again. */
export async function retry(options: Omit<RunOptions, 'input'> & { slot: string }): Promise<ExitCode> {
  const earlier = new ExecutionStore(path.join(options.stateDir, 'executions')).list()
    .map(({ input }) => input as Record<string, unknown>)
    .filter(({ slot }) => slot === options.slot);
  if (earlier.length === 0) throw new UsageError(`slot ${options.slot} has no execution in ${options.stateDir}; headrace ls lists those there are`);
  const attempt = Math.max(...earlier.map((input) => (typeof input.attempt === 'number' ? input.attempt : 1))) + 1;
  if (attempt > MAX_ATTEMPT) return EXIT.failed;
  // What was asked for stays: a back-fill is tried again as a back-fill.
  const { operation, range, run: again, only } = earlier.find((input) => input.operation !== undefined) ?? {};
  return run({ ...options, input: JSON.stringify({ slot: options.slot, attempt, operation, range, run: again, only }) });
}
