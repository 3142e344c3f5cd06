import type { PullResult } from './documents';

/** What is remembered of a dataset from commit to commit, so that the next run begins with the right size of task. */
export interface TaskMemory {
  /** Of the largest task that was needed. */
  readonly taskMiB: number;
  /** Commits in a row whose tasks would have fitted well into the next smaller size. */
  readonly calmRuns: number;
  /** How many of them it takes before a smaller size is tried. @default - three: none has turned out too small since the size last became smaller */
  readonly calmRunsNeeded?: number;
}

/** Commits in a row that must have been calm before a dataset gets smaller tasks again. */
const CALM_RUNS = 3;

/** The most that they become, by doubling, where the smaller size turns out too small again and again. */
const MOST_CALM_RUNS = 48;

/** A task is calm when its peak leaves half of the next smaller size free: Linux also needs room for its page cache. */
const CALM_SHARE = 0.5;

const MIB = 1024 * 1024;

/** Where on the ladder the next run of a dataset begins. @param ladder memory in MiB, from small to large */
export function startRung(ladder: readonly number[], before: TaskMemory | undefined): number {
  if (before === undefined) return 0;
  const rung = rungOf(ladder, before);
  return Math.max(0, before.calmRuns >= neededOf(before) ? rung - 1 : rung);
}

function rungOf(ladder: readonly number[], { taskMiB }: TaskMemory): number {
  const needed = ladder.findIndex((memory) => memory >= taskMiB);
  return needed < 0 ? ladder.length - 1 : needed;
}

function neededOf({ calmRunsNeeded = CALM_RUNS }: TaskMemory): number {
  return calmRunsNeeded;
}

/**
 * What to remember after a run. Undefined where tasks have but one size.
 *
 * A peak is that of our own process: of another container that read the source nobody can tell it, nor of the page cache. So a smaller
 * size may turn out too small although all was calm, and is then tried half as often.
 */
export function rememberMemory(ladder: readonly number[], before: TaskMemory | undefined, results: readonly PullResult[]): TaskMemory | undefined {
  const sizes = results.flatMap(({ taskMemoryMiB }) => (taskMemoryMiB === undefined ? [] : [taskMemoryMiB]));
  if (sizes.length === 0) return before;
  const taskMiB = sizes.reduce((most, size) => Math.max(most, size));
  const start = startRung(ladder, before);
  const climbed = taskMiB > ladder[start]!;
  const triedSmaller = before !== undefined && start < rungOf(ladder, before);
  const smaller = ladder.filter((memory) => memory < taskMiB).at(-1);
  const peak = results.reduce((most, { peakMemoryBytes }) => Math.max(most, peakMemoryBytes), 0);
  const calm = !climbed && smaller !== undefined && peak <= smaller * MIB * CALM_SHARE;
  const needed = triedSmaller ? (climbed ? Math.min(2 * neededOf(before), MOST_CALM_RUNS) : undefined) : before?.calmRunsNeeded;
  return {
    taskMiB, calmRuns: calm ? (before?.taskMiB === taskMiB ? before.calmRuns : 0) + 1 : 0,
    ...(needed === undefined ? {} : { calmRunsNeeded: needed }),
  };
}
