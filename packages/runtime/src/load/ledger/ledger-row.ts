/** Who asks for the right to publish. */
export interface Claimant {
  readonly pipeline: string;
  readonly attemptId: string;
}

/** What became of the staged rows of one load, and of the target's. */
export interface LoadCounts {
  readonly staged: number;
  readonly inserted: number;
  readonly updated: number;
  readonly unchanged: number;
  /** Staged rows that are delete markers. */
  readonly deleted: number;
  /** Staged rows that are older than the target's row of the same key. */
  readonly stale: number;
  /** Rows of the target that a replacement took away; not part of the balance. */
  readonly removed: number;
}

export const NO_COUNTS: LoadCounts = { staged: 0, inserted: 0, updated: 0, unchanged: 0, deleted: 0, stale: 0, removed: 0 };

export interface LedgerRow extends LoadCounts {
  readonly seq: number;
  readonly ingestSeq: number;
  /**
   * `overtaken`: a newer snapshot, or a commit that supersedes it, was loaded instead, or it was past its retention; its own rows never were in
   * the table.
   */
  readonly outcome: 'loaded' | 'overtaken';
  readonly loadId: string;
  readonly epoch: bigint;
  readonly attemptId: string;
  readonly manifestKey: string;
  readonly contractVersion: string;
  readonly codeVersion: string;
  readonly writeMode: string;
}

/** The log that a commit number counts in. */
export interface CommitSource {
  readonly pipeline: string;
  readonly dataset: string;
}

/** A part whose rows are in the staging table of its load. */
export interface StagedPart {
  readonly key: string;
  readonly sha256: string;
  readonly records: number;
}
