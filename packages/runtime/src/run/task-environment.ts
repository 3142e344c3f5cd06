import { PipelineError, userError } from '../errors/pipeline-error';
import { readSettings } from './settings';
import type { TaskPointer } from './work';

/** What a container's environment holds for the runtime. */
export interface TaskEnvironment<S> {
  readonly pointer: TaskInput;
  readonly settings: S;
}

/** A pointer, and the stage's input for steps that run before there is a plan. */
export interface TaskInput extends TaskPointer {
  readonly input?: unknown;
  readonly execution?: unknown;
  /** Output of an earlier state, where the step needs it. */
  readonly previous?: unknown;
  /** Memory that this container was started with, where its size is not that of the task definition. */
  readonly memoryMiB?: number;
}

const PREFIX = 'HEADRACE_';
const KNOWN = ['HEADRACE_TASK', 'HEADRACE_SETTINGS', 'HEADRACE_OUT'];

/** Reads HEADRACE_TASK and HEADRACE_SETTINGS; throws one PipelineError `CONFIG` with every problem of both. */
export function readTaskEnvironment<S>(
  env: Readonly<Record<string, string | undefined>>, steps: readonly string[], parseSettings: (json: unknown) => S,
): TaskEnvironment<S> {
  const problems: string[] = [];
  for (const name of Object.keys(env)) {
    if (name.startsWith(PREFIX) && !KNOWN.includes(name)) problems.push(`${name} is not a known variable; leave it out (known: ${KNOWN.join(', ')})`);
  }
  const pointer = collect(problems, () => parsePointer(json(env, 'HEADRACE_TASK'), steps));
  const settings = collect(problems, () => parseSettings(json(env, 'HEADRACE_SETTINGS')));
  if (problems.length > 0) throw userError('CONFIG', problems.join('; '), { problems });
  return { pointer: pointer as TaskInput, settings: settings as S };
}

function parsePointer(value: unknown, steps: readonly string[]): TaskInput {
  const raw = value as { input?: unknown; execution?: unknown; previous?: unknown };
  return readSettings(value, 'HEADRACE_TASK', (fields) => ({
    step: fields.choice('step', steps),
    plan: fields.child('plan', (plan) => ({ bucket: plan.text('bucket'), key: plan.text('key') })),
    index: fields.integer('index', { min: 0, max: 99_999_999, optional: true }) ?? 0,
    ...(fields.has('memoryMiB') ? { memoryMiB: fields.integer('memoryMiB', { min: 1, max: 249_856 }) } : {}),
    ...(fields.any('input') === undefined ? {} : { input: raw.input }),
    ...(fields.any('execution') === undefined ? {} : { execution: raw.execution }),
    ...(fields.any('previous') === undefined ? {} : { previous: raw.previous }),
  }));
}

function json(env: Readonly<Record<string, string | undefined>>, name: string): unknown {
  const text = env[name];
  if (text === undefined || text === '') throw userError('CONFIG', `${name} is missing`);
  try {
    return JSON.parse(text);
  } catch (error) {
    // The text itself is not shown: settings of other stages may name things that do not belong into a log.
    throw userError('CONFIG', `${name} must be JSON: ${(error as Error).name}, ${text.length} characters`);
  }
}

function collect<T>(problems: string[], read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!PipelineError.is(error) || error.code !== 'CONFIG') throw error;
    problems.push(error.message);
    return undefined;
  }
}
