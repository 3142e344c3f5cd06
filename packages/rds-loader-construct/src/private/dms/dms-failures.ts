import { caught } from '../stage/failure-notice';
import { jsonata } from '../stage/jsonata';
import type { AslState, Step } from '../stage/step';

/** Errors of a state, each by its own catcher: the first is not among those that the second stands for. */
export const EVERY_ERROR = ['States.DataLimitExceeded', 'States.ALL'];

/** Where a failure goes: to the end of the replication and of the files, and then to the notice. */
export const DMS_FAILED = 'FindTask';

/** Catchers that remember what failed, then end the replication and the files before anybody is told. */
export function dmsFailures(state: string, container = false): object[] {
  return EVERY_ERROR.map((error) => ({
    ErrorEquals: [error], Assign: { after: 'fail', failure: caught(state), inContainer: container }, Output: jsonata('$states.input'), Next: DMS_FAILED,
  }));
}

export function withCatch(step: Step, Catch: readonly object[]): Step {
  return { ...step, state: { ...step.state, Catch } as AslState };
}

/** A step that runs in a container, which leaves its error as a document. */
export function inContainer(name: string, step: Step): Step {
  return withCatch(step, dmsFailures(name, true));
}
