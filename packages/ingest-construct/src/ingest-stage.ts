import { type aws_cloudwatch as cloudwatch, type aws_iam as iam, type aws_s3 as s3, type aws_stepfunctions as sfn, type Duration } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { IngestOverlap } from './ingest-overlap';
import type { IngestSchedule } from './ingest-schedule';
import { IngestSize } from './ingest-size';
import type { IngestSource } from './ingest-source';
import type { IngestTrigger } from './ingest-trigger';
import { allowDescribe } from './private/allow-describe';
import { FUNCTION_TIMEOUT } from './private/function-timeout';
import { ingestSteps, type OwnTask } from './private/ingest-steps';
import { lateAlarm } from './private/late-alarm';
import type { BoundSource } from './private/source-binding';
import { StageSchedule } from './private/stage-schedule';
import { StageTrigger } from './private/stage-trigger';
import { checkSourceTask, sourceLadder, SourceTask } from './private/source-task';
import { Problems } from './private/stage/fail';
import { packageVersion } from './private/stage/package-version';
import { grantPrefixes } from './private/stage/prefix-grants';
import { StageBase, type StageBaseProps } from './private/stage/stage-base';
import { stageBucket } from './private/stage/stage-bucket';
import { StageFunction } from './private/stage/stage-function';
import { StageMachine } from './private/stage/stage-machine';
import { StageTask, type StageTaskProps } from './private/stage/stage-task';
import { taskMemoryMetric } from './private/task-memory-metric';
import { checkProps, type PropNames } from './private/check-props';
import { TURN_NEEDED } from './private/turn-steps';

/** What an ingest stage is made of. */
export interface IngestStageProps extends StageBaseProps {
  /**
   * Where each dataset of the contract comes from, by the dataset's name. Every dataset has exactly one source.
   */
  readonly sources: { [dataset: string]: IngestSource };

  /**
   * How much the stage may use.
   *
   * @default IngestSize.DEV
   */
  readonly size?: IngestSize;

  /**
   * How long after its start an execution must be over, where its input names no `deadline`. A plan that cannot meet it fails before anything
   * is pulled, with what would do; a run that falls behind raises an alarm while there is time. The alarm costs about 0.10 USD a month.
   *
   * @default - no deadline, and no alarm
   */
  readonly deadline?: Duration;

  /**
   * When the stage runs by itself. Each time is a slot, and runs once, however often it is delivered. An alarm, about 0.10 USD a month, tells the
   * failure topic when no run has succeeded for the schedule's longest gap and the time that an execution may take.
   *
   * @default - no schedule; runs are started by others
   */
  readonly schedule?: IngestSchedule;

  /**
   * Events that start a run, such as objects that arrive; beside a schedule or without one. An alarm, about 0.10 USD a month, tells the failure
   * topic of events that started none.
   *
   * @default - no events start a run
   */
  readonly trigger?: IngestTrigger;

  /**
   * What a run does while a run of another slot is still running; at most one works at a time. Runs that only plan, and further attempts
   * of the slot that works, wait for nobody. Of the runs that events started and that wait, the last one does the work of all. `SKIP` excludes
   * `trigger`: what the skipped run should have brought would wait for the next event.
   *
   * @default IngestOverlap.QUEUE
   */
  readonly overlap?: IngestOverlap;

  /**
   * Where the bytes land, below the pipeline's name. In a bucket of your own, unfinished uploads and the folder
   * `<pipeline>/work/` need lifecycle rules of yours.
   *
   * @default - a new private bucket that stays when the stack is deleted
   */
  readonly rawBucket?: s3.IBucket;
}

const STAGE_PROPS: PropNames<IngestStageProps> = {
  contract: 'required', sources: 'required', pipelineName: 'optional', failureTopic: 'optional', vpc: 'optional', vpcSubnets: 'optional', securityGroups: 'optional',
  cluster: 'optional', image: 'optional', cpuArchitecture: 'optional', tracingEnabled: 'optional', size: 'optional', deadline: 'optional', schedule: 'optional',
  trigger: 'optional', overlap: 'optional', rawBucket: 'optional',
};

/**
 * Brings batches of data from remote sources into S3, as they are.
 *
 * Nothing of a batch can be seen before it is whole: what is committed stands in a log, and readers go by the log.
 *
 * @example
 * new IngestStage(this, 'Ingest', {
 *   contract: 'contracts/trips.odcs.yaml',
 *   sources: { trips: IngestSource.http({ url: 'https://data.example.com/trips.csv.gz' }) },
 *   size: IngestSize.DEV,
 * });
 */
export class IngestStage extends StageBase {
  readonly stateMachine: sfn.StateMachine;

  /** Where the bytes land. */
  readonly rawBucket: s3.IBucket;

  /** Raised when a running execution is expected to miss its deadline. Undefined without `deadline`. */
  readonly lateAlarm?: cloudwatch.Alarm;

  /** Raised when no run has succeeded for too long. Undefined without `schedule`. */
  readonly noRunAlarm?: cloudwatch.Alarm;

  /** Raised when an event has started no run. Undefined without `trigger`. */
  readonly triggerAlarm?: cloudwatch.Alarm;

  private readonly size: IngestSize;
  private readonly task: StageTask;

  constructor(scope: Construct, id: string, props: IngestStageProps) {
    super(scope, id, props, 'ingest');
    this.size = props.size ?? IngestSize.DEV;
    const sources = this.boundSources(props);
    this.rawBucket = props.rawBucket ?? stageBucket(this, 'RawBucket', { pipeline: this.pipelineName });

    const settings = {
      pipeline: this.pipelineName,
      rawBucket: this.rawBucket.bucketName,
      workPrefix: this._workPrefix,
      contract: this._contract.location,
      codeVersion: packageVersion(),
      tasks: { concurrency: this.size.concurrency, ladder: this.size._ladder },
      overlap: props.overlap ?? IngestOverlap.QUEUE,
      sources: Object.fromEntries(Object.entries(sources).map(([name, source]) => [name, this.settingsOf(source)])),
    };
    const functionProps = { memory: this.size.functionMemory, timeout: FUNCTION_TIMEOUT, logRetention: this.size.logRetention };
    const turn = new StageFunction(this, 'Turn', {
      ...functionProps, asset: 'turn-function', description: 'Headrace ingest: lets one run work at a time',
    });
    const plan = new StageFunction(this, 'Plan', {
      ...functionProps, asset: 'plan-function', description: 'Headrace ingest: plans what to fetch',
    });
    const commit = new StageFunction(this, 'Commit', {
      ...functionProps, asset: 'commit-function', description: 'Headrace ingest: commits what was fetched',
    });
    const taskProps = {
      network: this._network,
      cluster: props.cluster,
      image: props.image,
      cpuArchitecture: props.cpuArchitecture,
      cpu: this.size.taskCpu,
      memory: this.size.taskMemory,
      logRetention: this.size.logRetention,
      settings,
    };
    const task = this.task = new StageTask(this, 'Task', taskProps);
    const containers = this.sourceTasks(sources, { ...taskProps, cluster: task.cluster });
    if (props.deadline !== undefined) this.lateAlarm = lateAlarm(this, task, this.failureTopic);
    this.grantAccess(turn, plan, [task, ...Object.values(containers).map((own) => own.task)], commit);
    this.grantSources(Object.values(sources), plan, task);

    this.stateMachine = new StageMachine(this, 'Machine', {
      steps: ingestSteps({
        turn, plan, task, commit, containers, settings, rawBucket: this.rawBucket, workPrefix: this._workPrefix, size: this.size,
        deadline: props.deadline,
        plansInTask: Object.values(sources).some((source) => source.plansInTask === true),
      }),
      startAt: TURN_NEEDED,
      timeout: this.size.executionTimeout,
      words: {
        stage: 'ingest',
        pipeline: this.pipelineName,
        namePrefix: this._namePrefix,
        visible: 'earlier commits, and those datasets of this attempt that were committed before the failure, each one whole.',
        halfDone: `objects below ${this.pipelineName}/raw/ and ${this._workPrefix} that no commit names; they do no harm.`,
        resume: 'Datasets that are committed are not fetched again, nor are shards that an earlier attempt pulled and the source still has as they were.',
      },
      failureTopic: this.failureTopic,
      workBucket: this.rawBucket,
      workPrefix: this._workPrefix,
      logRetention: this.size.logRetention,
      tracingEnabled: props.tracingEnabled ?? true,
    }).stateMachine;
    allowDescribe(this, 'TurnPolicy', turn.role, this.stateMachine);
    if (props.schedule !== undefined) {
      this.noRunAlarm = new StageSchedule(this, 'Schedule', {
        stateMachine: this.stateMachine, pipeline: this.pipelineName, schedule: props.schedule, executionTimeout: this.size.executionTimeout,
        failureTopic: this.failureTopic, logRetention: this.size.logRetention,
      }).noRunAlarm;
    }
    if (props.trigger !== undefined) {
      this.triggerAlarm = new StageTrigger(this, 'Trigger', {
        stateMachine: this.stateMachine, pipeline: this.pipelineName, trigger: props.trigger, sources,
        failureTopic: this.failureTopic, logRetention: this.size.logRetention,
      }).alarm;
    }
  }

  /** Lets a principal read what was ingested: the bytes and the commit log. */
  grantReadRaw(grantee: iam.IGrantable): iam.Grant {
    return this.rawBucket.grantRead(grantee, `${this.pipelineName}/*`);
  }

  /**
   * Memory of the stage's tasks as a share of what they reserve, in percent; from Container Insights of the cluster.
   *
   * @default - maximum over 5 minutes
   */
  metricTaskMemory(props?: cloudwatch.MetricOptions): cloudwatch.MathExpression {
    return taskMemoryMetric(this.task, props);
  }

  /** @internal */
  get _executionTimeout(): Duration {
    return this.size.executionTimeout;
  }

  private boundSources(props: IngestStageProps): Record<string, BoundSource> {
    const problems = new Problems(this, 'INGEST_PROPS');
    if (!checkProps(props, STAGE_PROPS, '', problems)) problems.throwIfAny();
    const datasets = this._contract.contract.datasets.map((dataset) => dataset.name);
    for (const name of datasets.filter((dataset) => !(dataset in props.sources))) {
      problems.add(`sources.${name} is missing; the contract has a dataset ${name}`);
    }
    const withoutDataset = Object.keys(props.sources).filter((source) => !datasets.includes(source));
    for (const name of withoutDataset) {
      problems.add(`sources.${name} has no dataset in the contract; it has ${datasets.join(', ')}`);
    }
    // In the order of the contract, so that the template does not depend on the order of a map.
    const named = [...datasets.filter((dataset) => dataset in props.sources), ...withoutDataset];
    const sources = named.map((name) => [name, props.sources[name]!._bind({
      prop: `sources.${name}`, problems, dataset: this._contract.contract.datasets.find((dataset) => dataset.name === name),
    })] as const);
    for (const [name, { container }] of sources) {
      if (container !== undefined) checkSourceTask(`sources.${name}`, container, this.size, problems);
    }
    this.size._check(problems);
    props.schedule?._check(problems);
    props.trigger?._check(Object.fromEntries(sources), problems);
    if (props.trigger !== undefined && props.overlap === IngestOverlap.SKIP) {
      problems.add('overlap must not be SKIP together with trigger: what a skipped run should have brought would wait for the next event; use IngestOverlap.QUEUE, which runs at most one more');
    }
    problems.throwIfAny();
    return Object.fromEntries(sources);
  }

  /** A source with tasks of its own tells their sizes, so that Plan begins with the right one. */
  private settingsOf({ settings, container }: BoundSource): Record<string, unknown> {
    return container === undefined ? settings : { ...settings, ladder: sourceLadder(container, this.size) };
  }

  private sourceTasks(sources: Record<string, BoundSource>, props: StageTaskProps): Record<string, OwnTask> {
    const own = Object.entries(sources).flatMap(([name, { container, useRole }]) => {
      if (container === undefined) return [];
      const task = new SourceTask(this, `Source-${name}`, container, props);
      useRole?.(task.role);
      return [[name, { task, ladder: sourceLadder(container, this.size) }] as const];
    });
    return Object.fromEntries(own);
  }

  /** Where planning connects to a source, only the task does, and the function needs nothing of it. */
  private grantSources(sources: BoundSource[], plan: StageFunction, task: StageTask): void {
    for (const { plansInTask, secretsInTaskOnly, secrets, grantRead, open } of sources) {
      open?.(this);
      for (const role of plansInTask === true || secretsInTaskOnly === true ? [task.role] : [plan.role, task.role]) {
        secrets?.forEach((secret) => secret.grantRead(role));
        grantRead?.(role);
      }
    }
  }

  private grantAccess(turn: StageFunction, plan: StageFunction, tasks: StageTask[], commit: StageFunction): void {
    const raw = `${this.pipelineName}/raw/`;
    const log = `${this.pipelineName}/commits/raw/`;
    const work = this._workPrefix;
    for (const role of [plan.role, ...tasks.map((task) => task.role), commit.role]) this._contract.grantRead(role);
    grantPrefixes(turn.role, { bucket: this.rawBucket, read: [work], write: [work] });
    grantPrefixes(plan.role, { bucket: this.rawBucket, read: [log, work, raw], write: [work] });
    for (const task of tasks) grantPrefixes(task.role, { bucket: this.rawBucket, read: [log, work, raw], write: [raw, work] });
    grantPrefixes(commit.role, { bucket: this.rawBucket, read: [log, work, raw], write: [log, work] });
  }
}
