import type { RunAttempt } from './attempts';
import { killOnce, type KillResult, KillLoop, type KillSeries, type KillSubject } from './kill-loop';
import { type Operation, OPERATIONS, type OperationBench } from './operation-bench';
import { requireNothingLeft, requireRows } from './operation-invariants';
import type { Side, Step } from './step-gate';

/** Each case adds some four commits to the log that the next one reads. */
const STRIDE = 23;

/**
 * Kills one operation of curate at its steps. After each case readers must see every row once; then a vacuum runs, and no object may be left that
 * no commit names.
 */
export async function killOperation(bench: OperationBench, operation: Operation, series: KillSeries): Promise<KillResult> {
  const subject: KillSubject = {
    name: operation, bench, stride: STRIDE,
    fresh: () => bench.fresh(),
    nextCase: () => prepare(bench, operation),
    require: () => requireClean(bench),
    rest: async () => undefined,
  };
  return new KillLoop(subject, series).run();
}

/** One operation after the other on what the last one left, each killed at one of its steps. */
export async function killEachOperation(
  bench: OperationBench, steps: Readonly<Record<Operation, number>>, side: Side,
): Promise<Readonly<Record<string, Step | undefined>>> {
  await bench.fresh();
  const sprung: Record<string, Step | undefined> = {};
  await bench.mendContract();
  for (const operation of OPERATIONS) {
    sprung[operation] = (await killOnce(operation, bench, bench.attemptsOf(operation), { side, step: steps[operation] })).sprung;
    await requireRows(bench);
  }
  requireNothingLeft(bench);
  return sprung;
}

/** Brings the dataset to where an operation has work, and tells how one attempt of it is run. */
async function prepare(bench: OperationBench, operation: Operation): Promise<RunAttempt> {
  await bench.mendContract();
  if (operation === 'rerun') return bench.attemptsOf('rerun');
  if (operation === 'compact') {
    // What was joined comes apart again.
    await bench.run('rerun');
    return bench.attemptsOf('compact');
  }
  // What is superseded, what a compaction of it leaves, and what a killed attempt left behind.
  await bench.run('compact');
  await killOnce('rerun', bench, bench.attemptsOf('rerun'), { side: 'after', step: HALF_OF_RERUN });
  return bench.attemptsOf('vacuum');
}

/** A rerun has written some of its files by then, and committed none. */
const HALF_OF_RERUN = 40;

async function requireClean(bench: OperationBench): Promise<void> {
  await requireRows(bench);
  await bench.run('vacuum');
  await requireRows(bench);
  requireNothingLeft(bench);
}
