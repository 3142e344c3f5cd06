import { setMaxListeners } from 'node:events';
import { PipelineError, transientError } from '../errors/pipeline-error';
import { Report } from '../report/report';
import { ObjectStore } from '../stores/object-store';
import { functionFailure } from './function-failure';
import { parseFunctionEvent, type FunctionEvent } from './stage-io';

/** What a function of a stage gets. */
export interface FunctionCall extends FunctionEvent {
  readonly store: ObjectStore;
  readonly report: Report;
  /** Aborts shortly before the function's time-out, so that the failure has a name. */
  readonly signal: AbortSignal;
}

export interface FunctionOptions {
  readonly store?: ObjectStore;
  readonly report?: Report;
}

/** The one thing that is asked of the runtime's context object. */
export interface LambdaContext {
  getRemainingTimeInMillis?(): number;
}

/** Left at the end of a function to report its failure. */
const GRACE_MS = 2_000;

/**
 * Makes a Lambda handler.
 *
 * A failure is thrown under the name that Step Functions sees as its error: `Headrace.Transient`, or
 * `Headrace.<CODE>` where a retry would not help.
 */
export function functionHandler<O>(
  run: (call: FunctionCall) => Promise<O>, options: FunctionOptions = {},
): (event: unknown, context?: LambdaContext) => Promise<O> {
  // One client for all invocations of a warm sandbox.
  let store = options.store;
  return async (event, context) => {
    const report = options.report ?? new Report();
    const limit = deadline(context);
    try {
      store ??= new ObjectStore();
      return await run({ ...parseFunctionEvent(event), store, report, signal: limit.signal });
    } catch (thrown) {
      const error = limit.signal.aborted && !PipelineError.is(thrown) ? PipelineError.from(limit.signal.reason) : PipelineError.from(thrown);
      throw functionFailure(error, report);
    } finally {
      limit.clear();
    }
  };
}

function deadline(context: LambdaContext | undefined): { signal: AbortSignal; clear(): void } {
  const controller = new AbortController();
  // Every request that is under way listens; a function has up to a hundred of them at a time, and each ends its listening with its answer.
  setMaxListeners(0, controller.signal);
  const remaining = context?.getRemainingTimeInMillis?.();
  if (remaining === undefined) return { signal: controller.signal, clear: () => undefined };
  const timer = setTimeout(
    () => controller.abort(transientError('FUNCTION_TIMEOUT', `the function did not finish in its ${Math.round(remaining / 1_000)} s`, { remaining })),
    Math.max(0, remaining - GRACE_MS),
  );
  return { signal: controller.signal, clear: () => clearTimeout(timer) };
}
