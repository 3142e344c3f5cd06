import { secretsManager, type ReadSecret } from '../stores/read-secret';
import type { PullItem, PullResult, ShardResult } from './documents';
import { LateWatch } from './late-watch';
import { landShard, type LandDeps } from './land-shard';
import type { RetryNote, ShardReader } from './source/shard-reader';
import type { SourceDeps, SourceSession, SourceSettings } from './source/source-kind';
import { sourceKind } from './source/source-kinds';

export interface PullDeps extends LandDeps {
  /** @default - Secrets Manager */
  readonly secret?: ReadSecret;
  /** Memory that the container was started with. */
  readonly taskMemoryMiB?: number;
  /** Replaces the connection to the source, for tests. */
  readonly connect?: (source: SourceSettings, deps: SourceDeps) => Promise<SourceSession>;
}

export type PullOutcome = Omit<PullResult, 'timing' | 'peakMemoryBytes'>;

/** Brings the shards of one work list into Raw, one after the other over one connection. */
export async function pull(item: PullItem, deps: PullDeps): Promise<PullOutcome> {
  const { report, signal } = deps;
  const connect = deps.connect ?? ((source, given) => sourceKind(source.kind).connect(source, given));
  let session: SourceSession | undefined;
  try {
    const connected = session = await connect(item.source, { report, signal, secret: deps.secret ?? secretsManager() });
    const watch = new LateWatch(item.schedule, (forecast) => report.say('INGEST_W1401', { dataset: item.dataset, ...forecast }));
    const shards: ShardResult[] = [];
    for (const shard of item.shards) {
      signal.throwIfAborted();
      const open = (): ShardReader => connected.read(shard, (note) => sayRetry(item, note, deps));
      shards.push(await landShard(item, shard, open, { ...deps, onBytes: (bytes) => watch.add(bytes) }));
    }
    return { dataset: item.dataset, shards, ...(deps.taskMemoryMiB === undefined ? {} : { taskMemoryMiB: deps.taskMemoryMiB }) };
  } finally {
    await session?.close();
  }
}

function sayRetry(item: PullItem, note: RetryNote, { report }: PullDeps): void {
  report.say('INGEST_W1201', {
    dataset: item.dataset, try: note.try, tries: note.tries, error: note.error.code, reason: note.error.message,
    offset: note.offset, delaySeconds: note.delayMs / 1_000,
  });
}
