import type { LoadMetric } from '../window/load-metrics';

/** What is asked of CloudWatch, by the labels in the file: whose metric it is, and its name. */
export const DMS_METRICS = [
  'load FullLoadThroughputRowsTarget', 'instance CPUUtilization', 'instance FreeableMemory', 'instance SwapUsage', 'serverless CapacityUtilization',
  'target CPUUtilization', 'target WriteLatency', 'target DiskQueueDepth',
] as const;

export type Side = 'source' | 'instance' | 'target';

/** One sign of a side that is at its limit. */
export interface Sign {
  readonly metric: string;
  readonly side: Exclude<Side, 'source'>;
  /** Of the samples while the load ran, how many were beyond the limit, 0 to 1. */
  readonly share: number;
  readonly mean: number;
  readonly highest: number;
  /** In words, with the unit. */
  readonly limit: string;
}

export interface Bottleneck {
  readonly side: Side;
  /** What of the instance is short. */
  readonly short?: 'memory' | 'processors';
  readonly rowsPerSecond: number;
  readonly minutes: number;
  readonly signs: readonly Sign[];
}

interface Limit {
  readonly side: Sign['side'];
  readonly short?: Bottleneck['short'];
  readonly words: string;
  readonly beyond: (value: number, first: number) => boolean;
}

const MIB = 1024 * 1024;

/** Where a side is at its limit. Percent, bytes, and seconds, as CloudWatch has them. */
const LIMITS: Readonly<Record<string, Limit>> = {
  'instance CPUUtilization': { side: 'instance', short: 'processors', words: '85 % and more', beyond: (value) => value >= 85 },
  'instance FreeableMemory': { side: 'instance', short: 'memory', words: '256 MiB and less', beyond: (value) => value <= 256 * MIB },
  // What was swapped out before the load began is no matter of it.
  'instance SwapUsage': { side: 'instance', short: 'memory', words: '64 MiB more than at the beginning', beyond: (value, first) => value >= first + 64 * MIB },
  'serverless CapacityUtilization': { side: 'instance', short: 'memory', words: '90 % and more of the memory', beyond: (value) => value >= 90 },
  'target CPUUtilization': { side: 'target', words: '85 % and more', beyond: (value) => value >= 85 },
  'target WriteLatency': { side: 'target', words: '20 ms and more', beyond: (value) => value >= 0.02 },
  'target DiskQueueDepth': { side: 'target', words: '10 and more', beyond: (value) => value >= 10 },
};

/** A side is at its limit if one of its signs is beyond the limit so often. */
const OFTEN = 0.5;

/**
 * Which side a load through DMS waits for, by metrics of the time in which it ran; undefined where no sample tells of one.
 *
 * There is no metric of the source: what waits for neither database nor capacity waits for the thread that reads a table, or for S3.
 */
export function bottleneckOf(metrics: readonly LoadMetric[]): Bottleneck | undefined {
  const rows = metrics.find(({ name }) => name === 'load FullLoadThroughputRowsTarget')?.samples ?? [];
  // Idle, the metric has no samples, or zeros at the ends.
  const busy = rows.filter(([, value]) => value > 0).map(([at]) => at);
  if (busy.length === 0) return undefined;
  const [from, until] = [busy[0]!, busy.at(-1)!];
  const during = rows.filter(([at]) => at >= from && at <= until).map(([, value]) => value);
  const signs = metrics.flatMap(({ name, samples }): (Sign & Pick<Limit, 'short'>)[] => {
    const limit = LIMITS[name];
    const values = samples.filter(([at]) => at >= from && at <= until).map(([, value]) => value);
    if (limit === undefined || values.length === 0) return [];
    const beyond = values.filter((value) => limit.beyond(value, values[0]!)).length;
    return [{
      metric: name, side: limit.side, short: limit.short, limit: limit.words, share: beyond / values.length,
      mean: meanOf(values), highest: Math.max(...values),
    }];
  });
  // Of two that are at their limit, the database: more of an instance would only wait longer for it.
  const [worst] = [...signs].filter(({ share }) => share >= OFTEN).sort((a, b) => b.share - a.share || (a.side === 'target' ? -1 : 1));
  return {
    side: worst?.side ?? 'source', ...(worst?.short === undefined ? {} : { short: worst.short }),
    rowsPerSecond: meanOf(during), minutes: Math.round((until - from) / 60_000) + 1, signs: signs.map(({ short: _, ...sign }) => sign),
  };
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
