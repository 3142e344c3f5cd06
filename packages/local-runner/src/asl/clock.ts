/** What a sleep is for; a test clock may shorten retries and waits but leave time-outs alone. */
export type SleepPurpose = 'wait' | 'retry' | 'timeout' | 'heartbeat';

/** Source of time for an execution. */
export interface Clock {
  /** The present moment. */
  now(): Date;
  /**
   * Resolves after `ms` milliseconds, or at once when the signal fires; it never rejects.
   *
   * The caller looks at the signal afterwards.
   */
  sleep(ms: number, signal: AbortSignal, purpose?: SleepPurpose): Promise<void>;
}

// setTimeout fires at once for delays above 2^31-1 ms (24.8 days), and a Wait may last a year.
const LONGEST_TIMER_MS = 2_000_000_000;

/** The real clock. */
export const systemClock: Clock = {
  now: () => new Date(),
  sleep: async (ms, signal) => {
    for (let left = ms; left > 0 && !signal.aborted; left -= LONGEST_TIMER_MS) {
      await timer(Math.min(left, LONGEST_TIMER_MS), signal);
    }
  },
};

/**
 * A clock whose waits and retry delays pass `factor` times faster.
 *
 * Time-outs and heartbeats stay real by default, because the work that they bound runs at real speed.
 */
export function acceleratedClock(factor: number, purposes: readonly SleepPurpose[] = ['wait', 'retry']): Clock {
  if (!(factor > 0)) throw new RangeError(`factor must be greater than 0, got ${factor}; use 1 for real time`);
  return {
    now: () => new Date(),
    sleep: (ms, signal, purpose) =>
      systemClock.sleep(purpose !== undefined && purposes.includes(purpose) ? ms / factor : ms, signal),
  };
}

function timer(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(handle);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const handle = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}
