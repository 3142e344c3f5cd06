import { secretsManager, type ReadSecret } from '../stores/read-secret';
import type { PlannedShard, PullItem, PullResult, ShardResult } from './documents';
import { earlierShard } from './earlier-shard';
import { landSeries } from './land-series';
import { landShard, type LandDeps } from './land-shard';
import { LateWatch } from './late-watch';
import { oneCursor } from './one-cursor';
import { OneSnapshot } from './one-snapshot';
import type { RetryNote } from './source/shard-reader';
import type { SeriesSession, SourceDeps, SourceSession, SourceSettings } from './source/source-kind';
import { sourceKind } from './source/source-kinds';

export interface PullDeps extends LandDeps {
  /** @default - Secrets Manager */
  readonly secret?: ReadSecret;
  /** Memory that the container was started with. */
  readonly taskMemoryMiB?: number;
  /** Where a container that ended before this one left its files. */
  readonly filesFolder?: string;
  /** Replaces the connection to the source, for tests. */
  readonly connect?: (source: SourceSettings, deps: SourceDeps) => Promise<SourceSession | SeriesSession>;
}

export type PullOutcome = Omit<PullResult, 'schemaVersion' | 'timing' | 'peakMemoryBytes'>;

/** Brings the shards of one work list into Raw, one after the other over one connection. */
export async function pull(item: PullItem, deps: PullDeps): Promise<PullOutcome> {
  const { report, signal } = deps;
  const connect = deps.connect ?? ((source, given) => sourceKind(source.kind).connect(source, given));
  let session: SourceSession | SeriesSession | undefined;
  try {
    const connected = session = await connect(item.source, {
      report, signal, secret: deps.secret ?? secretsManager(), filesFolder: deps.filesFolder,
    });
    const watch = new LateWatch(item.schedule, (forecast) => report.say('INGEST_W1401', { dataset: item.dataset, ...forecast }));
    const watched: LandDeps = { ...deps, onBytes: (bytes) => watch.add(bytes) };
    const shards: ShardResult[] = [];
    const snapshot = new OneSnapshot(item.dataset);
    let cursorTo: string | undefined;
    for (const shard of item.shards) {
      signal.throwIfAborted();
      const onRetry = (note: RetryNote): void => sayRetry(item, note, deps);
      if ('series' in connected) {
        const series = connected.series(shard, onRetry);
        shards.push(...(await landSeries(item, shard, series, watched)).map((part) => described(shard, part)));
        cursorTo = oneCursor(item.dataset, cursorTo, series.cursorTo);
      } else {
        const earlier = await earlierShard(item, shard, (asked) => connected.read(asked, onRetry), watched);
        const onOpen: LandDeps['onOpen'] = ({ export: told }) => snapshot.require(shard, told);
        const landed = earlier ?? await landShard(item, shard, () => connected.read(shard, onRetry), { ...watched, onOpen });
        snapshot.keep(shard, landed);
        shards.push(described(shard, landed));
      }
    }
    return {
      dataset: item.dataset, shards, ...(cursorTo === undefined ? {} : { cursorTo }),
      ...(deps.taskMemoryMiB === undefined ? {} : { taskMemoryMiB: deps.taskMemoryMiB }),
    };
  } finally {
    await session?.close();
  }
}

/** By number and fingerprint a later attempt of the run finds the shard that a result is of. */
function described({ part, fingerprint }: PlannedShard, result: ShardResult): ShardResult {
  return { ...result, shard: part, ...(result.outcome === 'landed' ? { fingerprint } : {}) };
}

function sayRetry(item: PullItem, note: RetryNote, { report }: PullDeps): void {
  report.say('INGEST_W1201', {
    dataset: item.dataset, try: note.try, tries: note.tries, error: note.error.code, reason: note.error.message,
    offset: note.offset, delaySeconds: note.delayMs / 1_000,
  });
}
