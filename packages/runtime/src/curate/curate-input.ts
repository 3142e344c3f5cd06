import { userError } from '../errors/pipeline-error';
import { isIdentifier } from '../run/ids';
import { parseStageInput, type StageInput } from '../run/stage-io';

/**
 * What an execution of the curate stage does.
 *
 * - `curate`: the raw commits that are not curated yet.
 * - `rerun`: raw commits that were curated, once more under the contract as it is now; the result takes the place of the first.
 * - `compact`: files of many small commits, written again as few large ones; no row changes.
 * - `vacuum`: files that no reader needs any more are removed.
 */
export type CurateOperation = 'curate' | 'rerun' | 'compact' | 'vacuum';

/** What the curate machine is started with. */
export interface CurateInput extends StageInput {
  readonly operation: CurateOperation;
  /** Of a rerun: the run of curate whose batches are read again. @default - all runs */
  readonly run?: string;
  /** Of a rerun: only batches that have records in quarantine. */
  readonly rejected?: boolean;
  /** The datasets that take part. @default - all */
  readonly only?: readonly string[];
}

const KEYS = ['operation', 'run', 'rejected', 'only'] as const;
const OPERATIONS: readonly CurateOperation[] = ['curate', 'rerun', 'compact', 'vacuum'];

/** Reads the input; throws one PipelineError `INPUT` that lists every problem of its own members. */
export function parseCurateInput(input: unknown, pipeline: string): CurateInput {
  const common = parseStageInput(input, pipeline, KEYS);
  const { operation = 'curate', run, rejected, only } = input as Record<string, unknown>;
  const problems: string[] = [];
  if (!OPERATIONS.includes(operation as CurateOperation)) problems.push(`operation must be one of ${OPERATIONS.join(', ')}, got ${JSON.stringify(operation)}`);
  if (run !== undefined && !isIdentifier(run)) problems.push(`run must name a run, like s20260101t000000z, got ${JSON.stringify(run)}`);
  if (rejected !== undefined && typeof rejected !== 'boolean') problems.push(`rejected must be true or false, got ${JSON.stringify(rejected)}`);
  if (only !== undefined && !(Array.isArray(only) && only.length > 0 && only.every(isIdentifier))) problems.push(`only must be a list of datasets, got ${JSON.stringify(only)}`);
  for (const [key, value] of Object.entries({ run, rejected })) {
    if (value !== undefined && operation !== 'rerun') problems.push(`${key} belongs to operation rerun; leave it out`);
  }
  if (only !== undefined && operation === 'curate') problems.push('only belongs to operations rerun, compact and vacuum; leave it out');
  if (problems.length > 0) throw userError('INPUT', `state input: ${problems.join('; ')}`, { problems });
  return {
    ...common, operation: operation as CurateOperation,
    ...(run === undefined ? {} : { run: run as string }),
    ...(rejected === undefined ? {} : { rejected: rejected as boolean }),
    ...(only === undefined ? {} : { only: only as string[] }),
  };
}
