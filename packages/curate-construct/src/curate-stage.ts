import {
  type aws_iam as iam, type aws_s3 as s3, type aws_secretsmanager as secretsmanager, type aws_stepfunctions as sfn, Duration, Size, Token,
} from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { CurateEngine } from './curate-engine';
import { CurateSize } from './curate-size';
import type { IcebergTables } from './iceberg-tables';
import { Catalog, PUBLISHED_TABLE } from './private/catalog';
import { curateSteps, ICEBERG_STATE, PLAN_TIMEOUT, PUBLISH_TIMEOUT, VACUUM_TIMEOUT } from './private/curate-steps';
import { ICEBERG_SCRIPT, icebergArguments } from './private/iceberg-job';
import { SparkJob } from './private/spark-job';
import type { QualityView } from './private/stage/contract-file';
import { Problems } from './private/stage/fail';
import { invokeFunction } from './private/stage/invoke-function';
import { jsonata } from './private/stage/jsonata';
import { packageVersion } from './private/stage/package-version';
import { allow } from './private/stage/permission';
import { grantPrefixes } from './private/stage/prefix-grants';
import { StageBase, type StageBaseProps } from './private/stage/stage-base';
import { stageBucket } from './private/stage/stage-bucket';
import { StageFunction } from './private/stage/stage-function';
import { StageMachine } from './private/stage/stage-machine';
import { StageTask } from './private/stage/stage-task';
import { workerVcpus } from './private/worker-vcpus';

/** What the run time's Rows reads, each with what the contract must say of it; a test holds it to the run time. */
const READABLE_FORMATS: Readonly<Record<string, 'recordsAt' | 'fields' | undefined>> = {
  csv: undefined, ndjson: undefined, json: undefined, xml: 'recordsAt', 'fixed-width': 'fields', parquet: undefined, avro: undefined, excel: undefined,
};

/** What Athena accepts, in bytes. */
const LEAST_SCAN_LIMIT = 10_000_000;

/** What an operator must know where the tables alone could not be brought up to date. */
const LAGGING = {
  visible: 'all batches of this run, in the views and for loads; Iceberg tables lag behind them, each at a whole commit.',
  halfDone: 'files and a branch of an Iceberg table that nobody reads; they do no harm. The next run of the stage brings the tables up to date, with or without a retry.',
};

/** What a curate stage is made of. */
export interface CurateStageProps extends StageBaseProps {
  /**
   * Where ingested batches lie: the `rawBucket` of the ingest stage.
   */
  readonly rawBucket: s3.IBucket;

  /**
   * Where checked data goes, below the pipeline's name. In a bucket of your own, unfinished uploads and the folders
   * `<pipeline>/work/` and `<pipeline>/quarantine/` need lifecycle rules of yours.
   *
   * @default - a new private bucket that stays when the stack is deleted
   */
  readonly curatedBucket?: s3.IBucket;

  /**
   * What shapes checked records into files.
   *
   * @default CurateEngine.embedded()
   */
  readonly engine?: CurateEngine;

  /**
   * Iceberg tables of the current state, beside the views. For engines that read Iceberg, for time travel, and where views over many
   * batches are slow.
   *
   * @default - none; Athena shows the current state by a view over the Parquet files
   */
  readonly icebergTables?: IcebergTables;

  /**
   * How much the stage may use.
   *
   * @default CurateSize.DEV
   */
  readonly size?: CurateSize;

  /**
   * Name of the database in the Glue Data Catalog: the first word of every query. Unique in account and Region.
   *
   * @default - the pipeline's name and 8 characters that are unique in the app
   */
  readonly databaseName?: string;

  /**
   * Secret whose text keys the hashes of columns with `headraceMask: { method: hash }`, at least 16 bytes. Tasks read it while they work;
   * it stands in no setting, log or state. Keep it: values that are hashed with another one are other values.
   *
   * @default - none, which is refused where the contract hashes a column
   */
  readonly maskSalt?: secretsmanager.ISecret;

  /**
   * How long rejected records are kept, in a bucket that the stage makes.
   *
   * @default Duration.days(30)
   */
  readonly quarantineRetention?: Duration;

  /**
   * How long files stay that left the current state, or that no commit names, before operation `vacuum` removes them: 1 day or more, and no less
   * than one execution may take. A load or another reader that begins with a batch has so long to end, and a failed execution to be redriven.
   *
   * @default Duration.days(14)
   */
  readonly supersededFor?: Duration;

  /**
   * How much one query may read in the stage's workgroup, from 10 MB; Athena ends a query that reads more. It has nothing to say about loads.
   *
   * @default Size.gibibytes(100)
   */
  readonly queryScanLimit?: Size;

  /**
   * Where the functions send OpenLineage events by POST, like `https://lineage.example.com/api/v1/lineage`. It stands in the template, so it must
   * hold no secret. A server that does not answer within 5 seconds misses the event, and no run fails for it.
   *
   * @default - events are written below `<pipeline>/lineage/` only
   */
  readonly lineageEndpoint?: string;
}

/**
 * Checks each record of ingested batches against the data contract and publishes typed Parquet.
 *
 * A record is in the result exactly, or in quarantine with its bytes and the reason. A batch is published whole or not at all.
 *
 * @example
 * declare const rawBucket: s3.Bucket;
 *
 * new CurateStage(this, 'Curate', {
 *   contract: 'contracts/trips.odcs.yaml',
 *   rawBucket,
 *   databaseName: 'trips',
 * });
 */
export class CurateStage extends StageBase {
  readonly stateMachine: sfn.StateMachine;

  /** Where checked data lies. */
  readonly curatedBucket: s3.IBucket;

  /** Name of the database in the Glue Data Catalog. */
  readonly databaseName: string;

  /** Name of the Athena workgroup for queries. */
  readonly workGroupName: string;

  /** Name of the Athena workgroup for queries of rejected records: results lie and expire with the quarantine. */
  readonly quarantineWorkGroupName: string;

  private readonly size: CurateSize;
  private readonly catalog: Catalog;

  constructor(scope: Construct, id: string, props: CurateStageProps) {
    super(scope, id, props, 'curate');
    this.size = props.size ?? CurateSize.DEV;
    const engine = props.engine ?? CurateEngine.embedded();
    this.databaseName = props.databaseName ?? `${this.pipelineName}_${this.node.addr.slice(-8)}`;
    this.check(engine, props);
    this.curatedBucket = props.curatedBucket ?? stageBucket(this, 'CuratedBucket', {
      pipeline: this.pipelineName,
      expiring: { quarantine: props.quarantineRetention ?? Duration.days(30) },
    });
    this.catalog = new Catalog(this, 'Catalog', {
      databaseName: this.databaseName,
      pipeline: this.pipelineName,
      contract: this._contract.contract,
      bucket: this.curatedBucket,
      queryScanLimit: props.queryScanLimit ?? Size.gibibytes(100),
      hasIcebergTables: props.icebergTables !== undefined,
    });
    this.workGroupName = this.catalog.workGroup.name;
    this.quarantineWorkGroupName = this.catalog.quarantineWorkGroup.name;

    const tables = props.icebergTables?._settings;
    const settings = {
      pipeline: this.pipelineName,
      rawBucket: props.rawBucket.bucketName,
      curatedBucket: this.curatedBucket.bucketName,
      workPrefix: this._workPrefix,
      contract: this._contract.location,
      codeVersion: packageVersion(),
      engine: engine._kind,
      ...(engine._kind === 'auto' ? { sparkFromBytes: (engine._sparkFrom ?? defaultSparkFrom(this.size)).toBytes() } : {}),
      ...sparkWorkers(engine._spark),
      database: this.databaseName,
      publishedTable: PUBLISHED_TABLE,
      runsTables: this.catalog.runsTables,
      rejectsTables: this.catalog.rejectsTables,
      supersededForSeconds: (props.supersededFor ?? Duration.days(14)).toSeconds(),
      ...(tables === undefined ? {} : { iceberg: { snapshotRetentionHours: Math.floor(tables.snapshotRetention.toHours({ integral: false })) } }),
      ...(props.lineageEndpoint === undefined ? {} : { lineageEndpoint: props.lineageEndpoint }),
    };
    const functionProps = { memory: this.size.functionMemory, logRetention: this.size.logRetention };
    const plan = new StageFunction(this, 'Plan', {
      ...functionProps, asset: 'plan-function', timeout: PLAN_TIMEOUT, description: 'Headrace curate: plans which batches are new',
    });
    const publish = new StageFunction(this, 'Publish', {
      ...functionProps, asset: 'publish-function', timeout: PUBLISH_TIMEOUT, description: 'Headrace curate: publishes what balances',
    });
    const vacuum = new StageFunction(this, 'Vacuum', {
      ...functionProps, asset: 'vacuum-function', timeout: VACUUM_TIMEOUT, description: 'Headrace curate: removes files that nobody needs',
    });
    const task = new StageTask(this, 'Task', {
      network: this._network,
      cluster: props.cluster,
      image: props.image,
      cpuArchitecture: props.cpuArchitecture,
      cpu: this.size.taskCpu,
      memory: this.size.taskMemory,
      scratch: this.size.taskScratch,
      logRetention: this.size.logRetention,
      settings: props.maskSalt === undefined ? settings : { ...settings, maskSalt: props.maskSalt.secretArn },
    });
    props.maskSalt?.grantRead(task.role);
    const spark = engine._spark === undefined ? undefined : new SparkJob(this, 'Spark', {
      ...engine._spark,
      script: 'shape_job.py',
      settings,
      temporary: { bucket: this.curatedBucket, prefix: this._workPrefix },
    });
    const iceberg = tables === undefined ? undefined : new SparkJob(this, 'Iceberg', {
      ...tables,
      script: ICEBERG_SCRIPT,
      arguments: icebergArguments(this.curatedBucket, this.pipelineName),
      // Runs that meet do not harm each other; more than these would only wait for each other.
      maxConcurrentRuns: 3,
      settings,
      temporary: { bucket: this.curatedBucket, prefix: this._workPrefix },
    });
    this.grantAccess(props.rawBucket, {
      plan: plan.role, task: task.role, publish: publish.role, vacuum: vacuum.role, spark: spark?.role, iceberg: iceberg?.role,
    });

    this.stateMachine = new StageMachine(this, 'Machine', {
      steps: curateSteps({
        plan, task, spark, choosesEngine: engine._kind === 'auto', choosesWorkers: engine._spark?.shapeWithin !== undefined, iceberg, publish, vacuum, settings, curatedBucket: this.curatedBucket, workPrefix: this._workPrefix, size: this.size,
        notices: this.hasRule(({ severity }) => severity === 'warning') ? { topicArn: this.failureTopic.topicArn, pipeline: this.pipelineName } : undefined,
      }),
      startAt: 'Plan',
      timeout: this.size.executionTimeout,
      words: {
        stage: 'curate',
        pipeline: this.pipelineName,
        namePrefix: this._namePrefix,
        visible: 'earlier batches, and those batches of this attempt that were published before the failure, each one whole.',
        halfDone: `files below ${this.pipelineName}/data/, ${this.pipelineName}/quarantine/ and ${this._workPrefix} that no commit names; they do no harm.`,
        resume: 'Batches that are published are not curated again. A batch that the source has mended is landed again by ingest, with '
          + '{"slot": "a new one", "operation": "replay", "run": "the run that landed it"}, and takes the place of the broken one, also where that was never curated.',
        ...(iceberg === undefined ? {} : { ofState: { [ICEBERG_STATE]: LAGGING } }),
      },
      failureTopic: this.failureTopic,
      tellFailure: invokeFunction({
        function: plan.function,
        payload: { settings, input: jsonata('$input'), execution: jsonata('$execution'), previous: jsonata('{"failed": $states.input}') },
        timeout: PLAN_TIMEOUT,
      }),
      workBucket: this.curatedBucket,
      workPrefix: this._workPrefix,
      logRetention: this.size.logRetention,
      tracingEnabled: props.tracingEnabled ?? true,
    }).stateMachine;
  }

  /** Lets a principal query views and tables with Athena, in this stage's workgroup; not the quarantine. */
  grantQuery(grantee: iam.IGrantable): void {
    this.catalog.queryStatements().forEach((statement) => grantee.grantPrincipal.addToPrincipalPolicy(statement));
    this.curatedBucket.encryptionKey?.grantEncryptDecrypt(grantee);
  }

  /**
   * Lets a principal read rejected records, which hold the bytes of the source as they came, and query the table `<dataset>_rejects` in the
   * workgroup `quarantineWorkGroupName`. Query results of the other workgroup can be read by everybody with `grantQuery`, so rejected records
   * belong in this one.
   */
  grantReadQuarantine(grantee: iam.IGrantable): iam.Grant {
    this.catalog.rejectsStatements().forEach((statement) => grantee.grantPrincipal.addToPrincipalPolicy(statement));
    // To read is not enough: the results of queries are written with the bucket's key too.
    this.curatedBucket.encryptionKey?.grantEncrypt(grantee);
    return this.curatedBucket.grantRead(grantee, `${this.pipelineName}/quarantine/*`);
  }

  /** @internal */
  get _executionTimeout(): Duration {
    return this.size.executionTimeout;
  }

  private check(engine: CurateEngine, { maskSalt, supersededFor, queryScanLimit, lineageEndpoint, icebergTables }: CurateStageProps): void {
    const problems = new Problems(this, 'CURATE_PROPS');
    if (!/^[a-z][a-z0-9_]{0,254}$/.test(this.databaseName)) {
      problems.add(`databaseName must be lower case letters, digits and _, got ${JSON.stringify(this.databaseName)}; leave it out for one that fits`);
    }
    const names = this._contract.contract.datasets.map((dataset) => dataset.name);
    const taken = new Set([PUBLISHED_TABLE, ...names.flatMap((name) => [`${name}_runs`, `${name}_rejects`, ...(icebergTables === undefined ? [] : [`${name}_iceberg`])])]);
    for (const name of names.filter((dataset) => taken.has(dataset))) {
      problems.add(`dataset ${name} of the contract has the name of a table that the stage makes; rename it`);
    }
    const readable = Object.entries(READABLE_FORMATS).map(([format, needs]) => (needs === undefined ? format : `${format} with ${needs}`));
    for (const { name, record } of this._contract.contract.datasets.filter((dataset) => !isReadable(dataset.record))) {
      problems.add(`dataset ${name} of the contract has format ${record.format}, which only lands in Raw: curate reads ${readable.slice(0, -1).join(', ')} and ${readable.at(-1)}; keep it in a contract of its own, for ingest alone`);
    }
    if (engine._kind !== 'embedded' && this.hasRule(({ metric }) => metric === 'sql')) {
      const named = this._contract.contract.datasets.flatMap(({ name, quality }) => quality.filter(({ metric }) => metric === 'sql').map(({ id }) => `${id} of ${name}`));
      problems.add(`quality rules of type sql run in DuckDB, which Spark does not start: ${named.join(', ')}; write them as library metrics, or use CurateEngine.embedded()`);
    }
    const hashed = this._contract.contract.datasets.flatMap(({ name, columns }) => columns.filter(({ mask }) => mask?.method === 'hash').map((column) => `${name}.${column.name}`));
    if (hashed.length > 0 && maskSalt === undefined) {
      problems.add(`maskSalt is missing, and the contract hashes ${hashed.join(', ')}; give a secret with a random text of at least 16 bytes`);
    }
    const leastDays = Math.max(1, Math.ceil(this.size.executionTimeout.toHours({ integral: false }) / 24));
    if (supersededFor !== undefined && supersededFor.toDays({ integral: false }) < leastDays) {
      problems.add(`supersededFor must be ${leastDays} day${leastDays === 1 ? '' : 's'} or more, so that every execution ends before its files could go, got ${supersededFor.toHumanString()}; leave it out for 14 days`);
    }
    if (queryScanLimit !== undefined && queryScanLimit.toBytes() < LEAST_SCAN_LIMIT) {
      problems.add(`queryScanLimit must be 10 MB or more, got ${queryScanLimit.toBytes()} bytes; leave it out for 100 GiB`);
    }
    if (lineageEndpoint !== undefined && !Token.isUnresolved(lineageEndpoint) && !/^https?:\/\/[^/\s@]+(\/\S*)?$/.test(lineageEndpoint)) {
      problems.add(`lineageEndpoint must be a URL without credentials like https://lineage.example.com/api/v1/lineage, got ${JSON.stringify(lineageEndpoint)}`);
    }
    engine._check(problems);
    icebergTables?._check(problems);
    this.size._check(problems);
    problems.throwIfAny();
  }

  private hasRule(matches: (rule: QualityView) => boolean): boolean {
    return this._contract.contract.datasets.some(({ quality }) => quality.some(matches));
  }

  private grantAccess(
    rawBucket: s3.IBucket,
    roles: { plan: iam.IRole; task: iam.IRole; publish: iam.IRole; vacuum: iam.IRole; spark: iam.IRole | undefined; iceberg: iam.IRole | undefined },
  ): void {
    const folder = (name: string) => `${this.pipelineName}/${name}/`;
    const curated = this.curatedBucket;
    const work = this._workPrefix;
    const rawLog = folder('commits/raw');
    const curatedLog = folder('commits/curated');
    for (const role of [roles.plan, roles.task, roles.publish, roles.vacuum, roles.spark]) {
      if (role !== undefined) this._contract.grantRead(role);
    }
    grantPrefixes(roles.plan, { bucket: rawBucket, read: [rawLog] });
    grantPrefixes(roles.plan, { bucket: curated, read: [curatedLog, work, folder('published')], write: [work, folder('lineage')] });
    grantPrefixes(roles.task, { bucket: rawBucket, read: [rawLog, folder('raw')] });
    grantPrefixes(roles.task, { bucket: curated, read: [work, curatedLog, folder('data'), folder('quarantine')], write: [work, folder('data'), folder('quarantine')] });
    if (roles.spark !== undefined) {
      grantPrefixes(roles.spark, { bucket: curated, read: [work, folder('data')], write: [work, folder('data')] });
      allow(roles.spark, {
        actions: ['s3:DeleteObject'],
        resources: [curated.arnForObjects(`${work}*`)],
        wildcardReason: 'Spark clears what it wrote on the way, below the work folder only',
      });
    }
    grantPrefixes(roles.publish, { bucket: rawBucket, read: [rawLog] });
    grantPrefixes(roles.publish, {
      bucket: curated,
      read: [work, curatedLog, folder('published'), folder('catalog')],
      write: [work, curatedLog, folder('published'), folder('catalog'), folder('quarantine'), folder('lineage')],
    });
    this.catalog.grantRegister(roles.publish);
    const swept = [folder('data'), folder('quarantine'), folder('catalog'), folder('taken-out')];
    grantPrefixes(roles.vacuum, {
      bucket: curated, read: [work, curatedLog, folder('published')], list: swept, write: [curatedLog, folder('published'), folder('taken-out')],
    });
    allow(roles.vacuum, {
      actions: ['s3:DeleteObject'],
      resources: swept.map((prefix) => curated.arnForObjects(`${prefix}*`)),
      wildcardReason: 'it removes files of units that the log calls removed; which ones is known when it runs',
    });
    this.catalog.grantTakeOut(roles.vacuum);
    if (roles.iceberg === undefined) return;
    grantPrefixes(roles.publish, { bucket: curated, read: [folder('iceberg')] });
    grantPrefixes(roles.vacuum, { bucket: curated, read: [folder('iceberg')], write: [work] });
    for (const role of [roles.publish, roles.vacuum]) this.catalog.grantLookForIceberg(role);
    grantPrefixes(roles.iceberg, { bucket: curated, read: [work, curatedLog, folder('data'), folder('iceberg')], write: [work, folder('iceberg')] });
    allow(roles.iceberg, {
      actions: ['s3:DeleteObject'],
      resources: [curated.arnForObjects(`${folder('iceberg')}*`)],
      wildcardReason: 'files of snapshots that expired and of jobs that died, below the folder of the tables only',
    });
    this.catalog.grantIceberg(roles.iceberg);
  }
}

/** What the plan is told, where it chooses workers. */
function sparkWorkers(spark: CurateEngine['_spark']): Record<string, unknown> {
  if (spark?.shapeWithin === undefined) return {};
  return { sparkWorkers: { max: spark.maxWorkers, vcpus: workerVcpus(spark.workerType.name), withinSeconds: spark.shapeWithin.toSeconds() } };
}

/** A quarter of the disk of a task; Fargate gives 20 GiB unasked. */
function defaultSparkFrom({ taskScratch }: CurateSize): Size {
  return Size.bytes(Math.floor((taskScratch ?? Size.gibibytes(20)).toBytes() / 4));
}

function isReadable(record: { readonly format: string; readonly recordsAt?: string; readonly fields?: unknown }): boolean {
  const needs = READABLE_FORMATS[record.format];
  return record.format in READABLE_FORMATS && (needs === undefined || record[needs] !== undefined);
}
