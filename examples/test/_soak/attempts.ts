import type { ExecutionRecord } from '@headrace/local-runner';
import type { SoakBench, Stage } from './soak-bench';

/** More attempts than this mean that a stage does not converge. */
const MAX_ATTEMPTS = 4;

/**
 * Attempts of one stage until one succeeds.
 *
 * @param stopped stops the first of them, as an operator stops an execution
 * @returns all executions, since counts are told by the one that did the work
 */
export async function runUntilDone(bench: SoakBench, stage: Stage, slot: string, stopped?: AbortSignal, first = 1): Promise<ExecutionRecord[]> {
  const records: ExecutionRecord[] = [];
  for (let attempt = first; attempt < first + MAX_ATTEMPTS; attempt += 1) {
    const record = await bench.run(stage, slot, attempt, attempt === first ? stopped : undefined);
    records.push(record);
    if (record.status === 'SUCCEEDED') return records;
  }
  const { error, cause } = records.at(-1) as ExecutionRecord;
  throw new Error(`${stage} of ${slot} did not end well in ${MAX_ATTEMPTS} attempts: ${error}: ${cause}`);
}
