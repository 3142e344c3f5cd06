import { userError } from '../errors/pipeline-error';
import { parseStageInput, type StageInput } from '../run/stage-io';

/** `load` keeps to the window of the stage; `now` loads at any time, which an operator has to want. */
export const LOAD_OPERATIONS = ['load', 'now'] as const;

export interface LoadInput extends StageInput {
  readonly operation: (typeof LOAD_OPERATIONS)[number];
}

/** Reads the state input of a load; throws PipelineError `INPUT`. */
export function parseLoadInput(input: unknown, pipeline: string): LoadInput {
  const common = parseStageInput(input, pipeline, ['operation']);
  const { operation = 'load' } = input as { operation?: unknown };
  if (!LOAD_OPERATIONS.includes(operation as LoadInput['operation'])) {
    throw userError('INPUT', `state input: operation must be one of ${LOAD_OPERATIONS.join(', ')}, got ${JSON.stringify(operation)}; leave it out to load inside the window`);
  }
  return { ...common, operation: operation as LoadInput['operation'] };
}
