import { Duration } from 'aws-cdk-lib';
import { GlueVersion } from './glue-version';
import { GlueWorkerType } from './glue-worker-type';
import { checkGlueVersion, TABLES } from './private/glue-version';
import type { Problems } from './private/stage/fail';

/** The Glue job that keeps Iceberg tables. */
export interface IcebergTablesProps {
  /**
   * Version of Glue, from 5.1. Headrace is tested with its Spark 3.5 and Iceberg 1.10.
   *
   * @default GlueVersion.V5_1
   */
  readonly glueVersion?: GlueVersion;

  /**
   * Size of a worker. Each G.1X worker costs one DPU for as long as the job runs, at least a minute.
   *
   * @default GlueWorkerType.G_1X
   */
  readonly workerType?: GlueWorkerType;

  /**
   * The largest number of workers, at least 2; Glue uses fewer where fewer do.
   *
   * @default 2
   */
  readonly maxWorkers?: number;

  /**
   * How long one run may take, over all tables.
   *
   * @default Duration.hours(2)
   */
  readonly timeout?: Duration;

  /**
   * How long older states of a table can be read (time travel), from 1 hour. Afterwards they go with their files, all but the current one,
   * with the next run of the stage; at the latest with the first run after a day more. A part of an hour is cut off.
   *
   * @default Duration.days(5)
   */
  readonly snapshotRetention?: Duration;
}

interface IcebergSettings {
  readonly glueVersion: GlueVersion;
  readonly workerType: GlueWorkerType;
  readonly maxWorkers: number;
  readonly timeout: Duration;
  readonly snapshotRetention: Duration;
}

/** For each dataset a table `<dataset>_iceberg` of its current state, in Iceberg format version 2, beside the Parquet files. */
export class IcebergTables {
  /** A Spark job on AWS Glue brings them up to date after each run that published or expired something. It costs at least a minute of two workers. */
  static onGlue(props: IcebergTablesProps = {}): IcebergTables {
    return new IcebergTables({
      glueVersion: props.glueVersion ?? GlueVersion.V5_1,
      workerType: props.workerType ?? GlueWorkerType.G_1X,
      maxWorkers: props.maxWorkers ?? 2,
      timeout: props.timeout ?? Duration.hours(2),
      snapshotRetention: props.snapshotRetention ?? Duration.days(5),
    });
  }

  private constructor(
    /** @internal */
    readonly _settings: IcebergSettings,
  ) {}

  /** @internal */
  _check(problems: Problems): void {
    const { glueVersion, maxWorkers, snapshotRetention } = this._settings;
    checkGlueVersion(problems, glueVersion.version, TABLES);
    if (!Number.isInteger(maxWorkers) || maxWorkers < 2) {
      problems.add(`maxWorkers of icebergTables must be a whole number from 2, got ${maxWorkers}; leave it out for 2`);
    }
    if (snapshotRetention.toHours({ integral: false }) < 1) {
      problems.add(`snapshotRetention must be an hour or more, got ${snapshotRetention.toHumanString()}; leave it out for 5 days`);
    }
  }
}
