import { ErrorName } from '../error-names';
import type { StateVisit, Transition } from '../state-visit';
import { Stopped, TaskFailure } from '../task-failure';

/** Wait: sleeps for some seconds or until a moment. */
export async function wait(visit: StateVisit): Promise<Transition> {
  const { state, frame } = visit;
  const { clock } = frame.execution.environment;
  const seconds = await visit.number('Seconds', { least: 0 });
  const ms = seconds === undefined ? (await moment(visit)) - clock.now().getTime() : seconds * 1000;
  if (ms > 0) await clock.sleep(ms, frame.signal, 'wait');
  if (frame.signal.aborted) {
    visit.record('WaitStateAborted');
    throw new Stopped();
  }
  if (visit.jsonata) {
    const output = state.Output === undefined ? visit.input : await visit.evaluate(state.Output, 'Output');
    return { output, next: visit.next, assigned: await visit.assign(state.Assign, {}) };
  }
  const effective = visit.effectiveInput();
  return {
    output: visit.path(state.OutputPath, effective),
    next: visit.next,
    assigned: await visit.assign(state.Assign, { data: effective }),
  };
}

async function moment(visit: StateVisit): Promise<number> {
  const { state } = visit;
  const text = visit.jsonata
    ? await visit.evaluate(state.Timestamp ?? null, 'Timestamp')
    : state.TimestampPath === undefined ? state.Timestamp : visit.path(state.TimestampPath, visit.effectiveInput());
  const at = typeof text === 'string' ? Date.parse(text) : NaN;
  if (Number.isNaN(at)) {
    throw new TaskFailure(
      visit.jsonata ? ErrorName.queryEvaluationError : ErrorName.runtime,
      `Timestamp of the Wait state "${visit.name}" must be text such as 2026-01-31T02:00:00Z, got ${JSON.stringify(text)}`,
    );
  }
  return at;
}
