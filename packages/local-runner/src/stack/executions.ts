import { appendFileSync } from 'node:fs';
import * as path from 'node:path';
import { acceleratedClock, type HistoryEvent, type MapStorage, runStateMachine, systemClock, TaskFailure, type TaskHandler, type TaskTokens } from '../asl';
import { toTaskFailure } from '../asl/task-failure';
import { type ExecutionRecord, type ExecutionStore, type StateRecord } from '../executions/execution-store';
import type { StartExecution } from '../services/nested-executions';
import type { Deployment } from './deployment';
import { ExecutionScope } from './execution-scope';
import type { Machine } from './machine';
import type { Release } from './releases';
import type { OnStackEvent } from './stack-event';

export interface ExecutionsOptions {
  /** What is deployed when it is asked for. */
  readonly release: () => Release;
  readonly store: ExecutionStore;
  /** The task handlers of one execution, which go by the deployment that it began with. */
  readonly handlers: (scope: ExecutionScope, machine: Machine, deployment: Deployment) => Readonly<Record<string, TaskHandler>>;
  /** S3 as the machine's role sees it. */
  readonly storage: (machine: Machine) => MapStorage;
  readonly onEvent: OnStackEvent;
  /** Told of each execution that ended, as EventBridge is. */
  readonly onEnded: (record: ExecutionRecord) => Promise<void>;
  /** Waits and retry delays pass that many times faster. */
  readonly timeFactor: number;
  readonly taskTokens: TaskTokens;
  /** Children of a distributed Map that run at once. */
  readonly concurrency: number;
}

/** Starts executions of the deployed machines, records them, and keeps their names unique. */
export class Executions {
  public constructor(private readonly options: ExecutionsOptions) {}

  /** Runs to the end. Throws ExecutionAlreadyExists for a name that is taken. */
  public async start(request: StartExecution): Promise<ExecutionRecord> {
    const { store, onEvent } = this.options;
    const { deployment } = this.options.release();
    const machine = deployment.machines.find(({ arn }) => arn === request.machineArn);
    if (machine === undefined) {
      throw new TaskFailure('StepFunctions.StateMachineDoesNotExistException', `State Machine Does Not Exist: '${request.machineArn}'`);
    }
    const name = request.name ?? `${Date.now().toString(36)}${Math.random().toString(36).slice(2, 8)}`;
    const arn = `${machine.arn.replace(':stateMachine:', ':execution:')}:${name}`;
    const startedAt = new Date();
    let record: ExecutionRecord = {
      arn, machineArn: machine.arn, machinePath: machine.path, name, parent: request.parent, status: 'RUNNING', input: request.input,
      startedAt: startedAt.toISOString(), states: [],
    };
    const folder = store.create(record);
    const elapsed = () => Date.now() - startedAt.getTime();
    onEvent({ kind: 'execution', machine: machine.path, name, status: 'RUNNING' });
    const scope = new ExecutionScope(
      machine.path, name, arn, folder, (need) => this.authorize(machine, need), (roleArn, service) => this.assume(roleArn, service), onEvent,
    );
    const states = new StateLog(machine.path, name, arn, onEvent);
    const result = await runStateMachine(machine.definition, {
      input: request.input,
      name,
      stateMachineArn: machine.arn,
      roleArn: machine.roleArn,
      handlers: watched(this.options.handlers(scope, machine, deployment), states),
      clock: this.options.timeFactor === 1 ? systemClock : acceleratedClock(this.options.timeFactor),
      signal: request.signal,
      taskTokens: this.options.taskTokens,
      mapConcurrencyLimit: this.options.concurrency,
      onEvent: (event) => {
        appendFileSync(path.join(folder, 'history.ndjson'), `${JSON.stringify(event)}\n`);
        states.event(event);
      },
      ...this.options.storage(machine),
    });
    record = {
      ...record, status: result.status, output: result.output, error: result.error, cause: result.cause,
      endedAt: new Date().toISOString(), states: states.records(),
    };
    store.save(record);
    onEvent({ kind: 'execution', machine: machine.path, name, status: record.status, milliseconds: elapsed(), error: record.error, cause: record.cause });
    await this.options.onEnded(record);
    return record;
  }

  private assume(roleArn: string, service: string): void {
    const { allowed, reason } = this.options.release().access.checkTrust(roleArn, { kind: 'service', service });
    if (allowed) return;
    this.options.onEvent({ kind: 'denied', message: reason });
    throw new TaskFailure('States.TaskFailed', reason);
  }

  private authorize(machine: Machine, need: { action: string; resource: string; context?: Readonly<Record<string, readonly string[]>> }): void {
    const { allowed, reason } = this.options.release().access.check(machine.roleArn, need);
    if (allowed) return;
    this.options.onEvent({ kind: 'denied', message: reason });
    const service = need.action.slice(0, need.action.indexOf(':'));
    throw new TaskFailure(`${SERVICE_NAMES[service] ?? service}.AccessDeniedException`, reason);
  }
}

/** Prefixes of error names, as Step Functions writes them. */
const SERVICE_NAMES: Readonly<Record<string, string>> = { ecs: 'ECS', lambda: 'Lambda', states: 'StepFunctions', glue: 'Glue', iam: 'IAM', sns: 'SNS', dms: 'DatabaseMigration' };

function watched(handlers: Readonly<Record<string, TaskHandler>>, states: StateLog): Record<string, TaskHandler> {
  return Object.fromEntries(Object.entries(handlers).map(([resource, handler]) => [resource, async (call) => {
    states.tried(call.state);
    try {
      return await handler(call);
    } catch (error) {
      states.failed(call.state, toTaskFailure(error));
      throw error;
    }
  }]));
}

interface OpenState { name: string; status: StateRecord['status']; tries: number; since: number; milliseconds?: number; inMap: boolean }

/** Follows the states of one execution: those of the machine by its events, those inside a distributed Map by their tasks. */
class StateLog {
  private readonly states = new Map<string, OpenState>();

  public constructor(
    private readonly machine: string, private readonly name: string, private readonly arn: string, private readonly onEvent: OnStackEvent,
  ) {}

  public event({ executionArn, type, details }: HistoryEvent): void {
    if (executionArn !== this.arn || typeof details.name !== 'string') return;
    if (type.endsWith('StateEntered')) {
      this.states.set(details.name, { name: details.name, status: 'RUNNING', tries: 0, since: Date.now(), inMap: false });
      this.tell(details.name, 'entered');
    } else if (type.endsWith('StateExited')) {
      const state = this.states.get(details.name);
      if (state === undefined) return;
      state.milliseconds = Date.now() - state.since;
      if (state.status === 'RUNNING') state.status = 'SUCCEEDED';
      this.tell(details.name, state.status === 'FAILED' ? 'failed' : 'succeeded', state.milliseconds);
    }
  }

  public tried(name: string): void {
    const state = this.states.get(name) ?? { name, status: 'SUCCEEDED' as const, tries: 0, since: Date.now(), inMap: true };
    this.states.set(name, state);
    state.tries += 1;
    if (state.status === 'FAILED') state.status = state.inMap ? 'SUCCEEDED' : 'RUNNING';
  }

  public failed(name: string, { error, cause }: TaskFailure): void {
    const state = this.states.get(name);
    if (state) state.status = 'FAILED';
    this.onEvent({ kind: 'state', machine: this.machine, name: this.name, state: name, status: 'retried', error, cause });
  }

  public records(): StateRecord[] {
    return [...this.states.values()].map(({ name, status, tries, milliseconds }) => ({ name, status: status === 'RUNNING' ? 'FAILED' : status, tries, milliseconds }));
  }

  private tell(state: string, status: 'entered' | 'succeeded' | 'failed', milliseconds?: number): void {
    this.onEvent({ kind: 'state', machine: this.machine, name: this.name, state, status, milliseconds });
  }
}
