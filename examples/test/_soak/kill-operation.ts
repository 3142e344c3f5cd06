import { killOnce, type KillResult, KillLoop, type KillSeries, type KillSubject } from './kill-loop';
import type { Operation, OperationBench } from './operation-bench';
import { requireNothingLeft, requireRows } from './operation-invariants';

/** Steps apart that follow each other, so that a series that is stopped early has been everywhere. */
const STRIDE = 23;
/** A rerun has written some of its files by then, and committed none. */
const HALF_OF_RERUN = 40;

/**
 * Kills one operation of curate at its steps, each time from the same state. After each case readers must see every row once; then a vacuum runs,
 * and no object may be left that no commit names.
 */
export async function killOperation(bench: OperationBench, operation: Operation, series: KillSeries): Promise<KillResult> {
  const subject: KillSubject = {
    name: operation, bench, stride: STRIDE,
    fresh: async () => {
      await bench.fresh();
      await prepare(bench, operation);
      await bench.save();
    },
    nextCase: async () => {
      await bench.restore();
      return bench.attemptsOf(operation);
    },
    require: () => requireClean(bench),
    rest: async () => undefined,
  };
  return new KillLoop(subject, series).run();
}

/** Brings the dataset to where an operation has work, over a log in which each batch was curated again and what that left was removed. */
async function prepare(bench: OperationBench, operation: Operation): Promise<void> {
  await rerunKilledOnce(bench);
  await requireClean(bench);
  if (operation === 'rerun') return bench.mendContract();
  if (operation === 'compact') return rerunKilledOnce(bench);
  // What is superseded, what a compaction of it leaves, and what a killed attempt left behind.
  await bench.run('compact');
  await rerunKilledOnce(bench);
}

async function rerunKilledOnce(bench: OperationBench): Promise<void> {
  await bench.mendContract();
  await killOnce('rerun', bench, bench.attemptsOf('rerun'), { side: 'after', step: HALF_OF_RERUN });
}

/** What a vacuum takes out of the catalog, because a query may have seen it there, the next one removes. */
async function requireClean(bench: OperationBench): Promise<void> {
  await requireRows(bench);
  await bench.run('vacuum');
  if (bench.leftBehind().length > 0) await bench.run('vacuum');
  await requireRows(bench);
  requireNothingLeft(bench);
}
