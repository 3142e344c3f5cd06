import type { Count, ContractIdentity, ManifestColumn, RawPart, SourceIdentity, Timing } from '../run/manifest';
import type { CountRule } from './record-counter';
import type { HttpSourceSettings } from './settings';

/** `plan.json` of an ingest attempt. Commit goes by it, so that a deploy between the two changes nothing. */
export interface IngestPlan {
  readonly schemaVersion: number;
  readonly stage: 'ingest';
  readonly pipeline: string;
  readonly runId: string;
  readonly attempt: number;
  readonly attemptId: string;
  readonly plannedAt: string;
  readonly codeVersion: string;
  readonly contract: ContractIdentity;
  readonly datasets: Readonly<Record<string, PlannedDataset>>;
}

export interface PlannedDataset {
  readonly columns: readonly ManifestColumn[];
  readonly source: HttpSourceSettings;
  /** Index of the pull; absent when this run has committed the dataset before. */
  readonly item?: number;
  /** The commit of an earlier attempt of this run. */
  readonly committed?: { readonly seq: number; readonly manifestKey: string };
}

/** One entry of `items.json`: what a pull needs, and nothing that a notice should not show. */
export interface PullItem {
  readonly dataset: string;
  readonly shard: number;
  readonly source: HttpSourceSettings;
  /** What the last commit of the same URL knows; `since` is its number. */
  readonly validators?: SourceIdentity;
  readonly since?: number;
  readonly count: CountRule;
  readonly raw: { readonly bucket: string; readonly key: string };
}

/** `pull/<index>.json`. */
export type PullResult = LandedResult | UnchangedResult;

interface PullHead {
  readonly dataset: string;
  readonly timing: Timing;
  readonly peakMemoryBytes: number;
}

export interface UnchangedResult extends PullHead {
  readonly outcome: 'unchanged';
  readonly since: number;
}

export interface LandedResult extends PullHead {
  readonly outcome: 'landed';
  readonly part: RawPart;
  readonly headerLines: Count;
  readonly source: { readonly url: string; readonly identity: SourceIdentity; readonly bytes: Count };
  /** Tries that the download took. 0 when the object of an earlier try was kept. */
  readonly tries: number;
}

/** Output of the Plan state. */
export interface IngestPlanOutput {
  readonly items: { readonly bucket: string; readonly key: string; readonly count: number };
  readonly plan: { readonly bucket: string; readonly key: string };
  readonly attemptId: string;
  readonly runId: string;
}
