import { type aws_s3 as s3, Duration } from 'aws-cdk-lib';
import type { IngestSize } from '../ingest-size';
import { SOURCE_CONTAINER } from './source-task';
import { distributedMap } from './stage/distributed-map';
import { invokeFunction } from './stage/invoke-function';
import { jsonata, literal } from './stage/jsonata';
import { readDocument } from './stage/read-document';
import { runTask } from './stage/run-task';
import type { StageFunction } from './stage/stage-function';
import type { StageTask } from './stage/stage-task';
import { plain, type Step } from './stage/step';

export const FUNCTION_TIMEOUT = Duration.minutes(5);

export interface IngestStepsProps {
  readonly plan: StageFunction;
  readonly task: StageTask;
  readonly commit: StageFunction;
  readonly settings: Record<string, unknown>;
  readonly rawBucket: s3.IBucket;
  readonly workPrefix: string;
  readonly size: IngestSize;
  /** Whether Plan runs in a task, because it must reach a source. */
  readonly plansInTask: boolean;
  /** By dataset: the tasks of those that a container reads. */
  readonly containers: Record<string, StageTask>;
}

/** Plan what to fetch, fetch each piece in a task of its own, commit what was fetched. */
export function ingestSteps(props: IngestStepsProps): Record<string, Step> {
  const call = { settings: props.settings, input: jsonata('$input'), execution: jsonata('$execution') };
  return {
    ...planSteps(props, call),
    // A distributed map over an empty list is not something to rely on.
    PullsNeeded: plain({
      Type: 'Choice',
      Choices: [{ Condition: jsonata('$states.input.items.count > 0'), Next: 'Pulls' }],
      Default: 'Commit',
    }),
    Pulls: distributedMap({
      name: 'Pulls',
      item: pullItem(props),
      bucket: props.rawBucket,
      workPrefix: props.workPrefix,
      list: '$states.input.items',
      select: {
        plan: jsonata('$states.input.plan'),
        index: jsonata('$states.context.Map.Item.Value.index'),
        ...(Object.keys(props.containers).length === 0 ? {} : SHARD_OF_ITEM),
      },
      maxConcurrency: props.size.concurrency,
      next: 'Commit',
    }),
    Commit: invokeFunction({
      function: props.commit.function,
      payload: { ...call, previous: jsonata('$states.input') },
      timeout: FUNCTION_TIMEOUT,
    }),
  };
}

/** What a container is told stands in the item; for other kinds of source nothing of it is passed on. */
const SHARD_OF_ITEM = {
  dataset: jsonata('$states.context.Map.Item.Value.dataset'),
  shard: jsonata('$states.context.Map.Item.Value.source.kind = "container" ? $states.context.Map.Item.Value.shards[0].read : null'),
};

const WORK = '{"step": "pull", "plan": $states.input.plan, "index": $states.input.index}';

/** One task for an item; where containers read datasets, each of these has a task definition and a state of its own. */
function pullItem({ task, size, containers }: IngestStepsProps): { startAt: string; steps: Record<string, Step> } {
  const pull = { work: WORK, timeout: size.taskTimeout, output: {} };
  const names = Object.keys(containers);
  if (names.length === 0) return { startAt: 'Pull', steps: { Pull: runTask({ task, ...pull }) } };
  const stateOf = (dataset: string) => `Pull ${dataset}`;
  return {
    startAt: 'Source',
    steps: {
      Source: plain({
        Type: 'Choice',
        Choices: names.map((dataset) => ({ Condition: jsonata(`$states.input.dataset = ${literal(dataset)}`), Next: stateOf(dataset) })),
        Default: 'Pull',
      }),
      Pull: runTask({ task, ...pull }),
      ...Object.fromEntries(Object.entries(containers).map(([dataset, own]) => [stateOf(dataset), runTask({
        task: own, ...pull, beside: { container: SOURCE_CONTAINER, environment: { HEADRACE_SHARD: '$string($states.input.shard)' } },
      })])),
    },
  };
}

function planSteps(props: IngestStepsProps, payload: Record<string, unknown>): Record<string, Step> {
  const { plan, task, rawBucket: bucket, workPrefix, size, plansInTask } = props;
  const next = 'PullsNeeded';
  if (!plansInTask) return { Plan: invokeFunction({ function: plan.function, payload, timeout: FUNCTION_TIMEOUT, next }) };
  const folder = `${literal(workPrefix)} & $attemptId`;
  const document = `{"bucket": ${literal(bucket.bucketName)}, "key": ${folder} & "/plan.json"}`;
  const work = `{"step": "plan", "plan": ${document}, "input": $input, "execution": $execution}`;
  return {
    Plan: runTask({ task, work, timeout: size.taskTimeout, next: 'Planned' }),
    // A container returns nothing but its exit code.
    Planned: readDocument({ bucket, workPrefix, key: `${folder} & "/plan/0.json"`, next }),
  };
}
