import { randomUUID } from 'node:crypto';
import { systemClock, type Clock } from './clock';
import { parseDefinition } from './definition';
import { ErrorName } from './error-names';
import { timestampText, type Environment, type Execution, type MapStorage } from './execution';
import { History, type HistoryEvent } from './history';
import { toJson, type Json } from './json';
import { checkPayload } from './payload-limit';
import { runStates } from './run-states';
import { StopScope } from './stop-scope';
import { Stopped, toTaskFailure } from './task-failure';
import type { TaskHandler } from './task-handler';
import { TaskTokens } from './task-tokens';
import { Variables } from './variables';

/** What an execution runs with. */
export interface RunStateMachineOptions extends Partial<MapStorage> {
  /** State input; `{}` by default. */
  readonly input?: unknown;
  /** Who does the work of Task states; see `findHandler` for the keys. */
  readonly handlers?: Readonly<Record<string, TaskHandler>>;
  /** Execution name; a UUID by default. */
  readonly name?: string;
  readonly stateMachineArn?: string;
  /** Derived from the state machine's ARN and the name by default. */
  readonly executionArn?: string;
  readonly roleArn?: string;
  /** The real clock by default; `acceleratedClock` shortens waits and retry delays. */
  readonly clock?: Clock;
  /** Stops the execution with status `ABORTED`. */
  readonly signal?: AbortSignal;
  /** Told of every event, those of children of a distributed Map included. */
  readonly onEvent?: (event: HistoryEvent) => void;
  /** Told of every line that a handler logs. */
  readonly onLog?: (line: string, state: string) => void;
  /** Task tokens shared with whoever serves `SendTaskSuccess`; an own set by default. */
  readonly taskTokens?: TaskTokens;
  /** Most children of a distributed Map at once, from 1; 1000 by default, where AWS has 10,000. */
  readonly mapConcurrencyLimit?: number;
  /** Real milliseconds to wait at the end for handlers that were told to stop; 5000 by default. */
  readonly stopGraceMs?: number;
}

/** How an execution ended. */
export interface ExecutionResult {
  readonly status: 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';
  readonly executionArn: string;
  readonly name: string;
  readonly startDate: Date;
  readonly stopDate: Date;
  readonly output?: Json;
  readonly error?: string;
  readonly cause?: string;
  readonly events: readonly HistoryEvent[];
}

/**
 * Runs a state machine of the Amazon States Language to its end.
 *
 * It never rejects for what the machine does: failures, time-outs and stops are in the result.
 *
 * @param definition the definition as an object or as JSON text
 * @throws InvalidDefinition when the definition cannot be run at all
 */
export async function runStateMachine(definition: object | string, options: RunStateMachineOptions = {}): Promise<ExecutionResult> {
  const machine = parseDefinition(definition);
  const clock = options.clock ?? systemClock;
  const stateMachineArn = options.stateMachineArn ?? 'arn:aws:states:us-east-1:000000000000:stateMachine:local';
  const name = options.name ?? randomUUID();
  const arn = options.executionArn ?? `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${name}`;
  const input = options.input === undefined ? {} : toJson(options.input);
  const startDate = clock.now();

  const environment: Environment = {
    handlers: options.handlers ?? {},
    clock,
    tokens: options.taskTokens ?? new TaskTokens(),
    storage: { readObject: options.readObject, listObjects: options.listObjects, writeObject: options.writeObject },
    mapConcurrencyLimit: options.mapConcurrencyLimit ?? 1000,
    stopping: new Set(),
    runStates,
    onEvent: options.onEvent ?? (() => {}),
    log: options.onLog ?? (() => {}),
  };
  const execution: Execution = {
    environment, machine, arn, stateMachineArn,
    history: new History(arn, () => clock.now(), environment.onEvent),
    context: {
      Execution: { Id: arn, Input: input, Name: name, RoleArn: options.roleArn ?? '', StartTime: timestampText(startDate), RedriveCount: 0 },
      StateMachine: { Id: stateMachineArn, Name: stateMachineArn.split(':').at(-1) ?? '' },
    },
  };
  const ending = await runToEnd(execution, input, options.signal);
  await settled(environment.stopping, options.stopGraceMs ?? 5000);
  return { ...ending, executionArn: arn, name, startDate, stopDate: clock.now(), events: execution.history.events };
}

type Ending = Pick<ExecutionResult, 'status' | 'output' | 'error' | 'cause'>;

async function runToEnd(execution: Execution, input: Json, signal: AbortSignal | undefined): Promise<Ending> {
  const { machine, history, environment } = execution;
  const cursor = { previous: 0 };
  const scope = new StopScope(signal);
  const timer = new StopScope();
  let timedOut = false;
  if (typeof machine.TimeoutSeconds === 'number') {
    void environment.clock.sleep(machine.TimeoutSeconds * 1000, timer.signal, 'timeout').then(() => {
      if (timer.signal.aborted) return;
      timedOut = true;
      scope.stop('execution timed out');
    });
  }
  history.add(cursor, 'ExecutionStarted', { input, roleArn: (execution.context.Execution as { RoleArn: string }).RoleArn });
  try {
    checkPayload(input, 'input of the execution');
    const output = await runStates({ execution, states: machine, variables: new Variables(), signal: scope.signal, cursor }, input);
    history.add(cursor, 'ExecutionSucceeded', { output });
    return { status: 'SUCCEEDED', output };
  } catch (thrown) {
    if (thrown instanceof Stopped && timedOut) {
      const cause = `the execution ran longer than its TimeoutSeconds (${machine.TimeoutSeconds})`;
      history.add(cursor, 'ExecutionTimedOut', { error: ErrorName.timeout, cause });
      return { status: 'TIMED_OUT', error: ErrorName.timeout, cause };
    }
    if (thrown instanceof Stopped) {
      history.add(cursor, 'ExecutionAborted');
      return { status: 'ABORTED' };
    }
    const failure = toTaskFailure(thrown);
    const ending = { error: failure.error === '' ? undefined : failure.error, cause: failure.cause === '' ? undefined : failure.cause };
    history.add(cursor, 'ExecutionFailed', ending);
    return { status: 'FAILED', ...ending };
  } finally {
    timer.stop('settled');
    scope.dispose();
  }
}

/** Gives handlers that were told to stop some real time to do so, so that nothing runs on behind a result. */
async function settled(stopping: ReadonlySet<Promise<unknown>>, graceMs: number): Promise<void> {
  if (stopping.size === 0) return;
  const limit = new StopScope();
  await Promise.race([Promise.allSettled([...stopping]), systemClock.sleep(graceMs, limit.signal)]);
  limit.stop('settled');
}
