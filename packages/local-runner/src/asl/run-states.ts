import type { StateDefinition, StateType } from './definition';
import type { Json } from './json';
import { checkPayload } from './payload-limit';
import { StateVisit, type Frame, type Transition } from './state-visit';
import { choose } from './states/choice';
import { fail } from './states/fail';
import { runMap } from './states/map';
import { runParallel } from './states/parallel';
import { pass } from './states/pass';
import { succeed } from './states/succeed';
import { runTask } from './states/task';
import { wait } from './states/wait';
import { Stopped } from './task-failure';

const RUN: Readonly<Record<StateType, (visit: StateVisit) => Promise<Transition>>> = {
  Task: runTask, Pass: pass, Choice: choose, Wait: wait, Succeed: succeed, Fail: fail, Parallel: runParallel, Map: runMap,
};

/**
 * Runs a sequence of states from its first to one that ends it, and gives that one's output.
 *
 * @throws TaskFailure when a state fails and nothing catches it; Stopped when the frame's signal fired
 */
export async function runStates(frame: Frame, input: Json): Promise<Json> {
  let value = input;
  for (let name: string | undefined = frame.states.StartAt; name !== undefined;) {
    if (frame.signal.aborted) throw new Stopped();
    const visit: StateVisit = new StateVisit(frame, name, frame.states.States[name] as StateDefinition, value);
    const { Type: type } = visit.state;
    visit.record(`${type}StateEntered`, { name, input: value });
    const { output, next, assigned }: Transition = await RUN[type](visit);
    if (frame.signal.aborted) throw new Stopped();
    checkPayload(output, `output of state "${name}"`);
    frame.variables.assign(assigned);
    visit.record(`${type}StateExited`, {
      name, output, ...(Object.keys(assigned).length > 0 ? { assignedVariables: assigned } : {}),
    });
    value = output;
    name = next;
  }
  return value;
}
