/** The size of a task. */
export interface TaskSize {
  /** CPU units: 1024 are one vCPU. */
  readonly cpu: number;
  readonly memoryMiB: number;
}

/** A work list as far as time and money go. */
export interface TimedList {
  readonly seconds: number;
  readonly size: TaskSize;
}

/** What a plan will take. */
export interface Estimate {
  /** From now to the commit. */
  readonly seconds: number;
  /** When each list ends, in seconds from now. */
  readonly ends: readonly number[];
  /** Of Fargate, in USD. */
  readonly usd: number;
  /** `measured`: by earlier commits of every dataset. `assumed`: nothing is known yet of one at least. */
  readonly basis: 'measured' | 'assumed';
}

/** From RunTask to the first byte: image, network interface, start of the process. */
const START_SECONDS = 45;

/** After the last pull: Commit, and the machine between the states. */
const END_SECONDS = 15;

/** Fargate bills a minute at least. */
const LEAST_BILLED_SECONDS = 60;

/** USD of us-east-1 for Linux on x86, public list of 2026; ARM costs a fifth less. */
const USD_PER_VCPU_HOUR = 0.04048;
const USD_PER_GIB_HOUR = 0.004445;

/** Time and cost of work lists that start in order, `concurrency` at once. */
export function estimate(lists: readonly TimedList[], concurrency: number, basis: Estimate['basis']): Estimate {
  // When each of the tasks that run at once is free again.
  const free = Array.from({ length: Math.max(1, Math.min(concurrency, lists.length)) }, () => 0);
  let usd = 0;
  const ends = lists.map(({ seconds, size }) => {
    const soonest = free.indexOf(Math.min(...free));
    const took = START_SECONDS + seconds;
    usd += (Math.max(LEAST_BILLED_SECONDS, took) / 3600) * ((size.cpu / 1024) * USD_PER_VCPU_HOUR + (size.memoryMiB / 1024) * USD_PER_GIB_HOUR);
    return free[soonest]! += took;
  });
  return { seconds: lists.length === 0 ? 0 : Math.round(Math.max(...free) + END_SECONDS), ends, usd: Math.round(usd * 10_000) / 10_000, basis };
}

/** The fewest tasks at once that end within `seconds`; undefined where no number does. */
export function concurrencyFor(seconds: number, lists: readonly TimedList[]): number | undefined {
  const ends = (concurrency: number): boolean => estimate(lists, concurrency, 'measured').seconds <= seconds;
  let [low, high] = [1, Math.max(1, lists.length)];
  if (!ends(high)) return undefined;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (ends(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
