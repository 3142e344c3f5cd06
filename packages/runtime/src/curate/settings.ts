import { readSettings } from '../run/settings';
import type { ObjectRef } from '../stores/object-store';
import type { SparkWorkers } from './plan/spark-workers';

export interface CurateSettings {
  readonly pipeline: string;
  readonly rawBucket: string;
  readonly curatedBucket: string;
  readonly workPrefix: string;
  /** The contract's YAML. */
  readonly contract: ObjectRef;
  readonly codeVersion: string;
  /** Who shapes: DuckDB in our own task, or Spark, or each batch by its size. */
  readonly engine: 'embedded' | 'spark' | 'auto';
  /** With engine `auto`: batches with so many bytes in Raw, or more, go to Spark. */
  readonly sparkFromBytes?: number;
  /** Where the plan chooses how many workers Spark gets for a batch; all runs have the same otherwise. */
  readonly sparkWorkers?: SparkWorkers;
  /** Catalog database. */
  readonly database: string;
  /** The catalog table over the published documents. */
  readonly publishedTable: string;
  /** Catalog table of all attempts, by dataset. */
  readonly runsTables: Readonly<Record<string, string>>;
  /** ARN of the secret that keys the hashes of masked columns; only tasks are told it. */
  readonly maskSalt?: string;
  /** Catalog table of the rejected records of all attempts, by dataset. */
  readonly rejectsTables: Readonly<Record<string, string>>;
  /** Bytes that a curated file is aimed at; small files are slow to query, large ones slow to write. */
  readonly targetFileBytes: number;
  /** For how long a unit that left the current state keeps its files, in seconds: whoever began to read it may go on so long. */
  readonly supersededForSeconds: number;
  /** Tables of the current state that a Spark job keeps; absent where there are none. */
  readonly iceberg?: {
    /** Snapshots younger than this stay. */
    readonly snapshotRetentionHours: number;
  };
  /** Takes OpenLineage events by POST. */
  readonly lineageEndpoint?: string;
}

const MIB = 1024 * 1024;

/** 128 MiB compressed: what query engines are tuned for. */
export const DEFAULT_TARGET_FILE_BYTES = 128 * MIB;

/** 14 days: as long as an execution may be started again where it failed. */
export const DEFAULT_SUPERSEDED_FOR_SECONDS = 14 * 86_400;

/** Reads the settings of the curate stage; throws PipelineError `CONFIG` with every problem. */
export function parseCurateSettings(json: unknown): CurateSettings {
  return readSettings(json, 'curate settings', (fields) => {
    const lineageEndpoint = fields.text('lineageEndpoint', { optional: true });
    const settings: CurateSettings = {
      pipeline: fields.identifier('pipeline'),
      rawBucket: fields.text('rawBucket'),
      curatedBucket: fields.text('curatedBucket'),
      workPrefix: fields.text('workPrefix'),
      contract: fields.child('contract', (contract) => ({ bucket: contract.text('bucket'), key: contract.text('key') })),
      codeVersion: fields.text('codeVersion'),
      engine: fields.choice('engine', ['embedded', 'spark', 'auto']),
      sparkFromBytes: fields.integer('sparkFromBytes', { min: 1, max: Number.MAX_SAFE_INTEGER, optional: true }),
      sparkWorkers: fields.child('sparkWorkers', (workers) => ({
        max: workers.integer('max', { min: 2, max: 1_000 }),
        vcpus: workers.integer('vcpus', { min: 1, max: 1_000 }),
        withinSeconds: workers.integer('withinSeconds', { min: 1, max: 7 * 86_400 }),
      }), { optional: true }),
      database: fields.text('database'),
      publishedTable: fields.text('publishedTable'),
      runsTables: fields.texts('runsTables'),
      maskSalt: fields.text('maskSalt', { optional: true }),
      rejectsTables: fields.texts('rejectsTables'),
      targetFileBytes: fields.integer('targetFileBytes', { min: MIB, max: 4096 * MIB, optional: true }) ?? DEFAULT_TARGET_FILE_BYTES,
      supersededForSeconds: fields.integer('supersededForSeconds', { min: 0, max: 10 * 366 * 86_400, optional: true }) ?? DEFAULT_SUPERSEDED_FOR_SECONDS,
      iceberg: fields.child('iceberg', (iceberg) => ({ snapshotRetentionHours: iceberg.integer('snapshotRetentionHours', { min: 1, max: 100_000 }) }), { optional: true }),
      ...(lineageEndpoint === undefined ? {} : { lineageEndpoint }),
    };
    if (settings.workPrefix !== '' && !settings.workPrefix.startsWith(`${settings.pipeline}/`)) {
      fields.problem('workPrefix', `must begin with the pipeline's prefix ${settings.pipeline}/, got ${JSON.stringify(settings.workPrefix)}`);
    }
    return settings;
  });
}
