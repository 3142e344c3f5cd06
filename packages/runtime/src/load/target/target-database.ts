import type { Column, ColumnType, Dataset } from '../../contract/contract';
import type { Facts, PipelineError } from '../../errors/pipeline-error';
import type { Progress } from '../../report/progress';
import type { Report } from '../../report/report';
import type { CuratedPart } from '../../run/manifest';
import type { PartFile } from '../copy/part-file';
import type { DdlAuthor } from '../ledger/ddl-author';
import type { Claimant, CommitSource, LedgerRow, LoadCounts, StagedPart } from '../ledger/ledger-row';
import type { LeaseClaimant, LeaseHolder } from '../lease/lease';
import type { LoadColumn } from '../load-plan';
import type { StepCall } from '../../run/task';
import type { DatabaseAddress, LoadDatabase, LoadSettings, WriteMode } from '../settings';
import type { StagingMark, StagingTable } from '../staging';
import type { TableName } from '../table-name';
import type { GuardMark, GuardTable } from '../write/guard-table';
import type { ReadCredentials } from './credentials';
import type { PreflightCall } from './preflight';

/** What a step needs to reach the target. */
export interface TargetAccess {
  readonly target: LoadDatabase;
  readonly credentials: ReadCredentials;
  readonly lockTimeoutSeconds: number;
  readonly report: Report;
  readonly signal: AbortSignal;
}

/** What a step of a load is given of it. */
export function accessOf({ settings: { target, lockTimeoutSeconds }, report, signal }: Pick<StepCall<LoadSettings>, 'settings' | 'report' | 'signal'>, credentials: ReadCredentials): TargetAccess {
  return { target, credentials, lockTimeoutSeconds, report, signal };
}

/** What differs between the databases that rows are loaded into; claim, stage and publish are the same for all of them. */
export interface TargetDatabase {
  /** What a column is called there; a load is made anew where it changes. */
  typeOf(type: ColumnType): string;
  /**
   * Opens a session, hands it to `use` and ends it, whatever happens.
   *
   * When the signal aborts, the socket is cut: the server then rolls back what was open.
   */
  withSession<T>(access: TargetAccess, purpose: string, use: (session: TargetSession) => Promise<T>): Promise<T>;
  /** Opens a downloaded part, to be copied by a session of this database. */
  openPart(file: string, part: CuratedPart, columns: readonly LoadColumn[]): Promise<PartFile>;
  /** Turns anything that a session threw into a PipelineError. `doing` says what was being done, as in `copying <key>`. */
  failure(thrown: unknown, doing: string, facts?: Facts): PipelineError;
  /** Where statements of the stage's owner run: in the transaction that publishes, or beside it where some of them would commit. */
  readonly statements: 'inside' | 'outside';
  /** Whether the server may or may not have done what it was last asked: the answer never came. */
  isConnectionLoss(thrown: unknown): boolean;
}

/** Rows of a staging table that DMS has filled. */
export interface TaggedRows {
  readonly all: number;
  /** Those that bear the tag of this load. */
  readonly own: number;
}

/** What a load through DMS needs besides: rows of its staging tables bear the tag of their load. */
export interface DmsStaging {
  /**
   * Empties the table, gives it the column of the tag, and forgets what was staged and what DMS wrote down. Only inside
   * {@link TargetSession.exclusively}.
   */
  clear(ledgerSchema: string, staging: TableName, loadId: string): Promise<void>;
  count(staging: TableName, tag: string): Promise<TaggedRows>;
  /** What all rows add up to, by `ROW_SUM`; absent where the server refuses each value that it cannot hold as it is. */
  rowSum?(staging: TableName, columns: readonly Column[]): Promise<bigint>;
  /** What DMS wrote down about rows that it could not apply, newest first. */
  exceptions(schema: string, staging: TableName): Promise<string[]>;
}

/** One open session. Methods work in the open transaction, where there is one. */
export interface TargetSession {
  /** Runs `work` in a transaction; rolls back on failure. A failure of COMMIT itself leaves the outcome unknown. */
  transaction<T>(work: () => Promise<T>): Promise<T>;
  /**
   * Runs `work`, which may make and drop tables, while no other load of this ledger does: in one transaction where the
   * database can take tables back, and statement by statement under a lock where it cannot.
   */
  exclusively<T>(ledgerSchema: string, work: () => Promise<T>): Promise<T>;

  /** Whether there is such a table. */
  exists(table: TableName): Promise<boolean>;
  /**
   * What would fail hours later, when all rows are staged, told before the first one is.
   *
   * @returns how many parts may be copied at the same time: what the settings say, or what the server has room for.
   * @throws PipelineError `TARGET_CONNECTIONS`, which may pass; `TARGET_PREFLIGHT` with everything that does not.
   */
  preflight(call: PreflightCall): Promise<number>;
  /** Throws a transient `TARGET_READ_ONLY` where the server takes no writes. */
  requireWriter(address: DatabaseAddress): Promise<void>;

  /** Makes what is missing of the ledger, and notes how; or throws `LEDGER_MISSING` with the statements where `manage` is false. */
  ensureLedger(ledgerSchema: string, manage: boolean, by: DdlAuthor): Promise<void>;
  /** Takes the lease of a table, or returns the run of another slot that holds it. It saves work; what keeps rows right is the epoch. */
  takeLease(ledgerSchema: string, target: TableName, by: LeaseClaimant): Promise<LeaseHolder | undefined>;
  /** Says that this attempt is at work, for all the leases that it holds. */
  renewLease(ledgerSchema: string, by: LeaseClaimant): Promise<void>;
  /** Gives back what this attempt holds; with `earlier`, what earlier ones of its slot do too. A later one is at work. */
  releaseLease(ledgerSchema: string, by: LeaseClaimant, earlier: boolean): Promise<void>;
  /**
   * Takes the right to publish into a table: the epoch goes up, and whoever held an older one is refused from now on.
   *
   * The same attempt gets the same epoch again, so that a claim that is repeated does not fence its own parts.
   */
  claimEpoch(ledgerSchema: string, target: TableName, by: Claimant): Promise<bigint>;
  /**
   * Checks that nobody claimed the table since `epoch`.
   *
   * `share` holds claims off until the transaction ends; `update` holds other publishers off too; `none` is a look.
   * Throws a terminal `EPOCH` that names both.
   */
  requireEpoch(ledgerSchema: string, target: TableName, epoch: bigint, lock: 'none' | 'share' | 'update'): Promise<void>;
  /** Finishes or takes back what an earlier publication of the table left between two steps, where one can be left there. */
  settle(ledgerSchema: string, target: TableName, epoch: bigint): Promise<void>;
  /** All that was published into a table from one commit log, in commit order; or the one commit `seq`. */
  readLedger(ledgerSchema: string, target: TableName, source: CommitSource, seq?: number): Promise<LedgerRow[]>;

  /**
   * Makes the target table where it is missing, adds columns and widens types where the schema policy lets it grow, and checks
   * the rest against the contract. Each statement is noted in `load_ddl`.
   *
   * Throws one `TARGET_SCHEMA` that lists every difference with the statement that cures it.
   */
  ensureTarget(target: TableName, dataset: Dataset, writeMode: WriteMode, manage: boolean, by: DdlAuthor): Promise<'made' | 'there'>;

  /**
   * Makes what a write mode remembers by, unless it is there, and gives its columns the types that the contract and the target have now.
   * Throws `TARGET_SCHEMA` where it remembers by other columns or for another dataset. It stays as long as the target table.
   *
   * @param since for a new one: the newest ingest commit that is loaded without its being noted there
   */
  ensureGuard(guard: GuardTable, target: TableName, by: DdlAuthor, since: number): Promise<void>;
  /** What a guard says about itself; undefined where there is none. */
  readGuard(guard: GuardTable): Promise<GuardMark | undefined>;

  /** Makes the staging table unless it is there: the contract's columns and no constraint, kept through a crash of the server. */
  ensureStaging(staging: TableName, dataset: Dataset, mark: StagingMark): Promise<void>;
  /** Staging tables of one dataset and target that no load in `keep` needs: of published loads, and of older contracts. */
  leftoverStaging(ledgerSchema: string, of: Omit<StagingMark, 'loadId'>, keep: ReadonlySet<string>): Promise<StagingTable[]>;
  /** Drops a staging table and what is noted about it; waits for readers no longer than `waitSeconds`. */
  dropStaging(staging: TableName, loadId: string, waitSeconds: number): Promise<void>;
  countStaged(staging: TableName): Promise<number>;

  /** Sends the rows of a part. Needs an open transaction. Returns the number of rows that the server took. */
  copyPart(staging: TableName, part: PartFile, progress: Progress, signal: AbortSignal): Promise<number>;
  /** The parts that are staged for a load; all of them, or the one with `key`. */
  readStagedParts(ledgerSchema: string, loadId: string, key?: string): Promise<StagedPart[]>;
  /**
   * Notes a part as staged, in the transaction that holds its rows.
   *
   * @returns false when another try of the same part committed first: this transaction's rows must then be rolled back.
   */
  noteStagedPart(ledgerSchema: string, loadId: string, epoch: bigint, part: StagedPart): Promise<boolean>;

  /** Forgets the parts that are noted as staged for a load. */
  forgetStagedParts(ledgerSchema: string, loadId: string): Promise<void>;

  readonly dms: DmsStaging;

  /** Runs one statement that somebody else wrote, and nothing else with it; the server ends it after `timeoutSeconds`. */
  runStatement(sql: string, timeoutSeconds: number): Promise<void>;

  /** Makes staged rows visible together with their ledger rows, all or none. */
  publish(publication: Publication): Promise<Published>;
}

/** One commit that is staged, and what belongs to it. */
export interface Publication {
  readonly ledgerSchema: string;
  readonly source: CommitSource;
  readonly seq: number;
  readonly ingestSeq: number;
  readonly loadId: string;
  readonly epoch: bigint;
  readonly dataset: Dataset;
  readonly target: TableName;
  readonly staging: TableName;
  readonly writeMode: WriteMode;
  /** An operator allows more deletes for this commit than the write mode does. */
  readonly allowDeletes: boolean;
  /** Whether the staging table may have rows. */
  readonly hasParts: boolean;
  /** Runs the statements of the stage's owner, when it is clear that this session publishes. */
  before(): Promise<void>;
  /** The same behind the rows and their ledger rows; only where statements run inside of the transaction. */
  after(): Promise<void>;
  /** Compares the staging table with the manifest and returns its rows; throws before anything is written. */
  checkStaged(): Promise<number>;
  /** The ledger rows of a write that did this; throws where the counts do not add up. */
  ledgerRows(counts: LoadCounts): LedgerRow[];
}

export type Published =
  | { readonly outcome: 'committed'; readonly counts: LoadCounts }
  /** Another session was faster. */
  | { readonly outcome: 'already-committed'; readonly row: LedgerRow };
