import type { Clock } from './clock';
import type { StateMachineDefinition } from './definition';
import type { History, HistoryEvent } from './history';
import type { Json, JsonObject } from './json';
import type { Frame } from './state-visit';
import type { TaskHandler } from './task-handler';
import type { TaskTokens } from './task-tokens';

/** An object of a listing, with the members that Step Functions gives to the items. */
export interface ListedObject {
  readonly Key: string;
  readonly Size: number;
  readonly Etag?: string;
  /** Seconds since 1970. */
  readonly LastModified?: number;
  readonly StorageClass?: string;
}

/** The S3 access of a distributed Map: reading items and writing results. */
export interface MapStorage {
  readObject(bucket: string, key: string): Promise<Buffer>;
  listObjects(bucket: string, prefix: string): Promise<readonly ListedObject[]>;
  writeObject(bucket: string, key: string, body: Buffer): Promise<void>;
}

/** What all executions below one call of `runStateMachine` share. */
export interface Environment {
  readonly handlers: Readonly<Record<string, TaskHandler>>;
  readonly clock: Clock;
  readonly tokens: TaskTokens;
  readonly storage: Partial<MapStorage>;
  /** Upper bound of a distributed Map's concurrency, whatever the definition says. */
  readonly mapConcurrencyLimit: number;
  /** Handlers that were told to stop but have not settled yet. */
  readonly stopping: Set<Promise<unknown>>;
  /** Runs a sequence of states; here so that Map and Parallel can reach it without importing their own caller. */
  runStates(frame: Frame, input: Json): Promise<Json>;
  onEvent(event: HistoryEvent): void;
  log(line: string, state: string): void;
}

/** One execution: of the machine itself, or of a child of a distributed Map. */
export interface Execution {
  readonly environment: Environment;
  readonly machine: StateMachineDefinition;
  readonly history: History;
  readonly arn: string;
  readonly stateMachineArn: string;
  /** `Execution` and `StateMachine` of the context object. */
  readonly context: JsonObject;
}

/** Why a stop signal fired. */
export type StopReason = 'timeout' | 'heartbeat' | 'sibling failed' | 'execution timed out' | 'aborted';

/** ISO text as Step Functions prints it: no zeros where there are no milliseconds. */
export function timestampText(date: Date): string {
  return date.toISOString().replace('.000Z', 'Z');
}

/** Value of the context object for one state. */
export function contextObject(
  execution: Execution,
  state: { name: string; enteredTime: Date; retryCount: number; taskToken?: string; mapItem?: JsonObject },
): JsonObject {
  const context: Record<string, Json> = {
    ...execution.context,
    State: { Name: state.name, EnteredTime: timestampText(state.enteredTime), RetryCount: state.retryCount },
  };
  if (state.mapItem !== undefined) context.Map = { Item: state.mapItem };
  if (state.taskToken !== undefined) context.Task = { Token: state.taskToken };
  return context;
}
