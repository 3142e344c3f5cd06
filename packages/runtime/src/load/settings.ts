import { readSettings, type Fields } from '../run/settings';
import { readDmsSettings, type DmsSettings } from './dms/dms-settings';
import type { LoadWindow } from './schedule/load-window';
import { readWindow } from './schedule/window-settings';
import { readStatement, type LoadStatement } from './statements/load-statement';
import { readWriteMode, type WriteMode, type WriteModeName } from './write-mode-settings';

export type { WriteMode, WriteModeName };

/** Where a database is, and who logs in. */
export interface DatabaseAddress {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  /** Secrets Manager secret with JSON members `username` and `password`; read again for every connection. */
  readonly secretArn: string;
  /** `disable` is for a server on the same machine. @default 'verify-full' */
  readonly ssl: 'verify-full' | 'disable';
  /** PEM file with the authorities that may sign the server's certificate. @default - those that Node.js trusts, with NODE_EXTRA_CA_CERTS */
  readonly caFile?: string;
}

export interface PostgresTarget extends DatabaseAddress {
  readonly kind: 'postgres';
}

/** MySQL and MariaDB: what PostgreSQL calls a schema is a database there. */
export interface MysqlTarget extends DatabaseAddress {
  readonly kind: 'mysql';
}

export type LoadDatabase = PostgresTarget | MysqlTarget;

/** What the tasks of a load stage find in HEADRACE_SETTINGS. */
export interface LoadSettings {
  readonly pipeline: string;
  readonly curatedBucket: string;
  readonly workPrefix: string;
  readonly contract: { readonly bucket: string; readonly key: string };
  readonly codeVersion: string;
  readonly target: LoadDatabase;
  readonly targetSchema: string;
  /** Schema of the ledger and of the staging tables. */
  readonly ledgerSchema: string;
  /** Whether schemas and tables that are missing are made; false where a DBA does that. */
  readonly manageSchema: boolean;
  /** By dataset; a dataset that is not named gets the mode of its history. */
  readonly writeModes: Readonly<Record<string, WriteMode>>;
  /** Parts that are copied at the same time, 1 to 40: the width of the state machine's Map, and the tasks that a commit is spread over. */
  readonly connections: number;
  /** Bytes per second that all copies of a load together send to the target, at most; at least 1 MiB for each connection. @default - no limit */
  readonly maxBytesPerSecond?: number;
  /** `hold`: a commit waits for ingest commits before it that were not curated, where order matters. @default 'hold' */
  readonly gaps: 'hold' | 'skip';
  /** Longest wait for a lock of the target, 1 to 3,600 s. @default 60 */
  readonly lockTimeoutSeconds: number;
  /** SQL of the stage's owner that runs with its loads, in this order. @default - none */
  readonly statements: readonly LoadStatement[];
  /** Longest that one of these may take, 1 to 21,600 s. @default 600 */
  readonly statementTimeoutSeconds: number;
  /** When loads may run, whoever starts them. @default - at any time */
  readonly window?: LoadWindow;
  /** Whose free space the machine asks for, of an instance with storage of its own. @default - no space is looked at */
  readonly storage?: {
    /** Its identifier. */
    readonly instance: string;
    /** Whether it gets storage by itself, so that too little of it is a warning and no refusal. */
    readonly grows: boolean;
  };
  /** Of a stage whose staging tables AWS DMS fills. @default - our own loader does */
  readonly dms?: DmsSettings;
}

/** More connections than this leave a small server without any for its users. */
const MAX_CONNECTIONS = 40;
/** Slower copies of a full part would outlast their task. */
const LEAST_RATE = 1024 * 1024;
// PostgreSQL cuts longer names silently.
const SQL_NAME = /^[^\0]{1,63}$/;

/** Parses HEADRACE_SETTINGS of a load stage; throws one PipelineError `CONFIG` that lists every problem. */
export function parseLoadSettings(json: unknown): LoadSettings {
  return readSettings(json, 'load settings', (fields) => withTarget(fields, fields.child('target', readTarget)));
}

function withTarget(fields: Fields, target: LoadDatabase): LoadSettings {
  return withLimits(fields, {
    pipeline: fields.identifier('pipeline'),
    curatedBucket: fields.text('curatedBucket'),
    workPrefix: fields.text('workPrefix'),
    contract: fields.child('contract', (contract) => ({ bucket: contract.text('bucket'), key: contract.text('key') })),
    codeVersion: fields.text('codeVersion'),
    target,
    targetSchema: sqlName(fields, 'targetSchema'),
    ledgerSchema: sqlName(fields, 'ledgerSchema'),
    manageSchema: fields.boolean('manageSchema', { optional: true }) ?? true,
    writeModes: fields.record('writeModes', readWriteMode, { optional: true }),
    connections: fields.integer('connections', { min: 1, max: MAX_CONNECTIONS, optional: true }) ?? 1,
    gaps: fields.choice('gaps', ['hold', 'skip'], { optional: true }) ?? 'hold',
    lockTimeoutSeconds: fields.integer('lockTimeoutSeconds', { min: 1, max: 3_600, optional: true }) ?? 60,
    statements: fields.list('statements', (statement) => readStatement(statement, target.kind), { optional: true }),
    statementTimeoutSeconds: fields.integer('statementTimeoutSeconds', { min: 1, max: 21_600, optional: true }) ?? 600,
    ...(fields.has('storage') ? { storage: fields.child('storage', (storage) => ({ instance: storage.text('instance'), grows: storage.boolean('grows') })) } : {}),
    ...(fields.has('dms') ? { dms: fields.child('dms', readDmsSettings) } : {}),
  });
}

function withLimits(fields: Fields, settings: Omit<LoadSettings, 'window' | 'maxBytesPerSecond'>): LoadSettings {
  const window = fields.child('window', readWindow, { optional: true });
  const least = settings.connections * LEAST_RATE;
  const rate = fields.integer('maxBytesPerSecond', { min: least, max: Number.MAX_SAFE_INTEGER, optional: true, fix: `${least} are 1 MiB for each of ${settings.connections} connections` });
  if (rate !== undefined && settings.dms !== undefined) fields.problem('maxBytesPerSecond', 'has no meaning with dms, which cannot be slowed down; leave it out');
  return { ...settings, ...(window === undefined ? {} : { window }), ...(rate === undefined ? {} : { maxBytesPerSecond: rate }) };
}

function readTarget(target: Fields): LoadDatabase {
  const caFile = target.text('caFile', { optional: true });
  return {
    kind: target.choice('kind', ['postgres', 'mysql']),
    host: target.text('host'),
    port: target.integer('port', { min: 1, max: 65_535 }),
    database: target.text('database'),
    secretArn: target.text('secretArn', { pattern: /^arn:/, rule: 'must be the ARN of a secret', fix: 'the secret holds {"username": ..., "password": ...}' }),
    ssl: target.choice('ssl', ['verify-full', 'disable'], { optional: true }) ?? 'verify-full',
    ...(caFile === undefined ? {} : { caFile }),
  };
}

function sqlName(fields: Fields, key: string): string {
  return fields.text(key, { pattern: SQL_NAME, rule: 'must be a name of 1 to 63 characters' });
}
