import { userError } from '../errors/pipeline-error';
import { isIdentifier } from '../run/ids';
import type { CommitKind } from '../run/manifest';
import { parseStageInput, type StageInput } from '../run/stage-io';

/**
 * What an execution of the ingest stage does.
 *
 * - `plan`: nothing; it says what `ingest` would pull, and what that would take.
 * - `ingest`: what is new at the source; moves the cursor.
 * - `backfill`: a range of the cursor, whatever was committed before; leaves the cursor where it is.
 * - `replay`: the batch of an earlier run once more, which then takes that run's place.
 */
export type IngestOperation = 'ingest' | 'plan' | 'backfill' | 'replay';

/** What the ingest machine is started with. */
export interface IngestInput extends StageInput {
  readonly operation: IngestOperation;
  /** Of a back-fill: from, included, up to `to`, excluded, as the source's cursor is written. */
  readonly range?: { readonly from: string; readonly to: string };
  /** Of a replay: the run whose batch is read again. */
  readonly run?: string;
  /** The datasets that take part. @default - all */
  readonly only?: readonly string[];
  /** Of a run that an event started: a later one of its kind may do its work. */
  readonly trigger?: 'event';
}

/** The kind of commit that an operation makes, or would make. */
export function commitKindOf(operation: IngestOperation): CommitKind {
  return operation === 'plan' ? 'ingest' : operation;
}

const KEYS = ['operation', 'range', 'run', 'only', 'trigger'] as const;
const OPERATIONS: readonly IngestOperation[] = ['ingest', 'plan', 'backfill', 'replay'];

/** Reads the input; throws one PipelineError `INPUT` that lists every problem of its own members. */
export function parseIngestInput(input: unknown, pipeline: string): IngestInput {
  const common = parseStageInput(input, pipeline, KEYS);
  const { operation = 'ingest', range, run, only, trigger } = input as Record<string, unknown>;
  const problems: string[] = [];
  if (!OPERATIONS.includes(operation as IngestOperation)) problems.push(`operation must be one of ${OPERATIONS.join(', ')}, got ${JSON.stringify(operation)}`);
  if (range !== undefined && !isRange(range)) problems.push(`range must be an object of two texts like {"from": "2026-01-01", "to": "2026-02-01"}, got ${JSON.stringify(range)}`);
  if (run !== undefined && !isIdentifier(run)) problems.push(`run must name a run, like s20260101t000000z, got ${JSON.stringify(run)}`);
  if (only !== undefined && !(Array.isArray(only) && only.length > 0 && only.every(isIdentifier))) problems.push(`only must be a list of datasets, got ${JSON.stringify(only)}`);
  if ((operation === 'backfill') !== (range !== undefined)) problems.push(operation === 'backfill' ? 'range is missing; a backfill needs one' : 'range belongs to operation backfill; leave it out');
  if ((operation === 'replay') !== (run !== undefined)) problems.push(operation === 'replay' ? 'run is missing; a replay needs one' : 'run belongs to operation replay; leave it out');
  if (trigger !== undefined && trigger !== 'event') problems.push(`trigger must be "event", got ${JSON.stringify(trigger)}; leave it out for a run that no event started`);
  if (trigger !== undefined && (operation !== 'ingest' || only !== undefined)) problems.push('trigger belongs to runs of all datasets that ingest what is new; leave it out');
  if (problems.length > 0) throw userError('INPUT', `state input: ${problems.join('; ')}`, { problems });
  return {
    ...common, operation: operation as IngestOperation,
    ...(range === undefined ? {} : { range: range as { from: string; to: string } }),
    ...(run === undefined ? {} : { run: run as string }),
    ...(only === undefined ? {} : { only: only as string[] }),
    ...(trigger === undefined ? {} : { trigger: 'event' as const }),
  };
}

function isRange(value: unknown): boolean {
  const { from, to } = (value ?? {}) as Record<string, unknown>;
  return typeof from === 'string' && from !== '' && typeof to === 'string' && to !== '' && Object.keys(value as object).length === 2;
}
