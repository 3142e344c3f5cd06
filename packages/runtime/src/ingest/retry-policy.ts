/** When and how long to wait before the next try. */
export interface RetryPolicy {
  /** Tries in all, the first one included. */
  readonly tries: number;
  /** Longest wait of the first retry; it doubles with each further one. */
  readonly baseMs: number;
  /** Longest wait of any retry, also when the source asks for more. */
  readonly capMs: number;
}

export const DEFAULT_RETRY: RetryPolicy = { tries: 5, baseMs: 1_000, capMs: 60_000 };

/**
 * The wait before the next try, in milliseconds.
 *
 * Full jitter: a uniform draw from 0 to the exponential bound, so that many tasks that failed together do not come
 * back together. What the source asked for with Retry-After goes first, capped: a source must not park a task for a day.
 *
 * @param failures how many tries failed so far, from 1
 * @param random draws from [0, 1)
 */
export function retryDelayMs(policy: RetryPolicy, failures: number, retryAfterMs: number | undefined, random: () => number): number {
  if (retryAfterMs !== undefined) return Math.min(policy.capMs, retryAfterMs);
  const bound = Math.min(policy.capMs, policy.baseMs * 2 ** (failures - 1));
  return Math.floor(random() * bound);
}

/**
 * Reads a Retry-After header: whole seconds, or an HTTP date.
 *
 * A date is taken relative to the answer's own Date header where there is one, so that a wrong clock on either side
 * does no harm. Anything else, and what lies in the past by more than it could, counts as not given.
 */
export function parseRetryAfterMs(value: string | undefined, answeredAt: string | undefined, now: Date): number | undefined {
  const text = value?.trim() ?? '';
  if (/^\d+$/.test(text)) return Number(text) * 1_000;
  const until = parseHttpDate(text);
  if (until === undefined) return undefined;
  return Math.max(0, until - (parseHttpDate(answeredAt ?? '') ?? now.getTime()));
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** The preferred form of RFC 9110 only: Date.parse would take `-5` or `garbage 1` for a date. */
function parseHttpDate(text: string): number | undefined {
  const match = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (\d\d) (\w{3}) (\d{4}) (\d\d):(\d\d):(\d\d) GMT$/.exec(text.trim());
  const month = match === null ? -1 : MONTHS.indexOf(match[2] as string);
  if (match === null || month < 0) return undefined;
  return Date.UTC(Number(match[3]), month, Number(match[1]), Number(match[4]), Number(match[5]), Number(match[6]));
}
