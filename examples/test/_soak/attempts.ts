import type { ExecutionRecord } from '@headrace/local-runner';
import type { SoakBench, Stage } from './soak-bench';

/** More attempts than this mean that a stage does not converge. */
const MAX_ATTEMPTS = 4;

/** Runs one attempt to its end. An abort of `signal` is a stopped execution. */
export type RunAttempt = (attempt: number, signal?: AbortSignal) => Promise<ExecutionRecord>;

/**
 * Attempts until one succeeds.
 *
 * @param what is run, in words for errors
 * @param stopped stops the first of them, as an operator stops an execution
 * @returns all executions, since counts are told by the one that did the work
 */
export async function untilDone(what: string, run: RunAttempt, stopped?: AbortSignal, first = 1): Promise<ExecutionRecord[]> {
  const records: ExecutionRecord[] = [];
  for (let attempt = first; attempt < first + MAX_ATTEMPTS; attempt += 1) {
    const record = await run(attempt, attempt === first ? stopped : undefined);
    records.push(record);
    if (record.status === 'SUCCEEDED') return records;
  }
  const { error, cause } = records.at(-1) as ExecutionRecord;
  throw new Error(`${what} did not end well in ${MAX_ATTEMPTS} attempts: ${error}: ${cause}`);
}

/** Attempts of one stage of the reference pipeline until one succeeds. */
export function runUntilDone(bench: SoakBench, stage: Stage, slot: string, stopped?: AbortSignal, first = 1): Promise<ExecutionRecord[]> {
  return untilDone(`${stage} of ${slot}`, (attempt, signal) => bench.run(stage, slot, attempt, signal), stopped, first);
}
