import { wallClock } from '@headrace/runtime/load/schedule/zone-clock';
import { UsageError } from '../commands/exit-code';
import type { LoadMetric } from './load-metrics';

export interface QuietHours {
  /** `HH:mm` on the clock of the zone. */
  readonly from: string;
  readonly until: string;
  readonly metrics: readonly MetricInHours[];
  /** Days with samples. */
  readonly days: number;
  /** Of the busiest time of the day, from 0 to 1: how busy these hours are, all metrics together. */
  readonly load: number;
}

export interface MetricInHours {
  readonly name: string;
  /** Mean over all days, in these hours and in the others. */
  readonly inside: number;
  readonly outside: number;
  /** Largest value of all days in these hours. */
  readonly highest: number;
}

const DAY_MINUTES = 24 * 60;

/** Steps of the day that samples are gathered in. */
const STEPS = [15, 30, 60] as const;

/** Fewer days say more about these days than about the next ones. */
const LEAST_DAYS = 3;

/**
 * The hours of the day in which a database has the least to do.
 *
 * At each step of the day nine days of ten are no busier than what counts, so that a job of every third night is seen and one bad day is not. Each
 * metric is a share of its own busiest step, and all metrics are alike. The hours with the smallest sum are proposed.
 */
export function quietHours(
  metrics: readonly LoadMetric[], { minutes, timeZone }: { readonly minutes: number; readonly timeZone: string },
): QuietHours {
  const step = stepOf(metrics);
  const days = new Set<string>();
  const byStep = metrics.map(({ name, samples }) => {
    const steps = Array.from({ length: DAY_MINUTES / step }, (): number[] => []);
    for (const [at, value] of samples) {
      const { year, month, day, hour, minute } = wallClock(new Date(at), timeZone);
      days.add(`${year}-${month}-${day}`);
      steps[Math.floor((hour * 60 + minute) / step)]!.push(value);
    }
    return { name, steps };
  });
  if (days.size < LEAST_DAYS) throw new UsageError(`the metrics span ${days.size} ${days.size === 1 ? 'day' : 'days'}; give at least ${LEAST_DAYS}, better 14, so that a quiet hour is quiet every day`);
  for (const { name, steps } of byStep) {
    const missing = steps.flatMap((values, index) => (values.length === 0 ? [clock(index * step)] : []));
    if (missing.length > 0) throw new UsageError(`${name} has no sample of ${missing.slice(0, 4).join(', ')}${missing.length > 4 ? ` and ${missing.length - 4} more times of the day` : ''} in ${timeZone}; give whole days`);
  }
  const shares = byStep.map(({ steps }) => {
    const busy = steps.map((values) => quantile(values, 0.9));
    const most = Math.max(...busy);
    return busy.map((value) => (most === 0 ? 0 : value / most));
  });
  const load = Array.from({ length: DAY_MINUTES / step }, (_, index) => shares.reduce((sum, share) => sum + share[index]!, 0) / shares.length);
  const length = Math.ceil(minutes / step);
  const sums = load.map((_, first) => mean(Array.from({ length }, (__, index) => load[(first + index) % load.length]!)));
  const first = middleOf(sums, sums.reduce((least, value) => Math.min(least, value)));
  const inside = (index: number): boolean => (index - first + load.length) % load.length < length;
  return {
    from: clock(first * step), until: clock(first * step + minutes), days: days.size, load: sums[first]!,
    metrics: byStep.map(({ name, steps }) => {
      const within = steps.flatMap((values, index) => (inside(index) ? values : []));
      const others = steps.flatMap((values, index) => (inside(index) ? [] : values));
      return { name, inside: mean(within), outside: mean(others), highest: within.reduce((most, value) => Math.max(most, value), 0) };
    }),
  };
}

/** Of equally quiet beginnings in a row, the middle one: farthest from what is busy before and after. */
function middleOf(sums: readonly number[], least: number): number {
  const alike = (index: number): boolean => sums[(index + sums.length) % sums.length]! - least < 1e-9;
  if (sums.every((_, index) => alike(index))) return 0;
  let best = { start: 0, length: 0 };
  for (let start = 0; start < sums.length; start += 1) {
    if (!alike(start) || alike(start - 1)) continue;
    let length = 1;
    while (alike(start + length)) length += 1;
    if (length > best.length) best = { start, length };
  }
  return (best.start + Math.floor((best.length - 1) / 2)) % sums.length;
}

/** As fine as the coarsest metric. */
function stepOf(metrics: readonly LoadMetric[]): number {
  const periods = metrics.map(({ name, samples }) => {
    const gaps = samples.slice(1).map(([at], index) => (at - samples[index]![0]) / 60_000);
    const period = gaps.length === 0 ? Number.POSITIVE_INFINITY : quantile(gaps, 0.5);
    if (period > 60) throw new UsageError(`${name} has ${samples.length} samples, ${Number.isFinite(period) ? `${Math.round(period)} minutes apart` : 'too few to tell a day'}; ask for a period of an hour or less`);
    return period;
  });
  return STEPS.find((step) => step >= Math.max(...periods)) ?? 60;
}

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}

function clock(minutes: number): string {
  const ofDay = minutes % DAY_MINUTES;
  return `${String(Math.floor(ofDay / 60)).padStart(2, '0')}:${String(ofDay % 60).padStart(2, '0')}`;
}
