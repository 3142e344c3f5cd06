import { DmsRefusal, parseDocument, refuseOthers, type Document } from './refusal';

export type DataPolicy = 'IGNORE_RECORD' | 'LOG_ERROR' | 'SUSPEND_TABLE' | 'STOP_TASK';

/** What of a task's settings has a meaning here. */
export interface TaskSettings {
  readonly prepare: 'DO_NOTHING' | 'TRUNCATE_BEFORE_LOAD';
  readonly commitRate: number;
  /** Bytes; undefined where large objects are not carried. */
  readonly lobBytes?: number;
  readonly dataErrors: DataPolicy;
  readonly truncations: DataPolicy;
  readonly tableErrors: 'SUSPEND_TABLE' | 'STOP_TASK';
  readonly failOnNoTables: boolean;
}

const RECORD = ['IGNORE_RECORD', 'LOG_ERROR', 'SUSPEND_TABLE', 'STOP_TASK'];
const TABLE = ['SUSPEND_TABLE', 'STOP_TASK'];

/** Documented settings of each group: a list of values, a type, or the smallest and largest number. */
const GROUPS: Readonly<Record<string, Readonly<Record<string, readonly string[] | 'boolean' | 'text' | 'any' | readonly [number, number]>>>> = {
  TargetMetadata: {
    TargetSchema: 'text', SupportLobs: 'boolean', FullLobMode: 'boolean', LobChunkSize: [0, 102_400], LimitedSizeLobMode: 'boolean', LobMaxSize: [0, 102_400], InlineLobMaxSize: [0, 102_400],
    LoadMaxFileSize: 'any', ParallelLoadThreads: 'any', ParallelLoadBufferSize: 'any', ParallelLoadQueuesPerThread: 'any', ParallelApplyThreads: 'any', ParallelApplyBufferSize: 'any',
    ParallelApplyQueuesPerThread: 'any', BatchApplyEnabled: 'boolean', TaskRecoveryTableEnabled: 'boolean', MaxFullLoadSubTasks: [1, 49],
  },
  FullLoadSettings: {
    TargetTablePrepMode: ['DO_NOTHING', 'DROP_AND_CREATE', 'TRUNCATE_BEFORE_LOAD'], CreatePkAfterFullLoad: 'boolean', StopTaskCachedChangesApplied: 'boolean', StopTaskCachedChangesNotApplied: 'boolean',
    MaxFullLoadSubTasks: [1, 49], TransactionConsistencyTimeout: 'any', CommitRate: [1, 50_000], ParallelLoadThreads: 'any',
  },
  Logging: { EnableLogging: 'boolean', DeleteTaskLogs: 'boolean', EnableLogContext: 'boolean', LogComponents: 'any', CloudWatchLogGroup: 'any', CloudWatchLogStream: 'any' },
  ControlTablesSettings: { ControlSchema: 'text', HistoryTimeslotInMinutes: 'any', HistoryTableEnabled: 'boolean', SuspendedTablesTableEnabled: 'boolean', StatusTableEnabled: 'boolean' },
  ErrorBehavior: {
    DataErrorPolicy: RECORD, DataTruncationErrorPolicy: RECORD, DataMaskingErrorPolicy: RECORD, DataErrorEscalationPolicy: TABLE, DataErrorEscalationCount: 'any', EventErrorPolicy: ['IGNORE', 'STOP_TASK'],
    TableErrorPolicy: TABLE, TableErrorEscalationPolicy: ['STOP_TASK'], TableErrorEscalationCount: 'any', RecoverableErrorCount: 'any', RecoverableErrorInterval: 'any', RecoverableErrorThrottling: 'boolean',
    RecoverableErrorThrottlingMax: 'any', RecoverableErrorStopRetryAfterThrottlingMax: 'boolean', ApplyErrorDeletePolicy: RECORD, ApplyErrorInsertPolicy: [...RECORD, 'INSERT_RECORD'],
    ApplyErrorUpdatePolicy: [...RECORD, 'UPDATE_RECORD'], ApplyErrorEscalationPolicy: RECORD, ApplyErrorEscalationCount: 'any', ApplyErrorFailOnTruncationDdl: 'boolean', FailOnNoTablesCaptured: 'boolean',
    FailOnTransactionConsistencyBreached: 'boolean', FullLoadIgnoreConflicts: 'boolean',
  },
  ValidationSettings: { EnableValidation: 'boolean' },
};

/** Groups that have a meaning for ongoing replication only, or that are not looked into here. */
const OTHER_GROUPS = ['TTSettings', 'StreamBufferSettings', 'ChangeProcessingTuning', 'ChangeProcessingDdlHandlingPolicy', 'LoopbackPreventionSettings', 'CharacterSetSettings', 'BeforeImageSettings', 'DataResyncSettings'];

/** Reads the settings of a task with the defaults of DMS; refuses names and values that are not documented, and what an S3 source cannot do. */
export function taskSettings(text: unknown): TaskSettings {
  const document = text === undefined ? {} : parseDocument(text, 'ReplicationTaskSettings');
  refuseOthers(document, [...Object.keys(GROUPS), ...OTHER_GROUPS], 'ReplicationTaskSettings');
  for (const [name, known] of Object.entries(GROUPS)) checkGroup(name, (document[name] ?? {}) as Document, known);
  const group = (name: string): Document => (document[name] ?? {}) as Document;
  const [metadata, load, errors, validation] = [group('TargetMetadata'), group('FullLoadSettings'), group('ErrorBehavior'), group('ValidationSettings')];
  if (metadata.FullLobMode === true) throw new DmsRefusal("AWS DMS doesn't support Full LOB mode with Amazon S3 as a Source");
  if (Number(metadata.InlineLobMaxSize ?? 0) > 0) throw new DmsRefusal("DMS doesn't support inline LOB mode for endpoints that don't support Full LOB mode, like S3");
  if (metadata.SupportLobs === true && metadata.LimitedSizeLobMode !== true) throw new DmsRefusal('if you set SupportLobs=true, you must set FullLobMode, InlineLobMaxSize or LimitedSizeLobMode');
  if (metadata.LimitedSizeLobMode === true && !(Number(metadata.LobMaxSize) > 0)) throw new DmsRefusal('with LimitedSizeLobMode you must enter a value for LobMaxSize');
  if (validation.EnableValidation === true) throw new DmsRefusal('an S3 source has no data validation');
  const prepare = (load.TargetTablePrepMode ?? 'DROP_AND_CREATE') as string;
  if (prepare === 'DROP_AND_CREATE') throw new DmsRefusal('the local runner does not make target tables as DMS does; set TargetTablePrepMode to DO_NOTHING');
  return {
    prepare: prepare as TaskSettings['prepare'], commitRate: Number(load.CommitRate ?? 10_000),
    ...(metadata.SupportLobs === true ? { lobBytes: Number(metadata.LobMaxSize) * 1024 } : {}),
    dataErrors: (errors.DataErrorPolicy ?? 'LOG_ERROR') as DataPolicy, truncations: (errors.DataTruncationErrorPolicy ?? 'LOG_ERROR') as DataPolicy,
    tableErrors: (errors.TableErrorPolicy ?? 'SUSPEND_TABLE') as TaskSettings['tableErrors'], failOnNoTables: errors.FailOnNoTablesCaptured !== false,
  };
}

function checkGroup(group: string, settings: Document, known: (typeof GROUPS)[string]): void {
  if (group !== 'ValidationSettings') refuseOthers(settings, Object.keys(known), group);
  for (const [name, rule] of Object.entries(known)) {
    const value = settings[name] as unknown;
    if (value === undefined || rule === 'any') continue;
    const where = `${group}.${name}`;
    if (rule === 'boolean') {
      if (typeof value !== 'boolean') throw new DmsRefusal(`${where} must be true or false, got ${JSON.stringify(value)}`);
    } else if (rule === 'text') {
      if (typeof value !== 'string') throw new DmsRefusal(`${where} must be text, got ${JSON.stringify(value)}`);
    } else if (typeof rule[0] === 'number') {
      const [min, max] = rule as readonly [number, number];
      if (!(Number.isInteger(value) && Number(value) >= min && Number(value) <= max)) throw new DmsRefusal(`${where} must be a whole number from ${min} to ${max}, got ${JSON.stringify(value)}`);
    } else if (!(rule as readonly unknown[]).includes(value)) throw new DmsRefusal(`${where} must be one of ${(rule as readonly string[]).join(', ')}, got ${JSON.stringify(value)}`);
  }
}
