import { Duration, type Size } from 'aws-cdk-lib';
import { GlueVersion } from './glue-version';
import { GlueWorkerType } from './glue-worker-type';
import { checkGlueVersion, SHAPING } from './private/glue-version';
import { workerVcpus } from './private/worker-vcpus';
import type { Problems } from './private/stage/fail';

/** The Glue job that shapes batches. */
export interface GlueSparkProps {
  /**
   * Version of Glue, from 5.0. Headrace is tested with Spark 3.5 (5.1); what Spark 4 of Glue 6.0 does by another default is set for both.
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
   * How long the shaping of one batch should take, from 2 minutes. Each batch then gets as many workers as its bytes need for that, and more where
   * the execution's input has a `deadline` and half of the time that is left is shorter; never more than `maxWorkers`, and a warning says when
   * those are too few. It is an aim and no limit: `timeout` is one.
   *
   * @default - every batch may have `maxWorkers`
   */
  readonly shapeWithin?: Duration;

  /**
   * How many batches are shaped at the same time, each in a run of its own, from 1 to 200.
   *
   * @default 2
   */
  readonly maxConcurrentRuns?: number;

  /**
   * How long one run may take.
   *
   * @default Duration.hours(2)
   */
  readonly timeout?: Duration;
}

/** When Spark takes a batch, and the Glue job that it then runs in. */
export interface AutoEngineProps extends GlueSparkProps {
  /**
   * Batches from this size on go to Spark: bytes of the raw parts as they lie in S3, packed or not.
   *
   * @default - a quarter of the disk of a task (`taskScratch` of the size, else 20 GiB): its rows, its sorts and its files share that disk
   */
  readonly sparkFrom?: Size;
}

/** What Glue is told, complete. */
interface SparkSettings {
  readonly glueVersion: GlueVersion;
  readonly workerType: GlueWorkerType;
  readonly maxWorkers: number;
  readonly shapeWithin?: Duration;
  readonly maxConcurrentRuns: number;
  readonly timeout: Duration;
}

/** What shapes checked records into the files of a dataset. Both engines give the same rows. */
export class CurateEngine {
  /** DuckDB inside one Fargate task for each batch: cheap, starts in seconds, as large as one task. */
  static embedded(): CurateEngine {
    return new CurateEngine('embedded', undefined);
  }

  /** Spark on AWS Glue, for batches that one machine cannot hold. A run costs at least a minute of its workers. */
  static glueSpark(props: GlueSparkProps = {}): CurateEngine {
    return new CurateEngine('spark', {
      glueVersion: props.glueVersion ?? GlueVersion.V5_1,
      workerType: props.workerType ?? GlueWorkerType.G_1X,
      maxWorkers: props.maxWorkers ?? 2,
      shapeWithin: props.shapeWithin,
      maxConcurrentRuns: props.maxConcurrentRuns ?? 2,
      timeout: props.timeout ?? Duration.hours(2),
    });
  }

  /** Each batch by its size, when it is planned: small ones embedded, large ones with Spark. Nothing of Glue costs while no batch is large. */
  static auto(props: AutoEngineProps = {}): CurateEngine {
    return new CurateEngine('auto', CurateEngine.glueSpark(props)._spark, props.sparkFrom);
  }

  /** @internal */
  readonly _kind: 'embedded' | 'spark' | 'auto';

  /** @internal */
  readonly _sparkFrom?: Size;

  /** @internal */
  readonly _spark?: SparkSettings;

  private constructor(kind: 'embedded' | 'spark' | 'auto', spark: SparkSettings | undefined, sparkFrom?: Size) {
    this._kind = kind;
    this._spark = spark;
    this._sparkFrom = sparkFrom;
  }

  /** @internal */
  _check(problems: Problems): void {
    if (this._sparkFrom !== undefined && this._sparkFrom.toBytes() < 1) {
      problems.add(`sparkFrom must be 1 byte or more, got ${this._sparkFrom.toBytes()}; write CurateEngine.glueSpark() for Spark alone`);
    }
    if (this._spark === undefined) return;
    const { glueVersion, workerType, maxWorkers, shapeWithin, maxConcurrentRuns } = this._spark;
    checkGlueVersion(problems, glueVersion.version, SHAPING);
    if (!Number.isInteger(maxWorkers) || maxWorkers < 2) {
      problems.add(`maxWorkers must be a whole number from 2, got ${maxWorkers}; leave it out for 2`);
    }
    if (shapeWithin !== undefined && shapeWithin.toSeconds() < 120) {
      problems.add(`shapeWithin must be 2 minutes or more, since Glue takes one to start, got ${shapeWithin.toHumanString()}; leave it out for no aim`);
    }
    if (shapeWithin !== undefined && workerVcpus(workerType.name) === undefined) {
      problems.add(`shapeWithin needs a worker type of a known size, like G.1X or R.2X, got ${workerType.name}; leave shapeWithin out`);
    }
    if (!Number.isInteger(maxConcurrentRuns) || maxConcurrentRuns < 1 || maxConcurrentRuns > 200) {
      problems.add(`maxConcurrentRuns must be a whole number from 1 to 200, got ${maxConcurrentRuns}; leave it out for 2`);
    }
  }
}
