import { branches } from '../definition';
import type { Json } from '../json';
import { StopScope } from '../stop-scope';
import type { StateVisit, Transition } from '../state-visit';
import { Stopped } from '../task-failure';
import { Variables } from '../variables';
import { runWorkingState } from './working-state';

/** Parallel: runs its branches on the same input; the first failure stops the others. */
export function runParallel(visit: StateVisit): Promise<Transition> {
  return runWorkingState(visit, async (effectiveInput) => {
    const { state, frame } = visit;
    const template = visit.jsonata ? state.Arguments : state.Parameters;
    const input = template === undefined ? effectiveInput : await visit.evaluate(template, visit.jsonata ? 'Arguments' : 'Parameters', { data: effectiveInput });
    visit.record('ParallelStateStarted');
    const start = frame.cursor.previous;
    const scope = new StopScope(frame.signal);
    try {
      const results = await allOrFirstFailure(scope, branches(state).map((states) => () =>
        frame.execution.environment.runStates(
          { ...frame, states, variables: new Variables(frame.variables), signal: scope.signal, cursor: { previous: start } }, input)));
      visit.record('ParallelStateSucceeded');
      return results;
    } catch (error) {
      visit.record(error instanceof Stopped ? 'ParallelStateAborted' : 'ParallelStateFailed');
      throw error;
    } finally {
      scope.dispose();
    }
  });
}

/**
 * Runs jobs at once and gives their results in order.
 *
 * At the first failure it fires the scope, waits until all jobs have let go, and throws that failure.
 */
export async function allOrFirstFailure(scope: StopScope, jobs: ReadonlyArray<() => Promise<Json>>): Promise<Json[]> {
  let failure: unknown;
  const results = await Promise.all(jobs.map(async (job) => {
    try {
      return await job();
    } catch (error) {
      // A sibling that was stopped throws Stopped; the reason it was stopped is what counts.
      if (failure === undefined || failure instanceof Stopped) failure = error;
      scope.stop('sibling failed');
      return null;
    }
  }));
  if (failure !== undefined) throw failure;
  return results;
}
