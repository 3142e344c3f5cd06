import type { Duration } from 'aws-cdk-lib';
import { caughtIn } from '../stage/failure-notice';
import { jsonata } from '../stage/jsonata';
import { plain, type Step } from '../stage/step';
import { DMS_FAILED, EVERY_ERROR } from './dms-failures';
import { WAIT_ANEW, waitState } from './dms-waiting';
import type { ReplicationApi, ReplicationCall } from './replication-api';

export interface EndReplicationStepsProps {
  readonly api: ReplicationApi;
  readonly executionTimeout: Duration;
  /** The state that publishes. */
  readonly publish: string;
}

/**
 * Ends the replication that there is, whatever state it is in, and waits until it is gone. What comes after stands in `$after`.
 *
 * One that is kept is only stopped, unless another version of the stage has made it.
 */
export function endReplicationSteps({ api, executionTimeout, publish }: EndReplicationStepsProps): Record<string, Step> {
  // What could not be ended must not hide what failed before; the next attempt ends it.
  const failed = (state: string): object[] => EVERY_ERROR.map((error) => ({
    ErrorEquals: [error],
    Assign: { failure: jsonata(`$after = "fail" ? $failure : ${caughtIn(state)}`), inContainer: jsonata('$after = "fail" ? $inContainer : false'), after: 'fail' },
    Output: jsonata('$states.input'),
    Next: 'SweepHandOff',
  }));
  const calls = (state: string): ReplicationCall => ({ unfit: 'WaitForEnd', absent: 'TaskEnded', failed: failed(state), next: 'WaitForEnd' });
  return {
    [DMS_FAILED]: api.find({ absent: 'TaskEnded', failed: failed('FindTask'), next: 'TaskFound' }),
    TaskFound: plain({
      Type: 'Choice',
      Choices: [
        { Condition: jsonata('$found.phase = "none"'), Next: 'TaskEnded' },
        { Condition: jsonata('$after != "prepare" and $found.name != $replicationName'), Next: 'TaskEnded' },
        { Condition: jsonata('$found.phase = "running"'), Next: 'StopTask' },
        { Condition: jsonata('$found.phase = "changing"'), Next: 'WaitForEnd' },
        ...(api.isKept ? [{ Condition: jsonata('$found.fits'), Next: 'TaskEnded' }] : []),
      ],
      Default: 'DeleteTask',
    }),
    StopTask: api.stop(calls('StopTask')),
    DeleteTask: api.remove(calls('DeleteTask')),
    WaitForEnd: waitState(executionTimeout, DMS_FAILED),
    TaskEnded: plain({
      Type: 'Choice',
      Choices: [
        { Condition: jsonata('$after = "prepare"'), Assign: { ...WAIT_ANEW, roundBegan: jsonata('$millis()') }, Next: 'Prepare' },
        { Condition: jsonata('$after = "publish"'), Next: publish },
      ],
      Default: 'SweepHandOff',
    }),
  };
}
