import type { Dataset } from '../../contract';
import type { Report } from '../../report/report';
import type { RawManifest, SourceIdentity } from '../../run/manifest';
import type { TaskSize } from '../estimate';
import type { IngestInput } from '../ingest-input';
import type { KnownShards } from '../known-shards';
import type { Fields } from '../../run/settings';
import type { ReadSecret } from '../../stores/read-secret';
import type { RetryNote, ShardReader, ShardSeries } from './shard-reader';

/** What every source has. Settings stand in the template, so they hold no secrets: those are named by ARN. */
export interface SourceSettings {
  readonly kind: string;
  /** For one shard, with its retries. From 1 s to a day. */
  readonly timeoutSeconds: number;
  /** Tries after the first, from 0 to 20. */
  readonly retries: number;
  /** A batch with fewer records is not committed. */
  readonly minRows: number;
  /** Connections that the source bears at once. @default - as many as tasks run */
  readonly maxConcurrency?: number;
  /** A batch smaller than the last one by more is not committed. In percent, from 0 to 100; undefined for no guard. */
  readonly maxShrinkPercent?: number;
  /** Sizes of the source's own tasks. @default - those of the stage's tasks */
  readonly ladder?: readonly TaskSize[];
}

/** A piece of a source that is read in one go and becomes one part in Raw, or one after the other if it is a series. */
export interface Shard<R = unknown> {
  /** Names the version-independent place, without secrets, as a URL; equal URLs are the same shard of a later run. */
  readonly url: string;
  /** What the part is called; its extensions tell format and compression. */
  readonly fileName: string;
  /** What the kind needs to read it, without secrets. */
  readonly read: R;
  /** Size in bytes, where the source tells it before reading; sizes work lists. */
  readonly bytes?: number;
  /** What the plan learned of its version; absent where only reading tells it. */
  readonly identity?: SourceIdentity;
  /** How far the source is read with this shard. Where the last shards are missing, the cursor stops before them. */
  readonly cursor?: string;
  /** Shards of a dataset with the same name here are read by one task, one after the other, because they share something there. */
  readonly together?: string;
}

/** What an attempt reads of one source. */
export interface SourcePlan<R = unknown> {
  /** In the order of the data; none where there is nothing new. */
  readonly shards: ReadonlyArray<Shard<R>>;
  /** How far earlier commits came, and how far this one comes; for incremental sources. */
  readonly cursor?: { readonly from?: string; readonly to?: string };
  /**
   * - `one`: all shards belong to one task: the source counts requests, or a moment must not be seen by two.
   * - `each`: every shard has a task of its own, which is told its `read` when it starts.
   *
   * @default - as many tasks as the work is worth
   */
  readonly tasks?: 'one' | 'each';
}

/** What a kind of source works with. */
export interface SourceDeps {
  readonly report: Report;
  readonly signal: AbortSignal;
  readonly secret: ReadSecret;
  /** Folder in which a container that ended before this one left its files. */
  readonly filesFolder?: string;
}

export interface PlanCall<S> extends SourceDeps {
  readonly source: S;
  readonly dataset: Dataset;
  readonly input: IngestInput;
  /** The newest commit of the dataset, whose `cursor.to` tells how far it came. */
  readonly last?: RawManifest;
  /** Of a replay: the commit whose batch is read again, from its `cursor.from` up to its `cursor.to`, or its `range`. `last` ends where it began. */
  readonly replays?: RawManifest;
  /** Committed versions by URL: of the last commit for a snapshot, of all commits otherwise. Empty where the kind does not remember. */
  readonly known: KnownShards;
  /** What the newest of the run's earlier attempts had planned to read. */
  readonly planned?: { readonly from?: string; readonly to?: string };
  /** @default - the clock */
  readonly now?: Date;
}

/** A connection to a source, for the shards of one task. */
export interface SourceSession<R = unknown> {
  read(shard: ShardToRead<R>, onRetry: (note: RetryNote) => void): ShardReader;
  close(): Promise<void>;
}

/** A connection to a source whose shards become several parts each. */
export interface SeriesSession<R = unknown> {
  series(shard: ShardToRead<R>, onRetry: (note: RetryNote) => void): ShardSeries;
  close(): Promise<void>;
}

export interface ShardToRead<R = unknown> extends Shard<R> {
  /** What an earlier commit knows of the same URL; lets the source answer that nothing changed. */
  readonly validators?: SourceIdentity;
}

/** Where bytes come from: one implementation for each kind of source. */
export interface SourceKind<S extends SourceSettings = SourceSettings, R = unknown> {
  /** Whether a shard can be asked for only if it has changed; then Plan looks up what is known of it. */
  readonly remembers: boolean;
  /** What decides the bytes of a shard beside its URL and version, equal in all attempts of a run. @default - `read` and all settings */
  decides?(source: S, read: R): unknown;
  /** Reads the members of the settings that only this kind has; notes every problem in `fields`. */
  parse(fields: Fields, common: Omit<SourceSettings, 'kind'>): S;
  /** The place of the whole source, without secrets, as it stands in commits. */
  url(source: S): string;
  plan(call: PlanCall<S>): Promise<SourcePlan<R>>;
  connect(source: S, deps: SourceDeps): Promise<SourceSession<R> | SeriesSession<R>>;
}
