import type { Shard } from './source/source-kind';

/** How fast one task reads a source. */
export interface Pace {
  readonly bytesPerSecond: number;
  /** Size of a shard whose source does not tell it. */
  readonly shardBytes: number;
  /** `measured`: by the last commit of the dataset. `assumed`: nothing is known yet. */
  readonly basis: 'measured' | 'assumed';
}

/** The work of one task. */
export interface WorkList {
  readonly shards: ReadonlyArray<{ readonly shard: Shard; readonly part: number }>;
  readonly seconds: number;
  /** Known and supposed sizes together. */
  readonly bytes: number;
}

export interface WorkListOptions {
  readonly pace: Pace;
  /** Tasks that run at once. */
  readonly concurrency: number;
  /** Connections that the source bears at once; a source gets no more lists than that. */
  readonly maxLists?: number;
  /** Whether every shard has a task of its own. @default false */
  readonly apart?: boolean;
}

/** A task costs a minute at least and takes most of one to start, so it gets at least a minute of work … */
const LEAST_SECONDS = 60;

/** … and at most five: a task that is lost is repeated whole. A shard that takes longer is a list of its own. */
const MOST_SECONDS = 300;

/** Opening a shard: a connection, a request, the end of an upload. */
const SHARD_SECONDS = 0.5;

/** A distributed map runs more children, but a list of them is all that a plan needs. */
const MOST_LISTS = 10_000;

/** Before anything was measured: what a quarter of a vCPU moves, and a file of a few minutes. */
export const ASSUMED_PACE: Pace = { bytesPerSecond: 20_000_000, shardBytes: 200_000_000, basis: 'assumed' };

/** Packs shards into work lists, in their order: as many as run at once, each worth a task. */
export function workLists(shards: readonly Shard[], options: WorkListOptions): WorkList[] {
  const { pace, concurrency, maxLists = MOST_LISTS, apart = false } = options;
  const sizes = shards.map(({ bytes }) => bytes ?? pace.shardBytes);
  const seconds = sizes.map((bytes) => SHARD_SECONDS + bytes / pace.bytesPerSecond);
  const total = seconds.reduce((sum, each) => sum + each, 0);
  const worth = Math.min(MOST_SECONDS, Math.max(LEAST_SECONDS, total / concurrency));
  const target = Math.max(worth, total / Math.min(maxLists, MOST_LISTS));
  const lists: { shards: { shard: Shard; part: number }[]; seconds: number; bytes: number }[] = [];
  // Cut where the running total passes the next multiple of the target, so that there are never more lists than wanted.
  let done = 0;
  // Shards that belong together stay in the list of the first of them.
  const listOf = new Map<string, number>();
  shards.forEach((shard, part) => {
    const known = shard.together === undefined ? undefined : listOf.get(shard.together);
    const list = known ?? (apart ? lists.length : Math.min(Math.floor(done / target), lists.length));
    if (shard.together !== undefined) listOf.set(shard.together, list);
    const into = lists[list] ??= { shards: [], seconds: 0, bytes: 0 };
    into.shards.push({ shard, part });
    into.seconds += seconds[part]!;
    into.bytes += sizes[part]!;
    done += seconds[part]!;
  });
  return lists;
}
