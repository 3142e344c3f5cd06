import type { aws_s3 as s3 } from 'aws-cdk-lib';
import { jsonata } from './jsonata';
import { recordFailure } from './record-failure';
import { plain, type Step } from './step';

export interface GivenUpProps {
  /** Name of the state that ran the task; the others are named after it. */
  readonly name: string;
  /** The step that the container does. */
  readonly step: string;
  readonly bucket: s3.IBucket;
  readonly workPrefix: string;
}

/** Names of documents of tasks that were given up begin with this, before all that tasks write: of a list, they come first. */
export const GIVEN_UP_MARK = '0-';

/** What a Catch that goes to the steps of `givenUp` must assign. */
export const CAUGHT_CAUSE = { cause: jsonata('$exists($states.errorOutput.Cause) and $states.errorOutput.Cause != "" ? $states.errorOutput.Cause : $states.errorOutput.Error') };

/**
 * The end of a task of a map that is not tried again: a document that says so, and then the failure of the item.
 *
 * A map tells nothing of why its items failed, so documents must. A task that ran leaves its own; but it also leaves one when a
 * later try of it succeeded, and one that never started, or was killed, leaves none. This one says which item was given up, and what
 * ECS says of its end for the case that nobody knows more.
 */
export function givenUp(props: GivenUpProps): { readonly startAt: string; readonly steps: Record<string, Step> } {
  const { name, step, bucket, workPrefix } = props;
  const record = `${name}Recorded`;
  const fail = `${name}GivenUp`;
  return {
    startAt: record,
    steps: {
      [record]: recordFailure({
        bucket, workPrefix, step, mark: GIVEN_UP_MARK, next: fail,
        failure: { code: 'TASK_ENDED', kind: 'transient', fault: 'system', message: jsonata(MESSAGE), facts: { state: name } },
      }),
      [fail]: plain({ Type: 'Fail', Error: 'States.TaskFailed', Cause: jsonata('$substring($cause, 0, 30000)') }),
    },
  };
}

/** The words of ECS, without the rest of its long description of a task. */
const MESSAGE = '($task := $substring($cause, 0, 1) = "{" ? $parse($cause) : {}; $exists($task.StoppedReason) ? '
  + '"the task ended and left no word of its own: " & $task.StoppedReason & $join($task.Containers.("; container " & Name & '
  + '($exists(ExitCode) ? " ended with exit code " & $string(ExitCode) : " never started") & ($exists(Reason) ? ", " & Reason : ""))) '
  + ': "the task was given up: " & $substring($cause, 0, 2000))';
