import { matchesError } from './error-names';
import type { Json, JsonObject } from './json';

const DEFAULT_INTERVAL_SECONDS = 1;
const DEFAULT_ATTEMPTS = 3;
const DEFAULT_BACKOFF_RATE = 2;

/** Counts the retries of one visit of a state; every retrier has its own count. */
export class RetryPolicy {
  private readonly used = new Map<JsonObject, number>();

  constructor(private readonly retriers: readonly JsonObject[], private readonly random: () => number = Math.random) {}

  /**
   * Milliseconds to wait before the next try, or undefined when the error is not to be retried (any more).
   *
   * Only the first retrier that matches counts, even when its attempts are used up.
   */
  nextDelayMs(error: string): number | undefined {
    const retrier = this.retriers.find((candidate) => matchesError(names(candidate.ErrorEquals), error));
    if (retrier === undefined) return undefined;
    const used = this.used.get(retrier) ?? 0;
    if (used >= number(retrier.MaxAttempts, DEFAULT_ATTEMPTS)) return undefined;
    this.used.set(retrier, used + 1);
    const grown = number(retrier.IntervalSeconds, DEFAULT_INTERVAL_SECONDS) * number(retrier.BackoffRate, DEFAULT_BACKOFF_RATE) ** used;
    const seconds = Math.min(grown, number(retrier.MaxDelaySeconds, Infinity));
    return 1000 * (retrier.JitterStrategy === 'FULL' ? seconds * this.random() : seconds);
  }
}

/** The first catcher that matches an error. */
export function findCatcher(catchers: readonly JsonObject[], error: string): JsonObject | undefined {
  return catchers.find((catcher) => matchesError(names(catcher.ErrorEquals), error));
}

function names(value: Json | undefined): string[] {
  return Array.isArray(value) ? (value as string[]) : [];
}

function number(value: Json | undefined, otherwise: number): number {
  return typeof value === 'number' ? value : otherwise;
}
