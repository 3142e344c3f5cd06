import type { RunAttempt } from './attempts';
import { killOnce, type KillResult, KillLoop, type KillSeries, type KillSubject } from './kill-loop';
import type { Operation, OperationBench } from './operation-bench';
import { requireNothingLeft, requireRows } from './operation-invariants';

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

/** What a vacuum takes out of the catalog, because a query may have seen it there, the next one removes. */
async function requireClean(bench: OperationBench): Promise<void> {
  await requireRows(bench);
  for (let runs = 0; runs < 2; runs++) await bench.run('vacuum');
  await requireRows(bench);
  requireNothingLeft(bench);
}
