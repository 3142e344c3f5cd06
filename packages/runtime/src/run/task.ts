import { setMaxListeners } from 'node:events';
import { PipelineError, transientError } from '../errors/pipeline-error';
import { Report } from '../report/report';
import { ObjectStore, type ObjectRef } from '../stores/object-store';
import { EXIT, exitCodeOf, type ExitCode } from './exit-code';
import { peakMemoryBytes } from './peak-memory';
import { readTaskEnvironment, type TaskInput } from './task-environment';
import { DOCUMENT_HEAD, errorRef, folderOfPlan, itemsRef, readItem, readPlan, resultRef, type WorkFolder } from './work';

/** What a step gets. Plan and item are documents of the stage, which knows their shapes. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- each stage narrows them in one place
export interface StepCall<S, P = any, I = any> {
  readonly settings: S;
  /** The plan document; undefined for a step with `plan: false`. */
  readonly plan: P;
  /** This task's item; undefined for a step with `items: false`. */
  readonly item: I;
  readonly index: number;
  /** Where the plan lies; further documents of the attempt belong beside it. */
  readonly folder: WorkFolder;
  readonly pointer: TaskInput;
  readonly store: ObjectStore;
  /** Aborts when the task is asked to stop. A step may finish all the same; its result then counts. */
  readonly signal: AbortSignal;
  readonly report: Report;
}

/** Does the work; what it returns becomes the members of the result document `<step>/<index>.json`. */
export type RunStep<S> = (call: StepCall<S>) => Promise<object | void>;

export interface Step<S> {
  readonly run: RunStep<S>;
  /** Whether the plan is read before. @default true */
  readonly plan?: boolean;
  /**
   * Name of the list that `index` counts in, without `.json`; false for a step that is not part of a Map.
   *
   * @default - the list that the plan names, or `items`
   */
  readonly items?: string | false;
  /** Whether a result of an earlier try ends the task at once. @default true */
  readonly resume?: boolean;
}

export interface TaskOptions<S> {
  readonly parseSettings: (json: unknown) => S;
  readonly steps: Readonly<Record<string, RunStep<S> | Step<S>>>;
  /** @default - the default client */
  readonly store?: ObjectStore;
  /** @default process.env */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly report?: Report;
  /** Receives the last line of a failed task. @default - standard error */
  readonly writeError?: (line: string) => void;
  /** Ends the process. @default - process.exit, when what was printed has left */
  readonly exit?: (code: ExitCode) => void;
}

/**
 * Runs one step in a container, from environment to exit code. Entries do nothing but call this.
 *
 * SIGTERM aborts the step's signal; a second one ends the process. On failure the last line on standard error is
 * coded, and `errors/<step>-<index>.json` is written if the store can be reached.
 */
export async function runTask<S>(options: TaskOptions<S>): Promise<void> {
  const exit = options.exit ?? exitWhenPrinted;
  const stop = new AbortController();
  // One listener per request in flight is no leak.
  setMaxListeners(0, stop.signal);
  const report = options.report ?? new Report();
  const onSignal = (name: NodeJS.Signals): void => {
    if (stop.signal.aborted) return exit(EXIT.stopped);
    report.say('TASK_W0001', { signal: name });
    stop.abort(transientError('STOPPED', `asked to stop by ${name}`, { signal: name }));
  };
  process.on('SIGTERM', onSignal).on('SIGINT', onSignal);
  try {
    exit(await runStep(options, report, stop.signal));
  } finally {
    process.off('SIGTERM', onSignal).off('SIGINT', onSignal);
  }
}

/** Not every system writes to a pipe at once, and the last line is the one that says what failed. */
function exitWhenPrinted(code: ExitCode): void {
  process.stdout.write('', () => process.stderr.write('', () => process.exit(code)));
}

/** {@link runTask} without signals and exit, for those who run a step in process. */
export async function runStep<S>(options: TaskOptions<S>, report: Report, signal: AbortSignal): Promise<ExitCode> {
  const writeError = options.writeError ?? ((line: string) => process.stderr.write(`${line}\n`));
  let pointer: TaskInput | undefined;
  let store: ObjectStore | undefined;
  try {
    const environment = readTaskEnvironment(options.env ?? process.env, Object.keys(options.steps), options.parseSettings);
    pointer = environment.pointer;
    store = options.store ?? new ObjectStore();
    await work(options, environment.settings, pointer, store, report.with({ step: pointer.step, index: pointer.index }), signal);
    return EXIT.done;
  } catch (thrown) {
    const error = asFailure(thrown, signal);
    const code = exitCodeOf(error, signal.aborted);
    if (store !== undefined && pointer !== undefined) await writeFailure(store, pointer, error, report);
    const message = code === EXIT.badConfig ? 'TASK_E0002' : code === EXIT.stopped ? 'TASK_E0003' : 'TASK_E0001';
    writeError(report.line(message, {
      step: pointer?.step, index: pointer?.index, error: error.code, kind: error.kind, fault: error.fault, reason: error.message,
      facts: error.facts, exitCode: code,
    }));
    return code;
  }
}

async function work<S>(
  options: TaskOptions<S>, settings: S, pointer: TaskInput, store: ObjectStore, report: Report, signal: AbortSignal,
): Promise<void> {
  const chosen = options.steps[pointer.step] as RunStep<S> | Step<S>;
  const step: Step<S> = typeof chosen === 'function' ? { run: chosen } : chosen;
  const folder = folderOfPlan(pointer.plan);
  const result = resultRef(folder, pointer.step, pointer.index);
  const about = { step: pointer.step, index: pointer.index };
  if (step.resume !== false && await store.head(result, { signal }) !== undefined) return report.say('TASK_I0003', about);

  report.say('TASK_I0001', about);
  const startedAt = new Date();
  const started = performance.now();
  const plan = step.plan === false ? undefined : await readPlan(store, pointer.plan, { signal });
  const list = step.items === undefined ? (plan as { items?: ObjectRef } | undefined)?.items : undefined;
  const item = step.items === false ? undefined : await readItem(store, list ?? itemsRef(folder, step.items), pointer.index, { signal });
  const members = await step.run({ settings, plan, item, index: pointer.index, folder, pointer, store, signal, report });
  const peak = peakMemoryBytes();
  const written = await store.putJson(result, {
    ...DOCUMENT_HEAD, ...about, timing: { startedAt: startedAt.toISOString(), endedAt: new Date().toISOString() }, peakMemoryBytes: peak, ...members,
  }, step.resume === false ? {} : { ifNoneMatch: '*' });
  if (written === 'lost') report.say('TASK_I0004', about);
  report.say('TASK_I0002', { ...about, seconds: Math.round(performance.now() - started) / 1_000, peakMemoryBytes: peak });
}

/** What a stopped step throws is rarely the reason: an abort looks like any broken connection. */
function asFailure(thrown: unknown, signal: AbortSignal): PipelineError {
  if (signal.aborted && !(PipelineError.is(thrown) && thrown.kind === 'terminal')) return PipelineError.from(signal.reason, 'STOPPED');
  return PipelineError.from(thrown);
}

/** How long a dying task tries to leave a trace. */
const TRACE_TIMEOUT_MS = 5_000;

async function writeFailure(store: ObjectStore, pointer: TaskInput, error: PipelineError, report: Report): Promise<void> {
  const ref = errorRef(folderOfPlan(pointer.plan), pointer.step, pointer.index);
  const failure = { ...DOCUMENT_HEAD, step: pointer.step, index: pointer.index, at: new Date().toISOString(), ...error.toJSON() };
  const document = JSON.parse(report.redact(JSON.stringify(failure))) as object;
  try {
    await store.putJson(ref, document, { signal: AbortSignal.timeout(TRACE_TIMEOUT_MS) });
  } catch (reason) {
    report.say('TASK_W0002', { key: ref.key, reason: PipelineError.from(reason).message });
  }
}
