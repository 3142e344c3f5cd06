import { Annotations, type aws_cloudwatch as cloudwatch, type aws_s3 as s3, type aws_stepfunctions as sfn, type Duration, Size, SizeRoundingBehavior } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { DmsTask, type DmsEngineProps } from './dms-engine-props';
import type { LoadEngine } from './load-engine';
import { LoadSize } from './load-size';
import type { LoadSql } from './load-sql';
import type { LoadTarget } from './load-target';
import type { LoadWindow } from './load-window';
import { DmsContract } from './private/dms/dms-contract';
import { DmsMonitoring } from './private/dms/dms-monitoring';
import { DmsReplication } from './private/dms/dms-replication';
import { LoadSchedule } from './private/load-schedule';
import { loadStart, loadSteps } from './private/load-steps';
import type { ContractView } from './private/stage/contract-file';
import { Problems } from './private/stage/fail';
import { packageVersion } from './private/stage/package-version';
import { grantPrefixes } from './private/stage/prefix-grants';
import { StageBase, type StageBaseProps } from './private/stage/stage-base';
import { StageMachine } from './private/stage/stage-machine';
import { StageTask } from './private/stage/stage-task';
import { stageId } from './private/stage/stage-id';
import type { WriteMode } from './write-mode';

/** What a load stage is made of. */
export interface RdsLoaderStageProps extends StageBaseProps {
  /**
   * Where curated data lies: the `curatedBucket` of the curate stage.
   */
  readonly curatedBucket: s3.IBucket;

  /**
   * The database that rows are loaded into.
   */
  readonly target: LoadTarget;

  /**
   * What copies files into staging tables.
   *
   * @default LoadEngine.fargate()
   */
  readonly engine?: LoadEngine;

  /**
   * How rows of a batch become rows of a table, for every dataset that `writeModes` does not name.
   *
   * @default - by the dataset's history in the contract: append, replace (snapshot) or merge (changes)
   */
  readonly writeMode?: WriteMode;

  /**
   * How rows of a batch become rows of a table, by the dataset's name.
   *
   * @default - `writeMode` for every dataset
   */
  readonly writeModes?: { [dataset: string]: WriteMode };

  /**
   * SQL of your own that runs before and after batches become visible, and after a load.
   *
   * @default - none
   */
  readonly sql?: LoadSql;

  /**
   * When loads run: one starts by itself when the window opens, and whatever starts outside of it ends at once and says so, unless its input has
   * `"operation": "now"`.
   *
   * @default - no schedule: loads are started by hand or by a larger machine, at any time
   */
  readonly window?: LoadWindow;

  /**
   * Whether the window's schedule is on. Switch it off in copies of a pipeline that share a database.
   *
   * @default true
   */
  readonly scheduleEnabled?: boolean;

  /**
   * How much the stage may use.
   *
   * @default LoadSize.DEV
   */
  readonly size?: LoadSize;

  /**
   * How many bytes a second all copies of a load together send to the database, at most, so that its other users keep their disk and processors.
   * At least 1 MiB for each connection of the size.
   *
   * It slows down what fills staging tables, and not the transactions that publish them. `LoadEngine.dms` cannot be slowed down.
   *
   * @default - no limit
   */
  readonly maxBytesPerSecond?: Size;

  /**
   * Schema of the target tables; of MySQL, the database.
   *
   * @default - `public`; of MySQL, the database of the target
   */
  readonly targetSchema?: string;

  /**
   * Schema of the ledger and of staging tables; of MySQL, a database.
   *
   * @default headrace
   */
  readonly ledgerSchema?: string;

  /**
   * Whether schemas and tables that are missing are made. Without it a DBA makes them from the script in the docs.
   *
   * @default true
   */
  readonly manageSchema?: boolean;

  /**
   * Whether a batch may be loaded although an earlier one is not curated yet, where the order matters.
   *
   * @default false
   */
  readonly skipGaps?: boolean;
}

/**
 * Loads committed Parquet into a relational database, inside a time window.
 *
 * Rows become visible together with their entry in a ledger, and each batch exactly once.
 *
 * @example
 * declare const curatedBucket: s3.Bucket;
 * declare const database: rds.DatabaseInstance;
 *
 * new RdsLoaderStage(this, 'Load', {
 *   contract: 'contracts/trips.odcs.yaml',
 *   curatedBucket,
 *   target: LoadTarget.fromInstance(database),
 *   writeMode: WriteMode.merge({ newerBy: 'updated_at' }),
 *   window: LoadWindow.daily({ from: '01:00', until: '05:00', timeZone: 'Europe/Berlin' }),
 * });
 */
export class RdsLoaderStage extends StageBase {
  readonly stateMachine: sfn.StateMachine;

  private readonly size: LoadSize;
  private readonly monitoring?: DmsMonitoring;

  constructor(scope: Construct, id: string, props: RdsLoaderStageProps) {
    super(scope, id, { ...props, vpc: props.vpc ?? props.cluster?.vpc ?? props.target._vpc }, 'load');
    this.size = props.size ?? LoadSize.DEV;
    const writeModes = this.check(props);

    const engine = props.engine?._dms;
    const dms = engine === undefined ? undefined : this.replication(props, engine);
    const storage = props.target._storage;
    const task = new StageTask(this, 'Task', {
      network: this._network,
      cluster: props.cluster,
      image: props.image,
      cpuArchitecture: props.cpuArchitecture,
      cpu: this.size.taskCpu,
      memory: this.size.taskMemory,
      scratch: this.size.taskScratch,
      logRetention: this.size.logRetention,
      settings: {
        pipeline: this.pipelineName,
        curatedBucket: props.curatedBucket.bucketName,
        workPrefix: this._workPrefix,
        contract: this._contract.location,
        codeVersion: packageVersion(),
        target: props.target._settings(),
        targetSchema: props.targetSchema ?? props.target._defaultSchema,
        ledgerSchema: props.ledgerSchema ?? 'headrace',
        manageSchema: props.manageSchema ?? true,
        ...(storage === undefined ? {} : { storage }),
        writeModes,
        connections: this.size.connections,
        ...(props.maxBytesPerSecond === undefined ? {} : { maxBytesPerSecond: props.maxBytesPerSecond.toBytes() }),
        gaps: props.skipGaps === true ? 'skip' : 'hold',
        ...(props.sql?._settings(this._contract.contract.datasets) ?? {}),
        ...(props.window === undefined ? {} : { window: props.window._settings() }),
        ...(engine === undefined || dms === undefined ? {} : {
          dms: {
            handOff: { bucket: dms.handOffBucket.bucketName, prefix: dms.handOffPrefix },
            lanes: lanesOf(engine), maxTextKiB: maxTextKiB(engine),
          },
        }),
      },
    });
    props.target._open(this, task.role);
    this.grantAccess(props.curatedBucket, task);
    dms?.grantHandOff(task.role);

    this.stateMachine = new StageMachine(this, 'Machine', {
      steps: loadSteps({ task, curatedBucket: props.curatedBucket, workPrefix: this._workPrefix, size: this.size, instance: storage?.instance, dms }),
      startAt: loadStart({ instance: storage?.instance }),
      timeout: this.size.executionTimeout,
      words: {
        stage: 'load',
        pipeline: this.pipelineName,
        namePrefix: this._namePrefix,
        visible: 'in the target, all rows of the batches that the ledger shows as loaded, and no row of any other.',
        halfDone: dms === undefined
          ? 'rows in staging tables of the ledger schema, which no reader needs; the next attempt goes on with them.'
          : 'rows in staging tables of the ledger schema, which no reader needs, and where it could not be ended the replication task of this attempt; the next attempt ends it, and loads again what DMS had not loaded whole.',
        resume: `Batches in the ledger and parts that are staged are not loaded again.${props.window === undefined ? '' : ' Outside of the window nothing is loaded unless the member operation of the input is now.'}`,
      },
      failureTopic: this.failureTopic,
      workBucket: props.curatedBucket,
      workPrefix: this._workPrefix,
      logRetention: this.size.logRetention,
      tracingEnabled: props.tracingEnabled ?? true,
    }).stateMachine;
    if (props.window !== undefined) this.schedule(props.window, props.scheduleEnabled ?? true);
    if (dms !== undefined) {
      this.monitoring = new DmsMonitoring(dms, 'Monitoring', {
        replicationName: dms.name, instanceArn: dms.instanceArn, targetDimensions: props.target._metricDimensions, failureTopic: this.failureTopic,
      });
    }
  }

  /**
   * Graphs for a dashboard of CloudWatch by which one sees what a load through DMS waits for: its throughput, its capacity, and the database.
   *
   * Empty with `LoadEngine.fargate()`.
   */
  dashboardWidgets(): cloudwatch.IWidget[] {
    return this.monitoring?.widgets() ?? [];
  }

  /** @internal */
  get _executionTimeout(): Duration {
    return this.size.executionTimeout;
  }

  private check(props: RdsLoaderStageProps): Record<string, unknown> {
    const problems = new Problems(this, 'LOAD_PROPS');
    const datasets = this._contract.contract.datasets;
    const given = props.writeModes ?? {};
    for (const name of Object.keys(given).filter((key) => !datasets.some((dataset) => dataset.name === key))) {
      problems.add(`writeModes.${name} has no dataset in the contract; it has ${datasets.map((dataset) => dataset.name).join(', ')}`);
    }
    const modes: Record<string, unknown> = {};
    for (const dataset of datasets) {
      const mode = given[dataset.name] ?? props.writeMode;
      mode?._check(problems, dataset);
      if (mode !== undefined) modes[dataset.name] = mode._settings(dataset);
    }
    props.target._check(this, problems, datasets);
    props.sql?._check(problems, datasets, props.target._isMysql);
    props.window?._check(problems);
    if (props.engine?._dms !== undefined) {
      props.target._checkDms(problems, props.engine._dms.certificateArn);
      checkDms(problems, this._contract.contract, props.engine._dms);
    }
    this.size._check(problems);
    checkRate(problems, props, this.size.connections);
    problems.throwIfAny();
    return modes;
  }

  private replication(props: RdsLoaderStageProps, engine: DmsEngineProps): DmsReplication {
    const contract = new DmsContract(this._contract.contract, lanesOf(engine), {
      controlSchema: props.ledgerSchema ?? 'headrace', maxTextKiB: maxTextKiB(engine), logging: engine.logging ?? true,
    });
    return new DmsReplication(this, 'Dms', {
      engine, target: props.target, network: this._network, contract, workPrefix: this._workPrefix, stageId: stageId(this, 'load'),
    });
  }

  private grantAccess(bucket: s3.IBucket, task: StageTask): void {
    const folder = (name: string) => `${this.pipelineName}/${name}/`;
    this._contract.grantRead(task.role);
    grantPrefixes(task.role, {
      bucket,
      read: [folder('commits/curated'), folder('data'), this._workPrefix],
      write: [this._workPrefix],
    });
  }

  private schedule(window: LoadWindow, enabled: boolean): void {
    new LoadSchedule(this, 'Schedule', {
      stateMachine: this.stateMachine,
      pipeline: this.pipelineName,
      window,
      enabled,
      failureTopic: this.failureTopic,
      logRetention: this.size.logRetention,
    });
    const skipped = window._skippedOn(new Date().getUTCFullYear() + 1);
    if (skipped !== undefined) {
      Annotations.of(this).addWarningV2(
        'headrace:windowSkipped',
        `window.from does not exist on ${skipped}, when the clock is put forward: no load starts on that day; choose another hour, or a window of more than an hour`,
      );
    }
  }
}

const DEFAULT_LANES = 4;
const DEFAULT_MAX_TEXT = Size.kibibytes(64);

function lanesOf({ lanes = DEFAULT_LANES }: DmsEngineProps): number {
  return lanes;
}

function maxTextKiB({ maxTextSize = DEFAULT_MAX_TEXT }: DmsEngineProps): number {
  return maxTextSize.toKibibytes({ rounding: SizeRoundingBehavior.NONE });
}

/** The task refuses less too: a full part would outlast it. */
const LEAST_RATE = Size.mebibytes(1);

function checkRate(problems: Problems, { maxBytesPerSecond, engine }: RdsLoaderStageProps, connections: number): void {
  if (maxBytesPerSecond === undefined) return;
  const least = connections * LEAST_RATE.toBytes();
  if (maxBytesPerSecond.toBytes() < least) problems.add(`maxBytesPerSecond must be at least 1 MiB for each of the ${connections} connections of the size, got ${maxBytesPerSecond.toBytes()} bytes; give ${least / LEAST_RATE.toBytes()} MiB or more, or a size with fewer connections`);
  if (engine?._dms !== undefined) problems.add('maxBytesPerSecond has no meaning with LoadEngine.dms, which cannot be slowed down; leave it out, or use LoadEngine.fargate()');
}

/** The longest that DMS keeps of a large object, in KiB. */
const MAX_TEXT_KIB = 102_400;

function checkDms(problems: Problems, contract: ContractView, engine: DmsEngineProps): void {
  const kibibytes = maxTextKiB(engine);
  if (!Number.isInteger(kibibytes) || kibibytes < 1 || kibibytes > MAX_TEXT_KIB) problems.add(`maxTextSize must be whole kibibytes from 1 to ${MAX_TEXT_KIB}, got ${kibibytes}; leave it out for ${DEFAULT_MAX_TEXT.toKibibytes()}`);
  engine.capacity?._check(problems);
  if (engine.task === DmsTask.STANDING && engine.capacity?._serverless !== undefined) {
    problems.add('task DmsTask.STANDING needs an instance, got DmsCapacity.serverless: AWS documents that a serverless full load can neither be started afresh nor resumed; use DmsTask.PER_LOAD');
  }
  DmsContract.check(problems, contract, lanesOf(engine));
}
