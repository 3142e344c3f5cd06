import type { aws_s3 as s3, Duration } from 'aws-cdk-lib';
import type { IngestSize } from '../ingest-size';
import { FUNCTION_TIMEOUT } from './function-timeout';
import { QUOTA, quotaStep } from './quota-step';
import { SOURCE_CONTAINER } from './source-task';
import { distributedMap } from './stage/distributed-map';
import type { FargateRung } from './stage/fargate-size';
import { invokeFunction } from './stage/invoke-function';
import { jsonata, literal } from './stage/jsonata';
import { readDocument } from './stage/read-document';
import { runTask } from './stage/run-task';
import type { StageFunction } from './stage/stage-function';
import type { StageTask } from './stage/stage-task';
import { plain, type Step } from './stage/step';
import { taskOnLadder } from './stage/task-ladder';
import { turnSteps } from './turn-steps';

export interface IngestStepsProps {
  readonly turn: StageFunction;
  readonly plan: StageFunction;
  readonly task: StageTask;
  readonly commit: StageFunction;
  readonly settings: Record<string, unknown>;
  readonly rawBucket: s3.IBucket;
  readonly workPrefix: string;
  readonly size: IngestSize;
  /** Time from the start of an execution to its deadline, where the input names none. */
  readonly deadline: Duration | undefined;
  /** Whether Plan runs in a task, because it must reach a source. */
  readonly plansInTask: boolean;
  /** By dataset: the tasks of those that a container reads. */
  readonly containers: Record<string, OwnTask>;
}

/** The task of a source that is read in a task of its own kind, and its sizes. */
export interface OwnTask {
  readonly task: StageTask;
  readonly ladder: FargateRung[];
}

/** Take a turn, ask how wide it may be, plan what to fetch, fetch each piece in a task of its own, commit what was fetched. */
export function ingestSteps(props: IngestStepsProps): Record<string, Step> {
  const call = { settings: props.settings, input: jsonata(inputOf(props.deadline)), execution: jsonata('$execution') };
  return {
    ...turnSteps({ turn: props.turn, payload: call, next: 'Quota' }),
    Quota: quotaStep('Plan'),
    ...planSteps(props, call),
    // A distributed map over an empty list is not something to rely on.
    PullsNeeded: plain({
      Type: 'Choice',
      Choices: [
        { Condition: jsonata('$input.operation = "plan"'), Next: 'PlanOnly' },
        { Condition: jsonata('$states.input.items.count > 0'), Next: 'Pulls' },
      ],
      Default: 'Commit',
    }),
    PlanOnly: plain({ Type: 'Succeed' }),
    Pulls: distributedMap({
      name: 'Pulls',
      item: pullItem(props),
      bucket: props.rawBucket,
      workPrefix: props.workPrefix,
      list: '$states.input.items',
      select: {
        plan: jsonata('$states.input.plan'),
        index: jsonata('$states.context.Map.Item.Value.index'),
        rung: jsonata('$states.context.Map.Item.Value.rung'),
        ...(Object.keys(props.containers).length === 0 ? {} : SHARD_OF_ITEM),
      },
      // Within the quota of the account; Plan says so.
      maxConcurrency: jsonata('$states.input.estimate.concurrency'),
      next: 'Commit',
    }),
    Commit: invokeFunction({
      function: props.commit.function,
      payload: { ...call, previous: jsonata('$states.input') },
      timeout: FUNCTION_TIMEOUT,
    }),
  };
}

/** The input, with the deadline that the stage's own prop gives it. */
function inputOf(deadline: Duration | undefined): string {
  if (deadline === undefined) return '$input';
  const end = `$fromMillis($toMillis($execution.startTime) + ${deadline.toMilliseconds()})`;
  return `$exists($input.deadline) ? $input : $merge([$input, {"deadline": ${end}}])`;
}

/** What a container is told stands in the list; of other kinds of source nothing is passed on. */
const SHARD_OF_ITEM = {
  dataset: jsonata('$states.context.Map.Item.Value.dataset'),
  shard: jsonata('$states.context.Map.Item.Value.shard'),
};

/** One task for an item; where containers read datasets, each of these has a task definition and states of its own. */
function pullItem({ task, size, containers, rawBucket: bucket, workPrefix }: IngestStepsProps): { startAt: string; steps: Record<string, Step> } {
  const common = { step: 'pull', timeout: size.taskTimeout, bucket, workPrefix };
  const pull = taskOnLadder({ ...common, name: 'Pull', task, ladder: size._ladder, limit: 'taskMemoryLimit of the size' });
  const own = Object.entries(containers).map(([dataset, { task: each, ladder }]) => ({
    dataset,
    ...taskOnLadder({
      ...common, name: `Pull ${dataset}`, task: each, ladder, limit: `sources.${dataset}.taskMemoryLimit`,
      beside: { container: SOURCE_CONTAINER, environment: { HEADRACE_SHARD: '$string($states.input.shard)' } },
    }),
  }));
  if (own.length === 0) return pull;
  return {
    startAt: 'Source',
    steps: {
      Source: plain({
        Type: 'Choice',
        Choices: own.map(({ dataset, startAt }) => ({ Condition: jsonata(`$states.input.dataset = ${literal(dataset)}`), Next: startAt })),
        Default: pull.startAt,
      }),
      ...pull.steps,
      ...Object.assign({}, ...own.map(({ steps }) => steps)),
    },
  };
}

function planSteps(props: IngestStepsProps, payload: Record<string, unknown>): Record<string, Step> {
  const { plan, task, rawBucket: bucket, workPrefix, size, plansInTask } = props;
  const next = 'PullsNeeded';
  if (!plansInTask) {
    return { Plan: invokeFunction({ function: plan.function, payload: { ...payload, previous: jsonata(QUOTA) }, timeout: FUNCTION_TIMEOUT, next }) };
  }
  const folder = `${literal(workPrefix)} & $attemptId`;
  const document = `{"bucket": ${literal(bucket.bucketName)}, "key": ${folder} & "/plan.json"}`;
  const work = `{"step": "plan", "plan": ${document}, "input": ${inputOf(props.deadline)}, "execution": $execution, "previous": ${QUOTA}}`;
  return {
    Plan: runTask({ task, work, timeout: size.taskTimeout, next: 'Planned' }),
    // A container returns nothing but its exit code.
    Planned: readDocument({ bucket, workPrefix, key: `${folder} & "/plan/0.json"`, next }),
  };
}
