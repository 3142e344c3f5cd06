import { type aws_s3 as s3, Duration } from 'aws-cdk-lib';
import type { IngestSize } from '../ingest-size';
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
      item: {
        name: 'Pull',
        step: runTask({
          task: props.task,
          work: '{"step": "pull", "plan": $states.input.plan, "index": $states.input.index}',
          timeout: props.size.taskTimeout,
          output: {},
        }),
      },
      bucket: props.rawBucket,
      workPrefix: props.workPrefix,
      list: '$states.input.items',
      select: { plan: jsonata('$states.input.plan'), index: jsonata('$states.context.Map.Item.Value.index') },
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
