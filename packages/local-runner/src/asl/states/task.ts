import { ErrorName } from '../error-names';
import { toJson, type Json } from '../json';
import { checkPayload } from '../payload-limit';
import { StopScope } from '../stop-scope';
import type { StateVisit, Transition } from '../state-visit';
import { Stopped, TaskFailure, toTaskFailure } from '../task-failure';
import { findHandler, type TaskCall, type TaskHandler } from '../task-handler';
import { runWorkingState } from './working-state';

/** Task: calls the handler of its resource, within its time-outs. */
export function runTask(visit: StateVisit): Promise<Transition> {
  return runWorkingState(visit, async (effectiveInput) => {
    const resource = visit.state.Resource as string;
    const handler = findHandler(visit.frame.execution.environment.handlers, resource);
    if (handler === undefined) {
      throw new TaskFailure(ErrorName.runtime, `state "${visit.name}": nothing serves the resource ${resource} here; give a handler for it`);
    }
    return new TaskAttempt(visit, resource, handler).run(effectiveInput);
  });
}

/** One try of a Task: the race of its handler with its time-outs. */
class TaskAttempt {
  private readonly scope: StopScope;
  private readonly kind: { resourceType: string; resource: string };
  private settle!: { succeed(result: Json): void; fail(failure: Error): void };
  private restartHeartbeat = () => {};

  constructor(private readonly visit: StateVisit, private readonly resource: string, private readonly handler: TaskHandler) {
    this.scope = new StopScope(visit.frame.signal);
    const [, type = 'lambda', name = resource] = /^arn:[^:]+:states:[^:]*:[^:]*:(?:aws-sdk:)?([^:]+):(.+)$/.exec(resource) ?? [];
    this.kind = { resourceType: type, resource: name };
  }

  async run(effectiveInput: Json): Promise<Json> {
    const { visit, scope } = this;
    const { environment } = visit.frame.execution;
    const withToken = this.resource.endsWith('.waitForTaskToken');
    try {
      const result = await new Promise<Json>((resolve, reject) => {
        this.settle = { succeed: resolve, fail: reject };
        scope.signal.addEventListener('abort', () => reject(new Stopped()));
        if (scope.signal.aborted) reject(new Stopped());
        visit.taskToken = withToken ? environment.tokens.issue(this.tokenListener()) : undefined;
        this.start(effectiveInput).catch(reject);
      });
      visit.record('TaskSucceeded', { ...this.kind, output: result });
      return result;
    } catch (thrown) {
      if (thrown instanceof Stopped) visit.record('TaskStateAborted');
      else this.recordFailure(toTaskFailure(thrown));
      throw thrown;
    } finally {
      if (visit.taskToken !== undefined) environment.tokens.release(visit.taskToken);
      visit.taskToken = undefined;
      scope.stop('settled');
      scope.dispose();
    }
  }

  private async start(effectiveInput: Json): Promise<void> {
    const { visit, kind } = this;
    const { state } = visit;
    const template = visit.jsonata ? state.Arguments : state.Parameters;
    const field = visit.jsonata ? 'Arguments' : 'Parameters';
    const args = template === undefined ? effectiveInput : await visit.evaluate(template, field, { data: effectiveInput });
    checkPayload(args, `${field} of state "${visit.name}"`);
    const credentials = state.Credentials === undefined ? undefined : await visit.evaluate(state.Credentials, 'Credentials', { data: effectiveInput });
    const timeout = await visit.number('TimeoutSeconds', { least: 1 });
    const heartbeat = await visit.number('HeartbeatSeconds', { least: 1 });
    if (this.scope.signal.aborted) return;
    visit.record('TaskScheduled', { ...kind, region: 'us-east-1', parameters: args, timeoutInSeconds: timeout, heartbeatInSeconds: heartbeat });
    this.limit(timeout, heartbeat);
    visit.record('TaskStarted', { ...kind });
    await this.call(args, credentials);
  }

  private async call(args: Json, credentials: Json | undefined): Promise<void> {
    const { visit, scope, kind } = this;
    const { environment } = visit.frame.execution;
    const token = visit.taskToken;
    const call: TaskCall = {
      resource: this.resource, arguments: args, state: visit.name, context: visit.context(), credentials,
      signal: scope.signal, taskToken: token,
      heartbeat: () => this.restartHeartbeat(),
      submitted: (output) => visit.record('TaskSubmitted', { ...kind, output: toJson(output) }),
      log: (line) => environment.log(line, visit.name),
    };
    const running = this.handler(call);
    environment.stopping.add(running);
    let result: Json;
    try {
      result = toJson(await running);
    } finally {
      environment.stopping.delete(running);
    }
    if (scope.signal.aborted) return;
    if (token !== undefined) call.submitted(result);
    else this.settle.succeed(result);
  }

  private tokenListener() {
    return {
      succeed: (output: Json) => this.settle.succeed(output),
      fail: (failure: TaskFailure) => this.settle.fail(failure),
      heartbeat: () => this.restartHeartbeat(),
    };
  }

  private limit(timeout: number | undefined, heartbeat: number | undefined): void {
    const { clock } = this.visit.frame.execution.environment;
    const { signal } = this.scope;
    const { name } = this.visit;
    if (timeout !== undefined) {
      void clock.sleep(timeout * 1000, signal, 'timeout').then(() => {
        if (!signal.aborted) this.settle.fail(new TaskFailure(ErrorName.timeout, `the task of state "${name}" ran longer than TimeoutSeconds (${timeout})`));
      });
    }
    if (heartbeat === undefined) return;
    let pulse: StopScope | undefined;
    this.restartHeartbeat = () => {
      pulse?.stop('heartbeat');
      pulse?.dispose();
      const current = new StopScope(signal);
      pulse = current;
      void clock.sleep(heartbeat * 1000, current.signal, 'heartbeat').then(() => {
        if (current.signal.aborted) return;
        this.settle.fail(new TaskFailure(ErrorName.heartbeatTimeout, `the task of state "${name}" sent no heartbeat for HeartbeatSeconds (${heartbeat})`));
      });
    };
    this.restartHeartbeat();
  }

  private recordFailure({ error, cause }: TaskFailure): void {
    const late = error === ErrorName.timeout || error === ErrorName.heartbeatTimeout;
    this.visit.record(late ? 'TaskTimedOut' : error === ErrorName.queryEvaluationError ? 'EvaluationFailed' : 'TaskFailed', { ...this.kind, error, cause });
  }
}
