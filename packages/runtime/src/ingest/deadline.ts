import { userError } from '../errors/pipeline-error';
import { concurrencyFor, estimate, type Estimate, type TimedList } from './estimate';
import type { ListSchedule } from './late-watch';

export interface DeadlineCall {
  readonly lists: readonly TimedList[];
  readonly concurrency: number;
  /** vCPU of Fargate that the account may run, where they are what limits `concurrency`. */
  readonly quotaVcpus?: number;
  readonly basis: Estimate['basis'];
  /** ISO 8601; absent where the run has none. */
  readonly deadline?: string;
  readonly now: Date;
}

export interface Schedule {
  readonly estimate: Estimate;
  /** One for each list; none without a deadline. */
  readonly lists?: ReadonlyArray<Pick<ListSchedule, 'deadline' | 'listSeconds' | 'afterSeconds'>>;
}

/**
 * Holds a plan against its deadline, before anything is started.
 *
 * @throws PipelineError `DEADLINE`, with time, cost and what would do, where measured figures say that it cannot be met.
 *   Assumed ones are no reason to refuse.
 */
export function scheduleLists({ lists, concurrency, quotaVcpus, basis, deadline, now }: DeadlineCall): Schedule {
  const whole = estimate(lists, concurrency, basis);
  if (deadline === undefined) return { estimate: whole };
  const seconds = (Date.parse(deadline) - now.getTime()) / 1_000;
  if (whole.seconds > seconds && (basis === 'measured' || seconds <= 0)) {
    const enough = concurrencyFor(seconds, lists);
    const cure = enough === undefined ? 'no number of tasks at once would do: make the shards of the source smaller, or move the deadline'
      : quotaVcpus === undefined ? `raise concurrency to ${enough}, or move the deadline`
        : `the account's Fargate quota of ${quotaVcpus} vCPU is what limits: ask for more in Service Quotas (L-3032A538), enough for ${enough} tasks at once, or move the deadline`;
    throw userError(
      'DEADLINE', `the plan needs about ${minutes(whole.seconds)} with ${concurrency} tasks at once, about ${whole.usd} USD, and the deadline ${deadline} is in ${minutes(seconds)}; `
        + `${cure}. Nothing was pulled`,
      { deadline, seconds: whole.seconds, usd: whole.usd, secondsLeft: Math.round(seconds), concurrency, concurrencyNeeded: enough, quotaVcpus },
    );
  }
  return {
    estimate: whole,
    lists: whole.ends.map((end, index) => ({ deadline, listSeconds: lists[index]!.seconds, afterSeconds: Math.max(0, whole.seconds - end) })),
  };
}

function minutes(seconds: number): string {
  return seconds < 0 ? `the past (by ${minutes(-seconds)})` : `${Math.ceil(seconds / 60)} min`;
}
