import type { ColumnType } from '../contract/contract';
import type { CuratedPart } from '../run/manifest';
import type { DatasetResult } from '../run/stage-io';
import type { LeaseHolder } from './lease/lease';
import type { WriteMode } from './settings';
import type { TableName } from './table-name';

/** A column that is copied. */
export interface LoadColumn {
  readonly name: string;
  /** As the contract has it, and so the staging table. */
  readonly type: ColumnType;
  /** As the commit's manifest has it, and so the file; never wider than `type`. */
  readonly stored: ColumnType;
}

/** One commit on its way into one table. */
export interface LoadUnit {
  readonly dataset: string;
  readonly seq: number;
  readonly ingestSeq: number;
  /** The unit id of the curate commit. */
  readonly attemptId: string;
  readonly manifestKey: string;
  readonly contractVersion: string;
  /** The same for every attempt to load this commit into this table, so that staged parts are found again. */
  readonly loadId: string;
  /** Decimal text: a bigint of the target. */
  readonly epoch: string;
  readonly target: TableName;
  readonly staging: TableName;
  readonly writeMode: WriteMode;
  /** An operator's word that this commit may take away more rows than the write mode allows. */
  readonly allowDeletes?: true;
  /** Columns that contract and manifest have in common, in contract order; the others of the contract become NULL. */
  readonly columns: readonly LoadColumn[];
  readonly parts: number;
  readonly records: number;
  /** Items that stage it: a run of indexes in `items.json`. */
  readonly items: { readonly first: number; readonly count: number };
  /**
   * How long publishing takes by the pace of the last loads; put off to the next window where less than half of it is left. Absent where
   * unknown, or too long for a window of its own.
   */
  readonly publishSeconds?: number;
  /**
   * Pending commits that this one makes needless: older snapshots, and what it supersedes; of the first one also those that were past their
   * retention. They get ledger rows of their own.
   */
  readonly overtaken: readonly Overtaken[];
}

export interface Overtaken {
  readonly seq: number;
  readonly ingestSeq: number;
  readonly attemptId: string;
  readonly manifestKey: string;
  readonly contractVersion: string;
}

/** A commit that is not loaded now, with the reason and the cure. */
export interface HeldCommit {
  readonly dataset: string;
  readonly seq: number;
  readonly reason: string;
}

/** A commit that cannot be loaded as things are; later ones of its dataset wait for it. */
export interface RefusedCommit extends HeldCommit {
  /** @default 'WINDOW_TOO_SHORT' */
  readonly code?: 'TARGET_SPACE';
}

/** `plan.json` of a load: written by Claim, read by Stage and Publish. */
export interface LoadPlan {
  readonly schemaVersion: number;
  readonly pipeline: string;
  readonly slot: string;
  readonly attempt: number;
  /** ISO 8601: when the window closes. Work that has not begun by then waits for the next attempt. */
  readonly deadline?: string;
  /** ISO 8601: no part is begun from then on, so that what is staged by then is published before the deadline. @default - the deadline */
  readonly stageUntil?: string;
  /** Bytes per second that each task may send to the target. @default - no limit */
  readonly bytesPerSecond?: number;
  /** In the order in which they are published. */
  readonly units: readonly LoadUnit[];
  readonly held: readonly HeldCommit[];
  /** How many commits wait for the next load because this window, or the database's disk, cannot hold them, by dataset; others are left out. */
  readonly later?: Readonly<Record<string, number>>;
  /** Who loads into the table of a dataset already, so that this attempt leaves it; datasets that nobody else loads are left out. */
  readonly busy?: Readonly<Record<string, LeaseHolder>>;
  /** Commits that no window can hold, or not the database's disk. What else there is gets loaded; then the load fails with these. */
  readonly refused?: readonly RefusedCommit[];
  /** How many pending commits were past their retention before they were loaded, by dataset; datasets without are left out. */
  readonly expired?: Readonly<Record<string, number>>;
  /** Every dataset of the contract, in its order. */
  readonly datasets: readonly string[];
}

/** One member of `items.json`: parts that one task stages, one after the other. */
export interface LoadItem {
  /** Index in `plan.units`. */
  readonly unit: number;
  readonly dataset: string;
  readonly seq: number;
  readonly loadId: string;
  readonly epoch: string;
  readonly staging: TableName;
  /** Empty for a commit without parts: it has one item all the same, so "no items" always means "no work". */
  readonly parts: readonly CuratedPart[];
}

/** `claim.json`: what the state machine goes on with. */
export interface ClaimDocument {
  readonly schemaVersion: number;
  readonly items: { readonly bucket: string; readonly key: string; readonly count: number };
  readonly plan: { readonly bucket: string; readonly key: string };
  /** How many items are staged at the same time: what the settings say, or what the database has room for. */
  readonly connections: number;
  /** When staging ends, an instant of ISO 8601: early enough to publish before the window closes. Absent for a load without an end. */
  readonly until?: string;
  /** The stage's output, exactly when there are no items. */
  readonly output?: LoadOutcome;
}

/**
 * What became of one dataset. Beyond the outcomes that all stages share:
 *
 * - `busy`: a run of another slot is loading into the table; `busy` says which.
 * - `drained`: the window closed before all of it was published; the next attempt goes on with what is staged.
 * - `held`: commits wait for something that `held` names.
 * - `outside-window`: the load was started outside of its window and did nothing.
 */
export interface LoadResult extends Omit<DatasetResult, 'outcome'> {
  readonly outcome: DatasetResult['outcome'] | 'busy' | 'drained' | 'held' | 'outside-window';
  /** Published by this attempt, oldest first. */
  readonly loaded: readonly { readonly seq: number; readonly loadId: string }[];
  readonly held?: readonly { readonly seq: number; readonly reason: string }[];
  readonly busy?: LeaseHolder;
}

/** `outcome.json`: the output of the stage. */
export interface LoadOutcome {
  readonly schemaVersion: number;
  readonly pipeline: string;
  readonly slot: string;
  readonly attempt: number;
  readonly datasets: Readonly<Record<string, LoadResult>>;
  /** Why nothing was done outside of the window, and when it opens next. */
  readonly window?: { readonly reason: string; readonly opens: string };
}
