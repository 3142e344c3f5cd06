import { type aws_s3 as s3, Duration } from 'aws-cdk-lib';
import type { CurateSize } from '../curate-size';
import { NOTICE_NEEDED, qualityNotice, type NoticeProps } from './quality-notice';
import type { SparkJob } from './spark-job';
import { distributedMap } from './stage/distributed-map';
import { givenUp } from './stage/given-up';
import { invokeFunction } from './stage/invoke-function';
import { jsonata } from './stage/jsonata';
import { runTask } from './stage/run-task';
import type { StageFunction } from './stage/stage-function';
import type { StageTask } from './stage/stage-task';
import { goOn, plain, type Step } from './stage/step';

export const PLAN_TIMEOUT = Duration.minutes(5);
/** Publishing registers a catalog partition for every column partition of every batch. */
export const PUBLISH_TIMEOUT = Duration.minutes(15);
/** A vacuum works for ten minutes and is called again. */
export const VACUUM_TIMEOUT = Duration.minutes(15);

const TABLES_LAG = 'TablesLag';

/** What the task shapes has none, and an expression must not come to nothing. */
const WORKERS_OF_ITEM = '$exists($states.context.Map.Item.Value.workers) ? $states.context.Map.Item.Value.workers : 0';

/** The state whose failure leaves everything published but the tables. */
export const ICEBERG_STATE = 'Iceberg';

export interface CurateStepsProps {
  readonly plan: StageFunction;
  readonly task: StageTask;
  /** Shapes instead of the task, or beside it. */
  readonly spark: SparkJob | undefined;
  /** Whether the plan tells for each batch how many workers Spark gets. */
  readonly choosesWorkers: boolean;
  /** Whether the plan tells for each batch who shapes it. */
  readonly choosesEngine: boolean;
  /** Brings tables up to date after Publish and Vacuum; undefined where there are none. */
  readonly iceberg: SparkJob | undefined;
  readonly publish: StageFunction;
  readonly vacuum: StageFunction;
  readonly settings: Record<string, unknown>;
  readonly curatedBucket: s3.IBucket;
  readonly workPrefix: string;
  readonly size: CurateSize;
  /** Of quality rules with severity warning; undefined where the contract has none. */
  readonly notices: NoticeProps | undefined;
}

/** Plan which batches are new, read the records of each part, shape each batch, publish what balances; or join small files, or remove old ones. */
export function curateSteps(props: CurateStepsProps): Record<string, Step> {
  const { size } = props;
  const call = { settings: props.settings, input: jsonata('$input'), execution: jsonata('$execution') };
  const work = (step: string) => `{"step": "${step}", "plan": $states.input.plan, "index": $states.input.index}`;
  const task = (name: string, step: string) => {
    const end = givenUp({ name, step, bucket: props.curatedBucket, workPrefix: props.workPrefix });
    return { [name]: runTask({ task: props.task, work: work(step), timeout: size.taskTimeout, output: {}, givenUp: end.startAt }), ...end.steps };
  };
  const map = {
    bucket: props.curatedBucket,
    workPrefix: props.workPrefix,
    select: { plan: jsonata('$states.input.plan'), index: jsonata('$states.context.Map.Item.Value.index') },
  };
  const shape = (): { readonly startAt: string; readonly steps: Record<string, Step> } => {
    if (props.spark === undefined) return { startAt: 'Shape', steps: task('Shape', 'shape') };
    const spark = props.spark.runJob(work('shape'), props.choosesWorkers ? { workers: jsonata('$states.input.workers') } : {});
    if (!props.choosesEngine) return { startAt: 'Shape', steps: { Shape: spark } };
    const isLarge = jsonata('$states.input.engine = "spark"');
    return {
      startAt: 'Engine',
      steps: {
        Engine: plain({ Type: 'Choice', Choices: [{ Condition: isLarge, Next: 'ShapeWithSpark' }], Default: 'Shape' }),
        ShapeWithSpark: spark,
        ...task('Shape', 'shape'),
      },
    };
  };
  const afterwards = props.iceberg === undefined ? undefined : TABLES_LAG;
  return {
    Plan: invokeFunction({ function: props.plan.function, payload: call, timeout: PLAN_TIMEOUT, next: 'RowsNeeded' }),
    RowsNeeded: plain({
      Type: 'Choice',
      Choices: [
        { Condition: jsonata('$states.input.items.count > 0'), Next: 'Rows' },
        { Condition: jsonata('$states.input.compactions.count > 0'), Next: 'Compactions' },
        { Condition: jsonata('$states.input.operation = "vacuum"'), Next: 'Vacuum' },
      ],
      Default: 'ShapesNeeded',
    }),
    Compactions: distributedMap({
      ...map,
      name: 'Compactions',
      item: { startAt: 'Compact', steps: task('Compact', 'compact') },
      list: '$states.input.compactions',
      maxConcurrency: size.concurrency,
      next: 'Publish',
    }),
    Rows: distributedMap({
      ...map,
      name: 'Rows',
      item: { startAt: 'Kernel', steps: task('Kernel', 'rows') },
      list: '$states.input.items',
      maxConcurrency: size.concurrency,
      next: 'ShapesNeeded',
    }),
    ShapesNeeded: plain({
      Type: 'Choice',
      Choices: [{ Condition: jsonata('$states.input.units.count > 0'), Next: 'Shapes' }],
      Default: 'Publish',
    }),
    Shapes: distributedMap({
      ...map,
      name: 'Shapes',
      item: shape(),
      select: {
        ...map.select,
        ...(props.choosesEngine ? { engine: jsonata('$states.context.Map.Item.Value.engine') } : {}),
        ...(props.choosesWorkers ? { workers: jsonata(WORKERS_OF_ITEM) } : {}),
      },
      list: '$states.input.units',
      maxConcurrency: props.spark?.maxConcurrentRuns ?? size.concurrency,
      next: 'Publish',
    }),
    Publish: invokeFunction({
      function: props.publish.function,
      payload: { ...call, previous: jsonata('$states.input') },
      timeout: PUBLISH_TIMEOUT,
      next: props.notices === undefined ? afterwards : NOTICE_NEEDED,
    }),
    ...(props.notices === undefined ? {} : qualityNotice({ ...props.notices, next: afterwards })),
    ...(props.iceberg === undefined ? {} : icebergSteps(props.iceberg)),
    Vacuum: invokeFunction({
      function: props.vacuum.function,
      payload: { ...call, previous: jsonata('$states.input') },
      timeout: VACUUM_TIMEOUT,
      next: 'Vacuumed',
    }),
    Vacuumed: plain({
      Type: 'Choice',
      Choices: [{ Condition: jsonata('$exists($states.input.next)'), Next: 'Vacuum' }],
      Default: 'Clean',
    }),
    Clean: plain({ Type: 'Pass', Output: jsonata('$sift($states.input, function($value, $key) { $key != "plan" })'), ...goOn(afterwards) }),
  };
}

/** What Publish and Vacuum say of tables is for the job, and no part of the stage's output. */
function icebergSteps(job: SparkJob): Record<string, Step> {
  const output = jsonata('$sift($states.input, function($value, $key) { $key != "iceberg" })');
  return {
    [TABLES_LAG]: plain({
      Type: 'Choice',
      Choices: [{ Condition: jsonata('$exists($states.input.iceberg)'), Next: ICEBERG_STATE }],
      Default: 'TablesCurrent',
    }),
    [ICEBERG_STATE]: job.runJob('{"step": "iceberg", "plan": $states.input.iceberg.plan, "index": 0}', { output }),
    TablesCurrent: plain({ Type: 'Pass', End: true }),
  };
}
