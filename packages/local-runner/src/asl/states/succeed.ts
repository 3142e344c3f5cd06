import type { StateVisit, Transition } from '../state-visit';

/** Succeed: ends the sequence with its output. */
export async function succeed(visit: StateVisit): Promise<Transition> {
  const { state, input } = visit;
  const output = visit.jsonata
    ? state.Output === undefined ? input : await visit.evaluate(state.Output, 'Output')
    : visit.path(state.OutputPath, visit.effectiveInput());
  return { output, assigned: {} };
}
