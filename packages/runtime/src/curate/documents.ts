import type { RejectCode } from '../contract/reject-codes';
import type { CommitKind, ContractIdentity, CuratedPart, PartCompression, QuarantinePart } from '../run/manifest';
import type { CurateOperation } from './curate-input';

/** `plan.json` of one curate attempt. The lists are beside it: `items.json` for Rows, `units.json` for Shape. */
export interface CuratePlan {
  readonly schemaVersion: 1;
  readonly pipeline: string;
  readonly runId: string;
  readonly attempt: number;
  readonly attemptId: string;
  readonly plannedAt: string;
  readonly operation: CurateOperation;
  readonly contract: ContractIdentity;
  /** The datasets that take part, in the order of the contract, with or without work. */
  readonly datasets: readonly string[];
  readonly items: number;
  readonly units: number;
  /** Who shapes them, each once. */
  readonly engines: readonly ShapeItem['engine'][];
  readonly compactions: number;
}

/** One raw part for Rows, or a share of one. */
export interface RowsItem {
  readonly index: number;
  readonly dataset: string;
  /** Index of the unit that the part belongs to. */
  readonly unit: number;
  readonly unitId: string;
  /** Number of the raw commit. */
  readonly ingestSeq: number;
  /** 0-based position of the part in its raw manifest. */
  readonly part: number;
  readonly key: string;
  readonly bytes: number;
  readonly compression: PartCompression;
  readonly share?: PartShare;
  /** Who reads the typed rows. */
  readonly engine: ShapeItem['engine'];
}

/** A range of a large part's records: one of `of` of about equal bytes, from 0. `index` is the key of its record index. */
export interface PartShare {
  readonly number: number;
  readonly of: number;
  readonly index: string;
}

/** One ingest commit for Shape. */
export interface ShapeItem {
  readonly index: number;
  readonly dataset: string;
  readonly unitId: string;
  readonly ingestSeq: number;
  readonly ingestManifestKey: string;
  readonly kind: Extract<CommitKind, 'ingest' | 'rerun'>;
  /** Of a rerun: the unit whose place it takes. */
  readonly replaces?: string;
  /** Raw commits whose units leave the current view when this unit is committed. */
  readonly supersedesIngestSeqs: readonly number[];
  /** Number of the raw commit that took the place of this unit's before that was curated: it has no items, and is committed without rows. */
  readonly supersededBy?: number;
  /** Who shapes it. */
  readonly engine: 'duckdb' | 'spark';
  /** Of Spark, the driver included; absent where all runs have the same. */
  readonly workers?: number;
  /** The Rows items of the unit: `firstItem` and the `items - 1` after it. */
  readonly firstItem: number;
  readonly items: number;
}

/** Commits whose files are written again as fewer ones. */
export interface CompactItem {
  readonly index: number;
  readonly dataset: string;
  readonly unitId: string;
  /** Numbers of the commits in the curated log, compactions among them, in order. */
  readonly commits: readonly number[];
  /** The newest raw commit among them. */
  readonly ingestSeq: number;
  readonly ingestManifestKey: string;
}

/** `compact/<index>.json` */
export interface CompactResult {
  readonly unitId: string;
  readonly counts: { readonly rows: number; readonly filesBefore: number; readonly written: number };
  /** All files of the commit: those that were written, and those that stay as they are. */
  readonly parts: readonly CuratedPart[];
}

/** What a raw part held: three outcomes that must not be confused. */
export type PartContent = 'records' | 'header-only' | 'empty';

/** A file of typed rows between Rows and Shape. Rows whose `_reject` is not NULL are in quarantine already, or left out by the filter. */
export interface RowsFile {
  readonly key: string;
  readonly bytes: number;
  readonly sha256: string;
  /** Rows whose `_reject` is NULL; may be none where duplicates are counted before rejection. */
  readonly kept: number;
}

export type CodeCounts = { readonly [code in RejectCode]?: number };

/** `rows/<index>.json` */
export interface RowsResult {
  /** The unit and part that were read: readers find results by number, and check by these that the number means the same. */
  readonly unitId: string;
  readonly key: string;
  readonly content: PartContent;
  /** Decompressed. */
  readonly sourceBytes: number;
  readonly counts: { readonly parsed: number; readonly kept: number; readonly rejected: number };
  /** Of the kept records, those that the dataset's filter leaves out: they are in no file. */
  readonly filtered: number;
  readonly files: readonly RowsFile[];
  readonly quarantine: { readonly parts: readonly QuarantinePart[]; readonly byCode: CodeCounts };
  /** Records as parsed that each quality rule on single records counts, by the rule's number in its dataset; absent where there is no rule. */
  readonly quality?: Readonly<Record<number, number>>;
}

/** `shape/<index>.json` */
export interface ShapeResult {
  readonly unitId: string;
  readonly engine: 'duckdb' | 'spark';
  readonly counts: { readonly kept: number; readonly written: number; readonly deduplicated: number; readonly filtered: number };
  readonly parts: readonly CuratedPart[];
  /** What quality rules over all rows gave, as exact decimal text, by the rule's number in its dataset; NULL where SQL gave NULL. */
  readonly quality?: Readonly<Record<number, string | null>>;
}
