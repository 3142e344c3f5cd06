import { ErrorName } from '../error-names';
import type { Json } from '../json';
import type { StateVisit, Transition } from '../state-visit';
import { TaskFailure } from '../task-failure';

/** Fail: ends the sequence with an error. */
export async function fail(visit: StateVisit): Promise<Transition> {
  throw new TaskFailure(await text(visit, 'Error'), await text(visit, 'Cause'));
}

async function text(visit: StateVisit, field: 'Error' | 'Cause'): Promise<string> {
  const path = visit.state[`${field}Path`];
  let value: Json | undefined = visit.state[field];
  if (visit.jsonata && value !== undefined) value = await visit.evaluate(value, field);
  else if (path !== undefined) value = visit.pathOrIntrinsic(path as string);
  if (value === undefined) return '';
  if (typeof value === 'string') return value;
  throw new TaskFailure(
    visit.jsonata ? ErrorName.queryEvaluationError : ErrorName.runtime,
    `${field} of the Fail state "${visit.name}" must be a string, got ${JSON.stringify(value)}`,
  );
}
