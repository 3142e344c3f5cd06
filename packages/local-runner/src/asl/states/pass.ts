import type { Json } from '../json';
import { placeAt, referenceSteps } from '../json-path';
import type { StateVisit, Transition } from '../state-visit';

/** Pass: gives its input, a fixed result, or what its template makes of the input. */
export async function pass(visit: StateVisit): Promise<Transition> {
  const { state, input } = visit;
  if (visit.jsonata) {
    const output = state.Output === undefined ? input : await visit.evaluate(state.Output, 'Output');
    return { output, next: visit.next, assigned: await visit.assign(state.Assign, {}) };
  }
  const effective = visit.effectiveInput();
  const filled = state.Parameters === undefined ? effective : await visit.evaluate(state.Parameters, 'Parameters', { data: effective });
  const result = 'Result' in state ? state.Result as Json : filled;
  const combined = withResult(input, state.ResultPath, result);
  return {
    output: visit.path(state.OutputPath, combined),
    next: visit.next,
    assigned: await visit.assign(state.Assign, { data: result }),
  };
}

/** Combines a state's input with its result as `ResultPath` says; null discards the result. */
export function withResult(input: Json, resultPath: Json | undefined, result: Json): Json {
  if (resultPath === null) return input;
  return placeAt(input, referenceSteps((resultPath ?? '$') as string), result);
}
