import type { Dataset } from '../contract';
import { dmsColumn } from './dms-column';

export interface DmsTaskSettingsOptions {
  /** Schema of the tables that DMS keeps for itself. */
  readonly controlSchema: string;
  /** Tables that one task loads at the same time, 1 to 49. */
  readonly parallelTables: number;
  /** Longest text of a column without a length, in KiB, 1 to 102,400. */
  readonly maxTextKiB: number;
  /** Whether the task writes a log to CloudWatch, which needs the role `dms-cloudwatch-logs-role` in the account. */
  readonly logging: boolean;
}

/** Memory that large objects of one table may take: DMS holds room for the longest one, in each row that travels together. */
const LOB_BYTES = 256 * 1024 * 1024;
const DEFAULT_COMMIT_RATE = 10_000;
const MIN_COMMIT_RATE = 100;
/** Kilobytes. Without a meaning in the mode that is used, but DMS wants a number. */
const LOB_CHUNK_KIB = 64;

/**
 * The settings of a task that loads or stops: no record is passed over, cut off or only logged, and nothing of the target is changed but rows.
 *
 * The mode for large objects is the limited one, because S3 has no full one. It cuts off what is too long, so the hand-off refuses that before.
 */
export function dmsTaskSettings(datasets: readonly Dataset[], options: DmsTaskSettingsOptions): object {
  const most = Math.max(0, ...datasets.map((dataset) => (
    dataset.columns.filter((column) => dmsColumn(column, dataset.primaryKey.includes(column.name)).ColumnType === 'CLOB').length)));
  return {
    TargetMetadata: {
      TargetSchema: '', SupportLobs: most > 0, FullLobMode: false, LobChunkSize: LOB_CHUNK_KIB, LimitedSizeLobMode: most > 0, LobMaxSize: options.maxTextKiB,
      BatchApplyEnabled: false,
    },
    FullLoadSettings: {
      TargetTablePrepMode: 'DO_NOTHING', CreatePkAfterFullLoad: false, StopTaskCachedChangesApplied: false, StopTaskCachedChangesNotApplied: false,
      MaxFullLoadSubTasks: options.parallelTables, TransactionConsistencyTimeout: 600, CommitRate: commitRate(most, options.maxTextKiB),
    },
    Logging: { EnableLogging: options.logging },
    ControlTablesSettings: {
      ControlSchema: options.controlSchema, HistoryTableEnabled: false, SuspendedTablesTableEnabled: false, StatusTableEnabled: false,
    },
    ErrorBehavior: {
      DataErrorPolicy: 'STOP_TASK', DataTruncationErrorPolicy: 'STOP_TASK', DataMaskingErrorPolicy: 'STOP_TASK',
      DataErrorEscalationPolicy: 'STOP_TASK', DataErrorEscalationCount: 0,
      TableErrorPolicy: 'STOP_TASK', TableErrorEscalationPolicy: 'STOP_TASK', TableErrorEscalationCount: 0,
      // A task that begins again by itself would load rows a second time.
      RecoverableErrorCount: 0,
      EventErrorPolicy: 'STOP_TASK', FailOnNoTablesCaptured: true, FullLoadIgnoreConflicts: false,
    },
    ValidationSettings: { EnableValidation: false },
  };
}

function commitRate(columns: number, maxTextKiB: number): number {
  if (columns === 0) return DEFAULT_COMMIT_RATE;
  return Math.min(DEFAULT_COMMIT_RATE, Math.max(MIN_COMMIT_RATE, Math.floor(LOB_BYTES / (columns * maxTextKiB * 1024))));
}
