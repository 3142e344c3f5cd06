import { userError } from '../errors/pipeline-error';
import { parseStageInput, type StageInput } from '../run/stage-io';

/** `load` keeps to the window of the stage; `now` loads at any time, which an operator has to want. */
export const LOAD_OPERATIONS = ['load', 'now'] as const;

export interface LoadInput extends StageInput {
  readonly operation: (typeof LOAD_OPERATIONS)[number];
  /** By dataset, the number of one commit that may take away more rows than the write mode allows. */
  readonly allowDeletes: Readonly<Record<string, number>>;
}

/** Reads the state input of a load; throws PipelineError `INPUT`. */
export function parseLoadInput(input: unknown, pipeline: string): LoadInput {
  const common = parseStageInput(input, pipeline, ['operation', 'allowDeletes']);
  const { operation = 'load', allowDeletes = {} } = input as { operation?: unknown; allowDeletes?: unknown };
  if (!LOAD_OPERATIONS.includes(operation as LoadInput['operation'])) {
    throw userError('INPUT', `state input: operation must be one of ${LOAD_OPERATIONS.join(', ')}, got ${JSON.stringify(operation)}; leave it out to load inside the window`);
  }
  if (!isAllowance(allowDeletes)) {
    throw userError('INPUT', `state input: allowDeletes must give the number of one commit by dataset, like {"trips": 12}, got ${JSON.stringify(allowDeletes)}; the message of TARGET_DELETES has it`);
  }
  return { ...common, allowDeletes, operation: operation as LoadInput['operation'] };
}

function isAllowance(value: unknown): value is LoadInput['allowDeletes'] {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && Object.values(value).every((seq) => Number.isSafeInteger(seq) && (seq as number) > 0);
}
