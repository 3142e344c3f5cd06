import { existsSync } from 'node:fs';
import * as path from 'node:path';
import { MAX_ATTEMPT, parseAttemptId } from '@headrace/runtime/run/ids';
import { ExecutionStore, type ExecutionRecord } from '../executions/execution-store';
import { stateFolderUser } from '../stack/state-lock';
import { UsageError, type ExitCode } from './exit-code';
import { run, type RunOptions } from './run';

export interface RetryOptions extends Omit<RunOptions, 'input'> {
  /** A slot, or the name of one of its executions. @default - the run that failed last */
  readonly failed?: string;
}

/** Operations that only the machine of one stage takes: curate, or load. */
const STAGE_OPERATIONS: readonly string[] = ['rerun', 'compact', 'load', 'now'];

/** The newest attempt of a run: what was started for it, without what that started in turn. */
interface LastAttempt {
  readonly slot: string;
  readonly attempt: number;
  readonly records: readonly ExecutionRecord[];
}

/** `headrace retry [run]`: the next attempt of a run that failed. What earlier attempts committed or pulled is not done again. */
export async function retry(options: RetryOptions): Promise<ExitCode> {
  const { failed, assembly, ...rest } = isAssembly(options) ? { ...options, failed: undefined, assembly: options.failed } : options;
  const { slot, attempt, records } = failedRun({ ...rest, failed });
  if (attempt >= MAX_ATTEMPT) throw new UsageError(`run ${slot} has had ${attempt} attempts, and a slot has no more; start it under a new slot`);
  // What was asked for stays: a back-fill is tried again as a back-fill. A deadline was that of the attempt.
  const { attempt: _, deadline: __, ...asked } = inputOf(records[0]!);
  // Operations of one stage are no business of the machines around it.
  const machine = rest.machine ?? (STAGE_OPERATIONS.includes(String(asked.operation)) ? records[0]!.machinePath : undefined);
  return run({ ...rest, machine, assembly, input: JSON.stringify({ ...asked, slot, attempt: attempt + 1 }) });
}

/** `headrace retry cdk.out` names no run. */
function isAssembly({ failed, assembly }: RetryOptions): boolean {
  return failed !== undefined && assembly === undefined && existsSync(path.join(failed, 'manifest.json'));
}

/** The last attempt of the run to try again. Throws a UsageError that says why there is none. */
export function failedRun({ failed, machine, stateDir }: Pick<RetryOptions, 'failed' | 'machine' | 'stateDir'>): LastAttempt {
  const attempts = lastAttempts(new ExecutionStore(path.join(stateDir, 'executions')).list(), machine);
  const there = `headrace ls --state-dir ${stateDir} lists those there are`;
  if (failed === undefined) {
    const last = attempts.filter((each) => !hasSucceeded(each) && !isRunning(each, stateDir)).at(-1);
    if (last !== undefined) return last;
    throw new UsageError(`no failed run in ${stateDir}: ${attempts.length === 0 ? 'it has no runs' : `${attempts.length} runs succeeded or are still running`}; ${there}`);
  }
  const slot = slotOf(failed);
  const named = attempts.find((each) => each.slot === slot);
  if (named === undefined) throw new UsageError(`run ${failed} has no execution in ${stateDir}; ${there}`);
  if (isRunning(named, stateDir)) {
    throw new UsageError(`run ${slot} is still running: attempt ${named.attempt} of ${named.records.at(-1)?.machinePath} in process ${stateFolderUser(stateDir)}; wait until it ends, or stop it with Ctrl-C there`);
  }
  if (hasSucceeded(named)) {
    throw new UsageError(`run ${slot} succeeded with attempt ${named.attempt}, so there is nothing to retry; to read the same data once more: headrace run --input '{"operation":"replay","run":"${slot}"}'`);
  }
  return named;
}

/** Of each run, the one that was tried last at the end. */
function lastAttempts(records: readonly ExecutionRecord[], machine: string | undefined): LastAttempt[] {
  const last = new Map<string, LastAttempt>();
  for (const record of records) {
    const { slot, operation, attempt = 1 } = inputOf(record);
    const counts = record.parent === undefined && typeof slot === 'string' && typeof attempt === 'number' && operation !== 'plan';
    if (!counts || (machine !== undefined && !`/${record.machinePath}/`.includes(`/${machine}/`))) continue;
    const before = last.get(slot);
    if (before !== undefined && before.attempt > attempt) continue;
    last.delete(slot);
    last.set(slot, { slot, attempt, records: before?.attempt === attempt ? [...before.records, record] : [record] });
  }
  return [...last.values()];
}

function inputOf({ input }: ExecutionRecord): Record<string, unknown> {
  return typeof input === 'object' && input !== null ? input as Record<string, unknown> : {};
}

function slotOf(name: string): string {
  const tail = /[^-]+-a\d+$/.exec(name)?.[0];
  return (tail === undefined ? undefined : parseAttemptId(tail))?.slot ?? name;
}

function hasSucceeded({ records }: LastAttempt): boolean {
  return records.every(({ status }) => status === 'SUCCEEDED');
}

/** An execution that is open in a folder that nobody uses was killed with its runner. */
function isRunning({ records }: LastAttempt, stateDir: string): boolean {
  return records.some(({ status }) => status === 'RUNNING') && stateFolderUser(stateDir) !== undefined;
}
