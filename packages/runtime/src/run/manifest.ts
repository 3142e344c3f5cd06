import { userError } from '../errors/pipeline-error';

/** The version of every document that this code writes. Readers accept it and the one before it. */
export const SCHEMA_VERSION = 1;

/** Why a commit exists. `rerun` and `replay` name what they supersede. */
export type CommitKind = 'ingest' | 'rerun' | 'replay' | 'backfill' | 'compaction' | 'removal';

/** A column as the contract derives it, copied into each manifest so that later stages obey the manifest. */
export interface ManifestColumn {
  readonly name: string;
  readonly type: unknown;
  readonly nullable: boolean;
}

export interface ContractIdentity {
  readonly id: string;
  readonly version: string;
  /** SHA-256 of the contract's text, in hex. */
  readonly sha256: string;
}

export interface Timing {
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly endedAt: string;
}

/** Whole numbers, or `unknown` where nobody can tell without reading the bytes again; never a guess. */
export type Count = number | 'unknown';

/** By the first bytes of a part. */
export type PartCompression = 'none' | 'gzip' | 'zip' | 'zstd';

/** One object with the source's bytes. */
export interface RawPart {
  readonly key: string;
  readonly bytes: number;
  readonly sha256: string;
  /** Records without the header line. */
  readonly records: Count;
  readonly compression: PartCompression;
  /** Where records begin in a large part; see `ingest/record-index.ts`. */
  readonly recordIndex?: { readonly key: string; readonly entries: number };
  readonly contentType?: string;
  /** Where it came from, without secrets, and which version it was. */
  readonly source: { readonly url: string; readonly identity: SourceIdentity; readonly export?: SourceExport };
}

/** What the source said about the version that was read. Absent members were not told. */
export interface SourceIdentity {
  readonly etag?: string;
  readonly versionId?: string;
  /** Size at the source, where the version is told by it too. */
  readonly bytes?: number;
  readonly lastModified?: string;
  readonly sha256?: string;
}

/** How a database wrote a part: another server, version or setting may write the same values as other bytes. */
export interface SourceExport {
  /** Product and version. */
  readonly server: string;
  readonly dialect: {
    readonly header: boolean;
    readonly delimiter: string;
    readonly quote: string;
    readonly null: string;
    readonly quoteAll: boolean;
  };
  /** Settings of the session, as they were fixed. */
  readonly session: Readonly<Record<string, string>>;
  /**
   * - `snapshot`: this part, and those of the batch with the same `snapshot`, are of one moment.
   * - `shard`: this part alone is of one moment.
   * - `none`: the table's engine has no snapshots.
   */
  readonly consistency: 'snapshot' | 'shard' | 'none';
  /** The moment, as the server names it. */
  readonly snapshot?: string;
  /** Range of the shard key; open where a bound is absent. */
  readonly range?: { readonly column: string; readonly from?: string; readonly before?: string };
  readonly window?: ExportWindow;
}

/** The rows that an incremental run read, by its cursor. */
export interface ExportWindow {
  readonly column: string;
  /** Included, after the lag was taken off. */
  readonly from?: string;
  /** Included. */
  readonly to?: string;
  /** Excluded; of a backfill. */
  readonly before?: string;
  /** The lag. */
  readonly seconds?: number;
  readonly values?: number;
  /** Rows from `to` less the lag to `to` when the run was planned: more or fewer later on are news. */
  readonly boundaryRows?: number;
}

interface Commit {
  readonly schemaVersion: number;
  readonly pipeline: string;
  readonly dataset: string;
  /** The number of this commit in its log, from 1 without gaps. */
  readonly seq: number;
  readonly kind: CommitKind;
  readonly runId: string;
  readonly attempt: number;
  /** ISO 8601, UTC. */
  readonly committedAt: string;
  readonly contract: ContractIdentity;
  readonly columns: readonly ManifestColumn[];
  readonly codeVersion: string;
  /** Run ids (ingest) or unit ids (curate) that leave the current view with this commit. */
  readonly supersedes: readonly string[];
  readonly timing: Timing;
  /** The largest resident set of any process that took part. */
  readonly peakMemoryBytes: number;
}

/** An entry of the raw commit log. The entry is the manifest. */
export interface RawManifest extends Commit {
  readonly stage: 'ingest';
  /** The source as a whole; each part tells its own place and version. */
  readonly source: { readonly kind: string; readonly url: string };
  readonly cursor: { readonly from?: string; readonly to?: string };
  /** How fast one task read, over all tasks; absent where nothing was read. Plans of later runs go by it. */
  readonly bytesPerSecond?: number;
  /** The largest task that was needed, and for how many commits a smaller one would have done. */
  readonly memory?: { readonly taskMiB: number; readonly calmRuns: number; readonly calmRunsNeeded?: number };
  /** What a back-fill read, and a replay of it: from, included, up to `to`, excluded. */
  readonly range?: { readonly from: string; readonly to: string };
  readonly parts: readonly RawPart[];
}

/** One Parquet file. */
export interface CuratedPart {
  readonly key: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly records: number;
  readonly partition: Readonly<Record<string, string | null>>;
}

export interface QuarantinePart {
  readonly key: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly records: number;
}

/** What a quality rule of the contract gave for one batch. */
export interface QualityResult {
  /** The rule's id in its dataset. */
  readonly rule: string;
  readonly metric: string;
  readonly column?: string;
  /** Decimal text, of four places at most where it is a share; NULL where SQL gave no number. */
  readonly value: string | null;
  readonly unit: 'rows' | 'percent';
  /** Records that the metric counted; absent for SQL. */
  readonly records?: number;
  readonly operator: string;
  /** Decimal text as in the contract: one, or two for the between operators. */
  readonly limits: readonly string[];
  readonly passed: boolean;
  readonly severity: 'info' | 'warning' | 'error';
}

/** An entry of the curated commit log. */
export interface CuratedManifest extends Commit {
  readonly stage: 'curate';
  /** The unit id; equal to the folder of the parts. */
  readonly attemptId: string;
  /**
   * Of a removal: the units whose files go, those that never were in the log among them. What it supersedes leaves the current state, and its
   * files go with a later one.
   */
  readonly removed?: readonly string[];
  readonly engine: 'duckdb' | 'spark';
  /** 0 of a removal, which brings no batch. */
  readonly ingestSeq: number;
  readonly ingestManifestKey: string;
  /** Number of the raw commit that took the place of `ingestSeq` before that was curated; this one has no rows then. */
  readonly supersededBy?: number;
  readonly parts: readonly CuratedPart[];
  readonly quarantine: { readonly parts: readonly QuarantinePart[]; readonly byCode: Readonly<Record<string, number>> };
  /** In the order of the contract; absent where it has no rules. A rule with severity error has passed, or there is no commit. */
  readonly quality?: readonly QualityResult[];
  /** `hash`, `redact` or `drop` by column; absent where nothing is masked. Quarantine holds such values as they came. */
  readonly masks?: Readonly<Record<string, string>>;
  readonly balance: {
    readonly parsed: number; readonly kept: number; readonly rejected: number;
    readonly written: number; readonly deduplicated: number; readonly filtered: number;
  };
}

export type Manifest = RawManifest | CuratedManifest;

/**
 * What makes two commits the same work, so that it is published once.
 *
 * Ingest: one commit per run and kind. Curate: one commit per ingest commit, and one per run and ingest commit for
 * the kinds that repeat it on purpose.
 */
export function commitIdentity(manifest: Manifest): string {
  if (manifest.stage === 'ingest') return ingestIdentity(manifest.kind, manifest.runId);
  return curateIdentity(manifest.kind, manifest.runId, manifest.ingestSeq);
}

export function ingestIdentity(kind: CommitKind, runId: string): string {
  return `ingest/${kind}/${runId}`;
}

export function curateIdentity(kind: CommitKind, runId: string, ingestSeq: number): string {
  return kind === 'ingest' ? `curate/ingest/${ingestSeq}` : `curate/${kind}/${runId}/${ingestSeq}`;
}

/** Refuses a document that newer code wrote; `where` names the document in the text of the error. */
export function requireSchemaVersion(document: unknown, where: string): void {
  const version = (document as { schemaVersion?: unknown } | null)?.schemaVersion;
  if (typeof version !== 'number' || !Number.isInteger(version) || version < 1) {
    throw userError('DOCUMENT', `${where} has no schemaVersion, got ${JSON.stringify(version)}; it is not a document of this pipeline`, { where });
  }
  if (version > SCHEMA_VERSION) {
    throw userError(
      'DOCUMENT_VERSION',
      `${where} has schemaVersion ${version}, this stage reads up to ${SCHEMA_VERSION}; upgrade this stage's construct to the version of the stage that wrote it`,
      { where, version, supported: SCHEMA_VERSION },
    );
  }
}
