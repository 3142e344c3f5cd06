import type { Duration, aws_s3 as s3 } from 'aws-cdk-lib';
import { distributedMap } from '../stage/distributed-map';
import { givenUp } from '../stage/given-up';
import { jsonata } from '../stage/jsonata';
import { readDocument } from '../stage/read-document';
import { runTask } from '../stage/run-task';
import type { StageTask } from '../stage/stage-task';
import { plain, type Step } from '../stage/step';
import { dmsFailures, inContainer, withCatch } from './dms-failures';

export interface HandOffStepsProps {
  readonly task: StageTask;
  readonly bucket: s3.IBucket;
  readonly workPrefix: string;
  readonly connections: number;
  readonly taskTimeout: Duration;
  /** JSONata of `{bucket, key}` of the plan. */
  readonly plan: string;
  /** JSONata of the folder of the attempt. */
  readonly folder: string;
  /** The state that has DMS load the files. */
  readonly next: string;
  /** Where it goes on when nothing is left to hand over. */
  readonly done: string;
}

/** Writes the parts of a round as files that DMS reads, each part in a task of its own. */
export function handOffSteps(props: HandOffStepsProps): Record<string, Step> {
  const { task, bucket, workPrefix, connections, taskTimeout, plan, folder, next, done } = props;
  const handedOver = givenUp({ name: 'HandOffPart', step: 'handOff', bucket, workPrefix });
  return {
    Prepare: inContainer('Prepare', runTask({
      task, work: `{"step": "prepare", "plan": ${plan}, "index": $round}`, timeout: taskTimeout, next: 'Prepared',
    })),
    Prepared: withCatch(
      readDocument({ bucket, workPrefix, key: `${folder} & "/prepare/" & $string($round) & ".json"`, next: 'HandOffNeeded' }), dmsFailures('Prepared'),
    ),
    HandOffNeeded: plain({
      Type: 'Choice',
      Choices: [
        { Condition: jsonata('$states.input.items.count > 0'), Next: 'HandOff' },
        { Condition: jsonata('$states.input.more'), Assign: { round: jsonata('$round + 1') }, Next: 'Prepare' },
      ],
      Default: done,
    }),
    HandOff: inContainer('HandOff', distributedMap({
      name: 'HandOff',
      item: {
        startAt: 'HandOffPart',
        steps: {
          HandOffPart: runTask({
            task, work: '{"step": "handOff", "plan": $states.input.plan, "index": $states.input.index}', timeout: taskTimeout, output: {}, givenUp: handedOver.startAt,
          }),
          ...handedOver.steps,
        },
      },
      bucket,
      workPrefix,
      list: '$states.input.items',
      select: { plan: jsonata(plan), index: jsonata('$states.context.Map.Item.Value.index') },
      maxConcurrency: connections,
      next,
    })),
  };
}
