import type { PullResult } from './documents';

/** What is remembered of a dataset from commit to commit, so that the next run begins with the right size of task. */
export interface TaskMemory {
  /** Of the largest task that was needed. */
  readonly taskMiB: number;
  /** Commits in a row whose tasks would have fitted well into the next smaller size. */
  readonly calmRuns: number;
}

/** Commits in a row that must have been calm before a dataset gets smaller tasks again. */
const CALM_RUNS = 3;

/** A task is calm when its peak leaves half of the next smaller size free: Linux also needs room for its page cache. */
const CALM_SHARE = 0.5;

const MIB = 1024 * 1024;

/** Where on the ladder the next run of a dataset begins. @param ladder memory in MiB, from small to large */
export function startRung(ladder: readonly number[], before: TaskMemory | undefined): number {
  if (before === undefined) return 0;
  const needed = ladder.findIndex((memory) => memory >= before.taskMiB);
  const rung = needed < 0 ? ladder.length - 1 : needed;
  return Math.max(0, before.calmRuns >= CALM_RUNS ? rung - 1 : rung);
}

/** What to remember after a run. Undefined where tasks have but one size. */
export function rememberMemory(ladder: readonly number[], before: TaskMemory | undefined, results: readonly PullResult[]): TaskMemory | undefined {
  const sizes = results.flatMap(({ taskMemoryMiB }) => (taskMemoryMiB === undefined ? [] : [taskMemoryMiB]));
  if (sizes.length === 0) return before;
  const taskMiB = Math.max(...sizes);
  const smaller = ladder.filter((memory) => memory < taskMiB).at(-1);
  const peak = Math.max(...results.map(({ peakMemoryBytes }) => peakMemoryBytes));
  const calm = smaller !== undefined && peak <= smaller * MIB * CALM_SHARE;
  return { taskMiB, calmRuns: calm ? (before?.taskMiB === taskMiB ? before.calmRuns : 0) + 1 : 0 };
}
