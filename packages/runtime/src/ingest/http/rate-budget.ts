import { setTimeout as delay } from 'node:timers/promises';

/**
 * Spaces requests evenly, so that a minute never holds more than the budget.
 *
 * The shards of a source with a budget are read by one task, so no task has to know of another.
 */
export class RateBudget {
  private next = 0;

  constructor(
    private readonly requestsPerMinute: number,
    private readonly sleep: (ms: number, signal: AbortSignal) => Promise<void> = async (ms, signal) => { await delay(ms, undefined, { signal }); },
    private readonly monotonic: () => number = () => performance.now(),
  ) {}

  /** Waits for the turn of the next request. */
  async take(signal: AbortSignal): Promise<void> {
    const now = this.monotonic();
    const at = Math.max(now, this.next);
    this.next = at + 60_000 / this.requestsPerMinute;
    if (at > now) await this.sleep(at - now, signal);
  }
}
