import type { Json } from './json';

/** One call of a Task state to the outside. */
export interface TaskCall {
  /** The state's `Resource`, as written. */
  readonly resource: string;
  /** `Arguments` or `Parameters`, evaluated; the state's input when there are none. */
  readonly arguments: any; // eslint-disable-line @typescript-eslint/no-explicit-any
  /** Name of the state. */
  readonly state: string;
  /** The context object (`$$`, `$states.context`). */
  readonly context: any; // eslint-disable-line @typescript-eslint/no-explicit-any
  /** `Credentials` of the state, evaluated. */
  readonly credentials?: Json;
  /** Fires on time-out, on a missed heartbeat, and when the execution or a sibling branch ends. */
  readonly signal: AbortSignal;
  /** Set for `.waitForTaskToken` resources: the result is what is sent with the token, not what the handler returns. */
  readonly taskToken?: string;
  /** Tells that the task is alive; restarts `HeartbeatSeconds`. */
  heartbeat(): void;
  /** Records that a `.sync` job was accepted, as the event `TaskSubmitted`. */
  submitted(output: unknown): void;
  /** Adds a line to the log of the execution. */
  log(line: string): void;
}

/**
 * Does the work of a Task state and gives its result.
 *
 * It must stop soon after its signal fires. It throws `TaskFailure` for a failure with an error name.
 */
export type TaskHandler = (call: TaskCall) => Promise<unknown>;

const INTEGRATION = /^arn:[^:]+:states:[^:]*:[^:]*:(.+)$/;

/**
 * Finds the handler of a resource.
 *
 * Keys are tried in this order: the ARN as written, what follows `arn:aws:states:::`, `lambda:function` for a
 * function's ARN and `activity` for an activity's, then `*`.
 */
export function findHandler(handlers: Readonly<Record<string, TaskHandler>>, resource: string): TaskHandler | undefined {
  const keys = [resource, INTEGRATION.exec(resource)?.[1]];
  if (/^arn:[^:]+:lambda:/.test(resource)) keys.push('lambda:function');
  if (/^arn:[^:]+:states:[^:]+:[^:]+:activity:/.test(resource)) keys.push('activity');
  for (const key of [...keys, '*']) {
    if (key !== undefined && Object.hasOwn(handlers, key)) return handlers[key];
  }
  return undefined;
}
