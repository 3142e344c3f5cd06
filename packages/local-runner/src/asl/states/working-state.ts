import type { Json, JsonObject } from '../json';
import { checkPayload } from '../payload-limit';
import { findCatcher, RetryPolicy } from '../retry-policy';
import type { StateVisit, Transition } from '../state-visit';
import { Stopped, toTaskFailure, type TaskFailure } from '../task-failure';
import { withResult } from './pass';

/**
 * What Task, Parallel and Map have in common: they work, retry, catch, and shape their result.
 *
 * @param work does one try; it gets the state's input after `InputPath`
 */
export async function runWorkingState(visit: StateVisit, work: (effectiveInput: Json) => Promise<Json>): Promise<Transition> {
  const { state, frame } = visit;
  const { clock } = frame.execution.environment;
  const policy = new RetryPolicy((state.Retry ?? []) as JsonObject[]);
  for (;;) {
    try {
      const result = await work(visit.effectiveInput());
      checkPayload(result, `result of state "${visit.name}"`);
      return await leave(visit, result);
    } catch (thrown) {
      if (thrown instanceof Stopped || frame.signal.aborted) throw new Stopped();
      const failure = toTaskFailure(thrown);
      const delay = policy.nextDelayMs(failure.error);
      if (delay === undefined) return catchOrThrow(visit, failure);
      await clock.sleep(delay, frame.signal, 'retry');
      if (frame.signal.aborted) throw new Stopped();
      visit.retryCount++;
    }
  }
}

async function leave(visit: StateVisit, result: Json): Promise<Transition> {
  const { state, input } = visit;
  if (visit.jsonata) {
    const output = state.Output === undefined ? result : await visit.evaluate(state.Output, 'Output', { result });
    return { output, next: visit.next, assigned: await visit.assign(state.Assign, { result }) };
  }
  const selected = state.ResultSelector === undefined ? result : await visit.evaluate(state.ResultSelector, 'ResultSelector', { data: result });
  const combined = withResult(input, state.ResultPath, selected);
  return {
    output: visit.path(state.OutputPath, combined),
    next: visit.next,
    assigned: await visit.assign(state.Assign, { data: result }),
  };
}

async function catchOrThrow(visit: StateVisit, failure: TaskFailure): Promise<Transition> {
  const catcher = findCatcher((visit.state.Catch ?? []) as JsonObject[], failure.error);
  if (catcher === undefined) throw failure;
  const errorOutput: JsonObject = { Error: failure.error, Cause: failure.cause };
  const next = catcher.Next as string;
  if (visit.jsonata) {
    const output = catcher.Output === undefined ? errorOutput : await visit.evaluate(catcher.Output, 'Catch/Output', { errorOutput });
    return { output, next, assigned: await visit.assign(catcher.Assign, { errorOutput }) };
  }
  return {
    output: withResult(visit.input, catcher.ResultPath, errorOutput),
    next,
    assigned: await visit.assign(catcher.Assign, { data: errorOutput }),
  };
}
