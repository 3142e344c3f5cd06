import { setTimeout as delay } from 'node:timers/promises';
import { transientError, type PipelineError } from '../../errors/pipeline-error';
import { DEFAULT_RETRY, retryDelayMs, type RetryPolicy } from '../retry-policy';
import type { RetryNote } from './shard-reader';

/** A resumed read that moved this far since its last failure has earned a fresh count of tries. */
const PROGRESS_BYTES = 8 * 1024 * 1024;

export interface TriesOptions {
  /** What is read, in words for errors. */
  readonly what: string;
  /** For all tries and waits together. */
  readonly timeoutMs: number;
  readonly retries: number;
  readonly onRetry?: (note: RetryNote) => void;
  /** Chance and waiting, for tests. */
  readonly random?: () => number;
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** Counts the failed tries of one piece of work, waits between them, and knows when it is enough. */
export class ShardTries {
  /** Ends with the caller's or when time is over. */
  readonly signal: AbortSignal;
  private readonly policy: RetryPolicy;
  private readonly timer: NodeJS.Timeout;
  private readonly startedAt = performance.now();
  private failures = 0;
  private total = 0;
  private furthest = 0;

  constructor(private readonly options: TriesOptions, caller: AbortSignal) {
    const { what, timeoutMs, retries } = options;
    this.policy = { ...DEFAULT_RETRY, tries: retries + 1 };
    const limit = new AbortController();
    const late = transientError('SOURCE_TIMEOUT', `${what} was not read within ${timeoutMs / 1_000} s; raise the source's timeout, or have it send smaller files`, { what, timeoutMs });
    this.timer = setTimeout(() => limit.abort(late), timeoutMs);
    this.signal = AbortSignal.any([caller, limit.signal]);
  }

  /** Tries so far, from 1. */
  get count(): number {
    return this.total + 1;
  }

  /** Waits before the next try; throws when there is none left, when the failure is terminal, or when time is over. */
  async failed(error: PipelineError, offset: number): Promise<void> {
    this.signal.throwIfAborted();
    if (error.kind === 'terminal') throw error;
    if (offset - this.furthest >= PROGRESS_BYTES) this.failures = 0;
    this.furthest = Math.max(this.furthest, offset);
    this.failures += 1;
    this.total += 1;
    if (this.failures >= this.policy.tries) throw error;
    const delayMs = retryDelayMs(this.policy, this.failures, undefined, this.options.random ?? Math.random);
    // A wait that ends after the time-out only postpones the same failure.
    if (performance.now() - this.startedAt + delayMs >= this.options.timeoutMs) throw error;
    this.options.onRetry?.({ error, try: this.failures, tries: this.policy.tries, offset, delayMs });
    try {
      await (this.options.sleep ?? abortableSleep)(delayMs, this.signal);
    } finally {
      this.signal.throwIfAborted();
    }
  }

  /** Ends the time-out. */
  close(): void {
    clearTimeout(this.timer);
  }
}

async function abortableSleep(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => undefined);
}
