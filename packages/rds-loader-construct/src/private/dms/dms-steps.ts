import type { Duration, aws_s3 as s3 } from 'aws-cdk-lib';
import { jsonata, literal } from '../stage/jsonata';
import { runTask } from '../stage/run-task';
import { FAILURE } from '../stage/stage-machine';
import type { StageTask } from '../stage/stage-task';
import { plain, type Step } from '../stage/step';
import { dmsConnectionSteps, TEST_CONNECTIONS } from './dms-connection-steps';
import { DMS_FAILED, EVERY_ERROR, withCatch } from './dms-failures';
import type { DmsReplication } from './dms-replication';
import { isLate, WAIT_ANEW } from './dms-waiting';
import { endReplicationSteps } from './end-replication-steps';
import { handOffSteps } from './hand-off-steps';
import { replicateStart, replicateSteps } from './replicate-steps';
import { NOT_FOUND } from './replication-api';

export interface DmsStepsProps {
  readonly task: StageTask;
  readonly replication: DmsReplication;
  readonly bucket: s3.IBucket;
  readonly workPrefix: string;
  readonly connections: number;
  readonly taskTimeout: Duration;
  readonly executionTimeout: Duration;
  /** JSONata of `{bucket, key}` of the plan. */
  readonly plan: string;
  /** JSONata of the folder of the attempt. */
  readonly folder: string;
  /** The state that publishes, once there is nothing more to stage. */
  readonly next: string;
}

/** Where the steps begin. */
export const DMS_START = 'BeginDms';

const FINISHED = 'FULL_LOAD_ONLY_FINISHED';

/**
 * Stages by DMS, in rounds: the replication of an older attempt is ended, files are handed over, a replication loads them and is ended again.
 *
 * The ARN of the replication is the same for all attempts, so DMS itself allows one at a time; its name tells the attempt. Whoever begins ends
 * that of an older attempt first; whoever fails ends only its own.
 */
export function dmsSteps(props: DmsStepsProps): Record<string, Step> {
  const { task, replication, bucket, workPrefix, folder, plan, executionTimeout, taskTimeout, connections } = props;
  const { api, instanceArn } = replication;
  const replicate = replicateStart(api);
  return {
    [DMS_START]: plain({
      Type: 'Pass',
      Assign: {
        ...WAIT_ANEW, round: 0, roundBegan: 0, after: 'prepare', started: false, found: NOT_FOUND, replicationName: jsonata(api.name),
        // The claim knows the end of the window also where the input has none.
        until: jsonata('$exists($states.input.until) ? $states.input.until : null'),
      },
      Next: DMS_FAILED,
    }),
    ...endReplicationSteps({ api, executionTimeout, publish: props.next }),
    ...handOffSteps({
      task, bucket, workPrefix, connections, taskTimeout, plan, folder, next: api.testsConnections ? TEST_CONNECTIONS : replicate, done: props.next,
    }),
    ...(instanceArn === undefined ? {} : dmsConnectionSteps({ replication, instanceArn, executionTimeout, next: replicate })),
    ...replicateSteps({ api, bucket, workPrefix, executionTimeout, folder, next: 'RoundEnded', noTime: 'RoundsEnded', takenOver: 'TakenOver' }),

    RoundEnded: plain({
      Type: 'Choice',
      Choices: [{
        // Publish looks at what a replication has not loaded, and says why; there is nothing to gain from another one before that.
        Condition: jsonata(`$states.input.more and $contains($found.stopReason, ${literal(FINISHED)}) and $not(${isLate(executionTimeout)})`),
        Assign: { ...WAIT_ANEW, after: 'prepare', round: jsonata('$round + 1') },
        Next: DMS_FAILED,
      }],
      Default: 'RoundsEnded',
    }),
    RoundsEnded: plain({ Type: 'Pass', Assign: { ...WAIT_ANEW, after: 'publish' }, Next: DMS_FAILED }),
    TakenOver: plain({
      Type: 'Pass',
      Assign: {
        after: 'fail',
        failure: { state: 'WatchTask', error: 'Headrace.TakenOver', cause: jsonata('"the replication is of another attempt by now, " & $found.name & "; let it go on"') },
        inContainer: false,
      },
      Next: 'SweepHandOff',
    }),
    SweepHandOff: withCatch(
      runTask({ task, work: `{"step": "sweep", "plan": ${plan}}`, timeout: taskTimeout, next: 'FailureKind' }),
      EVERY_ERROR.map((error) => ({ ErrorEquals: [error], Next: 'FailureKind' })),
    ),
    FailureKind: plain({
      Type: 'Choice',
      Choices: [{ Condition: jsonata('$inContainer'), Output: jsonata('$failure'), Next: FAILURE.find }],
      Output: jsonata('$failure'),
      Default: FAILURE.notify,
    }),
  };
}
