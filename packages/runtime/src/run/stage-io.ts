import { PipelineError, userError } from '../errors/pipeline-error';
import { isAttempt, isIdentifier, MAX_ATTEMPT } from './ids';
import { SCHEMA_VERSION, type Count } from './manifest';

/** What a stage machine is started with. */
export interface StageInput {
  readonly slot: string;
  readonly attempt: number;
  /** ISO 8601 with zone: when the work must be over. */
  readonly deadline?: string;
}

/**
 * What became of one dataset.
 *
 * - `committed`: a new entry is in the log.
 * - `unchanged`: the source said that it has not changed since the last commit.
 * - `empty`: a commit without records.
 * - `already-committed`: an earlier attempt of this slot did it.
 * - `nothing`: there was no work.
 */
export type DatasetOutcome = 'committed' | 'unchanged' | 'empty' | 'already-committed' | 'nothing';

export interface DatasetResult {
  readonly outcome: DatasetOutcome;
  readonly seq?: number;
  readonly manifestKey?: string;
  readonly counts: Readonly<Record<string, Count>>;
  /** Of curate, where the contract has quality rules: how many results there are, and which rules did not hold. */
  readonly quality?: { readonly results: number; readonly failed: readonly string[] };
}

/** What a stage machine ends with, and what the next stage is started with. */
export interface StageOutput {
  readonly schemaVersion: number;
  readonly pipeline: string;
  readonly slot: string;
  readonly attempt: number;
  readonly datasets: Readonly<Record<string, DatasetResult>>;
  /** Of curate, where tables lag behind the log: what the Iceberg job is told. The state machine takes it out. */
  readonly iceberg?: { readonly plan: { readonly bucket: string; readonly key: string }; readonly tables: number };
  /** For the stage's topic. The state machine publishes it and hands the rest on. */
  readonly notice?: { readonly subject: string; readonly message: string };
}

// `pipeline` and `datasets` come from the stage before; Step Functions adds its own key to nested executions.
const KNOWN = ['schemaVersion', 'slot', 'attempt', 'deadline', 'pipeline', 'datasets'];
const ADDED_BY_STEP_FUNCTIONS = /^AWS_STEP_FUNCTIONS/;

/**
 * Reads a state input; throws one PipelineError `INPUT` that lists every problem.
 *
 * @param furtherKeys members that a stage reads by itself
 */
export function parseStageInput(input: unknown, pipeline: string, furtherKeys: readonly string[] = []): StageInput {
  const known = [...KNOWN, ...furtherKeys];
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    throw userError('INPUT', `the state input must be an object like {"slot": "s20260101t000000z"}, got ${JSON.stringify(input)}`);
  }
  const { schemaVersion, slot, attempt = 1, deadline, pipeline: from } = input as Record<string, unknown>;
  const problems: string[] = [];
  for (const key of Object.keys(input)) {
    if (!known.includes(key) && !ADDED_BY_STEP_FUNCTIONS.test(key)) problems.push(`${key} is not a known key; leave it out (known: ${known.join(', ')})`);
  }
  if (schemaVersion !== undefined && schemaVersion !== SCHEMA_VERSION) {
    problems.push(`schemaVersion must be ${SCHEMA_VERSION}, got ${JSON.stringify(schemaVersion)}; upgrade this stage to read newer input`);
  }
  if (slot === undefined) problems.push('slot is missing; give the scheduled time or a name, like s20260101t000000z');
  else if (!isIdentifier(slot)) problems.push(`slot must be 1 to 63 lower case letters, digits and _, beginning with a letter, got ${JSON.stringify(slot)}`);
  if (!isAttempt(attempt)) problems.push(`attempt must be a whole number from 1 to ${MAX_ATTEMPT}, got ${JSON.stringify(attempt)}; leave it out for the first`);
  if (deadline !== undefined && !isZonedTime(deadline)) {
    problems.push(`deadline must be a time with zone like 2026-01-01T05:00:00Z, got ${JSON.stringify(deadline)}`);
  }
  if (from !== undefined && from !== pipeline) {
    problems.push(`pipeline must be ${JSON.stringify(pipeline)} as in this stage's settings, got ${JSON.stringify(from)}; chain stages of one pipeline only`);
  }
  if (problems.length > 0) throw userError('INPUT', `state input: ${problems.join('; ')}`, { problems });
  return { slot: slot as string, attempt: attempt as number, ...(deadline === undefined ? {} : { deadline: deadline as string }) };
}

function isZonedTime(value: unknown): boolean {
  return typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(value) && !Number.isNaN(Date.parse(value));
}

/** The event of every function of a stage. */
export interface FunctionEvent {
  readonly settings: unknown;
  readonly input: unknown;
  readonly execution: { readonly name: string; readonly startTime: string };
  /** Output of an earlier state, where the state needs it. */
  readonly previous?: unknown;
}

/** Reads the envelope of a function's event; the parts are parsed by their own readers. */
export function parseFunctionEvent(event: unknown): FunctionEvent {
  const { settings, input, execution, previous } = (event ?? {}) as Partial<FunctionEvent>;
  const missing = Object.entries({ settings, input, execution }).filter(([, value]) => value === undefined).map(([key]) => key);
  if (missing.length > 0) {
    throw new PipelineError('EVENT', `the function's event lacks ${missing.join(', ')}; the state machine must send {settings, input, execution, previous?}`);
  }
  return { settings, input, execution: execution as FunctionEvent['execution'], previous };
}
