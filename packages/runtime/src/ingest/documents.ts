import type { History } from '../contract/contract';
import type { CommitKind, Count, ContractIdentity, ManifestColumn, RawPart, SourceIdentity, Timing } from '../run/manifest';
import type { ObjectRef } from '../stores/object-store';
import type { ListSchedule } from './late-watch';
import type { CountRule } from './record-counter';
import type { Shard, SourceSettings } from './source/source-kind';
import type { TaskMemory } from './task-memory';

/** `plan.json` of an ingest attempt. Commit goes by it, so that a deploy between the two changes nothing. */
export interface IngestPlan {
  readonly schemaVersion: number;
  readonly stage: 'ingest';
  readonly kind: CommitKind;
  readonly pipeline: string;
  readonly runId: string;
  readonly attempt: number;
  readonly attemptId: string;
  readonly plannedAt: string;
  readonly codeVersion: string;
  readonly contract: ContractIdentity;
  readonly datasets: Readonly<Record<string, PlannedDataset>>;
  /** The work lists, one for each task. */
  readonly items: ObjectRef & { readonly count: number };
  /** What is taken over from earlier attempts of the run; absent where nothing is. */
  readonly takenOver?: ObjectRef;
  readonly estimate: PlanEstimate;
}

/** `taken-over-<hash>.json`: results of earlier attempts, with those shards only that need no task any more. */
export interface TakenOver {
  readonly schemaVersion: number;
  readonly datasets: Readonly<Record<string, readonly PullResult[]>>;
}

/** What the pulls will take, told before they start. */
export interface PlanEstimate {
  readonly seconds: number;
  readonly usd: number;
  readonly basis: 'measured' | 'assumed';
  readonly tasks: number;
  /** Tasks that run at once. */
  readonly concurrency: number;
  /** vCPU of Fargate that the account may run, where they are what limits `concurrency`. */
  readonly quotaVcpus?: number;
  readonly shards: number;
  /** Where every shard's size is known. */
  readonly bytes?: number;
}

export interface PlannedDataset {
  readonly columns: readonly ManifestColumn[];
  readonly history: History;
  readonly source: SourceSettings;
  /** The source as a whole, without secrets. */
  readonly url: string;
  /** The pulls of this dataset in the list of items; none where the source has nothing new. */
  readonly pulls: { readonly first: number; readonly count: number };
  readonly cursor: { readonly from?: string; readonly to?: string };
  /** The newest commit of the dataset when it was planned; absent before the first. */
  readonly after?: number;
  /** How large the tasks of the last commit had to be. */
  readonly memory?: TaskMemory;
  /** The range of a back-fill; also where a replay reads one again. */
  readonly range?: { readonly from: string; readonly to: string };
  /** Of a replay: the run whose place the commit takes. */
  readonly supersedes?: readonly string[];
  /** The commit of an earlier attempt of this run; then there are no pulls. */
  readonly committed?: { readonly seq: number; readonly manifestKey: string };
}

/** One item: the work list of one task, and nothing that a notice should not show. */
export interface PullItem {
  readonly dataset: string;
  readonly source: SourceSettings;
  readonly count: CountRule;
  readonly shards: readonly PlannedShard[];
  /** Where the run has a deadline. */
  readonly schedule?: ListSchedule;
}

export interface PlannedShard extends Shard {
  /** Number of the part in the batch, from 0. */
  readonly part: number;
  readonly raw: ObjectRef;
  /** Equal in two attempts where the shard is the same work. */
  readonly fingerprint: string;
  /** What earlier attempts of the run have of it; kept where the source still has that version. */
  readonly earlier?: EarlierShard;
  /** What an earlier commit of the same URL knows; `since` is its number. */
  readonly validators?: SourceIdentity;
  readonly since?: number;
}

/** Exactly one of the two is there. */
export interface EarlierShard {
  /** As an earlier attempt's result told it. */
  readonly landed?: LandedShard;
  /** Attempts that may have landed it and left no result, newest first: their task was killed, or failed at another shard. */
  readonly attempts?: readonly number[];
}

/** `pull/<index>.json`. */
export interface PullResult {
  readonly schemaVersion: number;
  readonly dataset: string;
  readonly shards: readonly ShardResult[];
  /** How far the shards came, where only reading them told. */
  readonly cursorTo?: string;
  readonly timing: Timing;
  readonly peakMemoryBytes: number;
  /** Memory that the container was started with. */
  readonly taskMemoryMiB?: number;
}

export type ShardResult = LandedShard | UnchangedShard | MissingShard;

interface ShardOutcome {
  /** Number of the shard in the batch, from 0; parts of a series have the same. */
  readonly shard?: number;
}

/** The source has no such file, and may lack it. */
export interface MissingShard extends ShardOutcome {
  readonly outcome: 'missing';
  readonly cursor?: string;
}

export interface UnchangedShard extends ShardOutcome {
  readonly outcome: 'unchanged';
  readonly since: number;
  readonly cursor?: string;
}

export interface LandedShard extends ShardOutcome {
  readonly outcome: 'landed';
  readonly part: RawPart;
  readonly headerLines: Count;
  /** What the source announced. */
  readonly told: { readonly bytes: Count; readonly records: Count };
  /** Tries that the reading took. 0 when the object of an earlier try or attempt was kept. */
  readonly tries: number;
  /** As planned. */
  readonly fingerprint?: string;
  /** The earlier attempt of the run that pulled it. */
  readonly takenOver?: number;
  /** How far the source is read with it; as planned. */
  readonly cursor?: string;
}

/** Output of the Plan state. */
export interface IngestPlanOutput {
  readonly items: ObjectRef & { readonly count: number };
  readonly plan: ObjectRef;
  readonly attemptId: string;
  readonly runId: string;
  readonly estimate: PlanEstimate;
}
