import type { aws_s3 as s3 } from 'aws-cdk-lib';
import type { LoadSize } from '../load-size';
import type { DmsReplication } from './dms/dms-replication';
import { dmsFailures } from './dms/dms-failures';
import { DMS_START, dmsSteps } from './dms/dms-steps';
import { FREE_SPACE, freeSpaceStep } from './free-space-step';
import { distributedMap } from './stage/distributed-map';
import { givenUp } from './stage/given-up';
import { jsonata, literal } from './stage/jsonata';
import { readDocument } from './stage/read-document';
import { runTask } from './stage/run-task';
import type { StageTask } from './stage/stage-task';
import { plain, type Step } from './stage/step';

export interface LoadStepsProps {
  readonly task: StageTask;
  readonly curatedBucket: s3.IBucket;
  readonly workPrefix: string;
  readonly size: LoadSize;
  /** Identifier of the instance whose free space Claim goes by. @default - space is not looked at */
  readonly instance?: string;
  /** Fills the staging tables in place of our own tasks. */
  readonly dms?: DmsReplication;
}

/** The first state of a load: what it knows of the target before a task begins. */
export function loadStart({ instance }: Pick<LoadStepsProps, 'instance'>): string {
  return instance === undefined ? 'Claim' : 'FreeSpace';
}

/**
 * Look for the free space where the target is an instance, claim the tables, copy each part into staging, publish all in one transaction per table.
 *
 * Everything runs in tasks, functions never: only tasks reach the database.
 */
export function loadSteps(props: LoadStepsProps): Record<string, Step> {
  const { task, size, curatedBucket: bucket, workPrefix } = props;
  const folder = `${literal(workPrefix)} & $attemptId`;
  const plan = `{"bucket": ${literal(bucket.bucketName)}, "key": ${folder} & "/plan.json"}`;
  const document = (name: string) => ({ bucket, workPrefix, key: `${folder} & "/${name}.json"` });
  const { dms, instance } = props;
  const known = instance === undefined ? '' : `, "previous": ${FREE_SPACE}`;
  const claim = `{"step": "claim", "plan": ${plan}, "input": $input, "execution": $execution${known}}`;
  const publish = runTask({ task, work: `{"step": "publish", "plan": ${plan}}`, timeout: size.taskTimeout, next: 'Outcome' });
  return {
    ...(instance === undefined ? {} : { FreeSpace: freeSpaceStep(instance, 'Claim') }),
    Claim: runTask({ task, work: claim, timeout: size.taskTimeout, next: 'Claimed' }),
    Claimed: readDocument({ ...document('claim'), next: 'StageNeeded' }),
    StageNeeded: plain({
      Type: 'Choice',
      Choices: [
        { Condition: jsonata('$states.input.items.count > 0'), Next: dms === undefined ? 'Stage' : DMS_START },
        { Condition: jsonata('$exists($states.input.output)'), Next: 'NothingNew' },
      ],
      // Batches whose parts are all staged by now, or that have none.
      Default: 'Publish',
    }),
    NothingNew: plain({ Type: 'Pass', Output: jsonata('$states.input.output'), End: true }),
    ...(dms === undefined
      ? { Stage: stageParts(props), Publish: publish }
      : {
        ...dmsSteps({
          task, replication: dms, bucket, workPrefix, plan, folder, connections: size.connections,
          taskTimeout: size.taskTimeout, executionTimeout: size.executionTimeout, next: 'Publish',
        }),
        Publish: { ...publish, state: { ...publish.state, Catch: dmsFailures('Publish', true) } },
      }),
    Outcome: readDocument(document('outcome')),
  };
}

/** Our own tasks copy the parts, as many at the same time as there are connections. */
function stageParts({ task, size, curatedBucket: bucket, workPrefix }: LoadStepsProps): Step {
  const end = givenUp({ name: 'StagePart', step: 'stage', bucket, workPrefix });
  return distributedMap({
    name: 'Stage',
    item: {
      startAt: 'StagePart',
      steps: {
        StagePart: runTask({
          task,
          work: '{"step": "stage", "plan": $states.input.plan, "index": $states.input.index}',
          timeout: size.taskTimeout,
          output: {},
          givenUp: end.startAt,
        }),
        ...end.steps,
      },
    },
    bucket,
    workPrefix,
    list: '$states.input.items',
    select: { plan: jsonata('$states.input.plan'), index: jsonata('$states.context.Map.Item.Value.index') },
    // Fewer where the database has no room for all.
    maxConcurrency: jsonata('$states.input.connections'),
    next: 'Publish',
  });
}
