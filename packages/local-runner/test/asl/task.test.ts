import { runStateMachine, TaskFailure, TaskTokens, type TaskCall, type TaskHandler } from '../../src/asl';
import { RecordingClock } from '../_fakes/recording-clock';
import { runJsonata, runOne } from '../_fixtures/one-state';

const RESOURCE = 'arn:aws:states:::ecs:runTask.sync';

/** Fails with the given errors one after the other, then succeeds with the number of calls. */
function failing(...errors: string[]): TaskHandler {
  let calls = 0;
  return async () => {
    const error = errors[calls++];
    if (error !== undefined) throw new TaskFailure(error, `cause ${calls}`);
    return calls;
  };
}

function hanging(onStart: (call: TaskCall) => void = () => {}): TaskHandler {
  return (call) => new Promise((_, reject) => {
    call.signal.addEventListener('abort', () => reject(new Error('told to stop')));
    onStart(call);
  });
}

describe('the handler of a Task', () => {
  test.each<[string, string]>([
    ['arn:aws:states:::ecs:runTask.sync', 'ecs:runTask.sync'],
    ['arn:aws:states:::aws-sdk:s3:getObject', 'aws-sdk:s3:getObject'],
    ['arn:aws:states:::ecs:runTask.sync', RESOURCE],
    ['arn:aws:lambda:us-east-1:000000000000:function:f:1', 'lambda:function'],
    ['arn:aws:states:us-east-1:000000000000:activity:a', 'activity'],
    ['arn:aws:states:::sqs:sendMessage', '*'],
  ])('for %s is found by %s', async (Resource, key) => {
    const result = await runOne({ Type: 'Task', Resource }, { handlers: { [key]: async ({ resource }) => resource } });
    expect(result.output).toBe(Resource);
  });

  test('gets evaluated arguments, context and the state', async () => {
    let seen: TaskCall | undefined;
    await runJsonata(
      { Type: 'Task', Resource: RESOURCE, Arguments: { n: '{% $states.input.n * 2 %}' }, Credentials: { RoleArn: '{% $states.input.role %}' } },
      { input: { n: 4, role: 'r' }, name: 'e', handlers: { '*': async (call) => { seen = call; } } });
    expect(seen).toMatchObject({ resource: RESOURCE, arguments: { n: 8 }, state: 'S', credentials: { RoleArn: 'r' } });
    expect(seen?.context.Execution.Name).toBe('e');
  });

  test('fails when nothing serves the resource, and nothing catches that', async () => {
    const result = await runOne({ Type: 'Task', Resource: RESOURCE, Catch: [{ ErrorEquals: ['States.ALL'], Next: 'S' }] });
    expect(result).toMatchObject({ status: 'FAILED', error: 'States.Runtime', cause: expect.stringContaining('ecs:runTask.sync') });
  });

  test('gives a result detached from its own objects', async () => {
    const shared = { when: new Date(0), gone: undefined };
    const result = await runOne({ Type: 'Task', Resource: RESOURCE }, { handlers: { '*': async () => shared } });
    expect(result.output).toEqual({ when: '1970-01-01T00:00:00.000Z' });
  });

  test('fails with States.TaskFailed when it throws something else', async () => {
    const result = await runOne({ Type: 'Task', Resource: RESOURCE }, { handlers: { '*': async () => { throw new RangeError('odd'); } } });
    expect(result).toMatchObject({ status: 'FAILED', error: 'States.TaskFailed', cause: 'odd' });
  });
});

describe('input and output of a JSONPath Task', () => {
  test('pass InputPath, Parameters, ResultSelector, ResultPath and OutputPath in this order', async () => {
    const result = await runOne({
      Type: 'Task', Resource: RESOURCE, InputPath: '$.in', Parameters: { 'x.$': '$.v' },
      ResultSelector: { 'y.$': '$.doubled' }, ResultPath: '$.r', OutputPath: '$.r.y',
    }, { input: { in: { v: 4 } }, handlers: { '*': async ({ arguments: { x } }) => ({ doubled: 2 * x, noise: 1 }) } });
    expect(result.output).toBe(8);
  });

  test('Output and Assign of a JSONata Task see result, input and context', async () => {
    const result = await runStateMachine({
      QueryLanguage: 'JSONata', StartAt: 'A',
      States: {
        A: {
          Type: 'Task', Resource: RESOURCE, Next: 'B',
          Output: { sum: '{% $states.result.v + $states.input.v %}' }, Assign: { raw: '{% $states.result %}' },
        },
        B: { Type: 'Pass', Output: ['{% $states.input.sum %}', '{% $raw.v %}'], End: true },
      },
    }, { input: { v: 1 }, handlers: { '*': async () => ({ v: 2 }) } });
    expect(result.output).toEqual([3, 2]);
  });
});

describe('Retry', () => {
  test('waits with back-off up to MaxDelaySeconds', async () => {
    const clock = new RecordingClock();
    const result = await runOne({
      Type: 'Task', Resource: RESOURCE,
      Retry: [{ ErrorEquals: ['States.TaskFailed'], IntervalSeconds: 2, BackoffRate: 3, MaxAttempts: 4, MaxDelaySeconds: 10 }],
    }, { clock, handlers: { '*': failing('A', 'A', 'A', 'A') } });
    expect(result.output).toBe(5);
    expect(clock.of('retry')).toEqual([2000, 6000, 10_000, 10_000]);
  });

  test('tries three times, one second and doubling, unless told', async () => {
    const clock = new RecordingClock();
    const retry = [{ ErrorEquals: ['States.ALL'] }];
    const result = await runOne({ Type: 'Task', Resource: RESOURCE, Retry: retry }, { clock, handlers: { '*': failing(...'AAAAA') } });
    expect(result).toMatchObject({ status: 'FAILED', error: 'A', cause: 'cause 4' });
    expect(clock.of('retry')).toEqual([1000, 2000, 4000]);
  });

  test('draws a delay below the back-off with full jitter', async () => {
    const clock = new RecordingClock();
    const retry = [{ ErrorEquals: ['A'], IntervalSeconds: 100, BackoffRate: 1, MaxAttempts: 20, JitterStrategy: 'FULL' }];
    await runOne({ Type: 'Task', Resource: RESOURCE, Retry: retry }, { clock, handlers: { '*': failing(...'A'.repeat(20)) } });
    expect(Math.max(...clock.of('retry'))).toBeLessThan(100_000);
    expect(new Set(clock.of('retry')).size).toBeGreaterThan(10);
  });

  test('counts each retrier alone and stops at the first match that is used up', async () => {
    // GIVEN the example of the AWS guide: two retries for A and B, more for C
    const clock = new RecordingClock();
    const result = await runOne({
      Type: 'Task', Resource: RESOURCE, Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Z' }],
      Retry: [{ ErrorEquals: ['A', 'B'], IntervalSeconds: 1, BackoffRate: 2, MaxAttempts: 2 }, { ErrorEquals: ['C'], IntervalSeconds: 5 }],
    }, { clock, handlers: { '*': failing('A', 'B', 'C', 'B') } }).catch((error) => error);
    // THEN state Z is unknown here, so the definition is refused before anything runs
    expect(result.message).toContain('Catch[0].Next names no state beside it, got "Z"');
  });

  test('leaves to Catch what is used up', async () => {
    const clock = new RecordingClock();
    const result = await runStateMachine({
      StartAt: 'S',
      States: {
        S: {
          Type: 'Task', Resource: RESOURCE, End: true, Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Z' }],
          Retry: [{ ErrorEquals: ['A', 'B'], IntervalSeconds: 1, BackoffRate: 2, MaxAttempts: 2 }, { ErrorEquals: ['C'], IntervalSeconds: 5 }],
        },
        Z: { Type: 'Pass', End: true },
      },
    }, { clock, handlers: { '*': failing('A', 'B', 'C', 'B') } });
    expect(clock.of('retry')).toEqual([1000, 2000, 5000]);
    expect(result.output).toEqual({ Error: 'B', Cause: 'cause 4' });
  });

  test('MaxAttempts 0 forbids what a later retrier would allow', async () => {
    const retry = [{ ErrorEquals: ['States.Timeout'], MaxAttempts: 0 }, { ErrorEquals: ['States.ALL'] }];
    const result = await runOne({ Type: 'Task', Resource: RESOURCE, Retry: retry },
      { clock: new RecordingClock(), handlers: { '*': failing('States.Timeout') } });
    expect(result).toMatchObject({ status: 'FAILED', error: 'States.Timeout' });
  });

  test('evaluates the arguments anew, so that they can depend on the number of retries', async () => {
    const sizes: number[] = [];
    await runJsonata({
      Type: 'Task', Resource: RESOURCE, Retry: [{ ErrorEquals: ['States.ALL'] }],
      Arguments: { memory: '{% [512, 1024, 2048][$states.context.State.RetryCount] %}' },
    }, { clock: new RecordingClock(), handlers: { '*': async ({ arguments: { memory } }) => {
      sizes.push(memory);
      if (memory < 2048) throw new TaskFailure('States.TaskFailed', 'OutOfMemoryError');
    } } });
    expect(sizes).toEqual([512, 1024, 2048]);
  });
});

describe('Catch', () => {
  const machine = (catcher: object, jsonata = false) => ({
    ...(jsonata ? { QueryLanguage: 'JSONata' } : {}), StartAt: 'S',
    States: {
      S: { Type: 'Task', Resource: RESOURCE, End: true, Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Z', ...catcher }] },
      Z: { Type: 'Pass', End: true },
    },
  });

  test.each<[string, object, unknown]>([
    ['replaces the input with the error', {}, { Error: 'E', Cause: 'cause 1' }],
    ['puts the error beside the input', { ResultPath: '$.error' }, { a: 1, error: { Error: 'E', Cause: 'cause 1' } }],
    ['discards the error', { ResultPath: null }, { a: 1 }],
  ])('in JSONPath %s', async (_title, catcher, output) => {
    expect((await runStateMachine(machine(catcher), { input: { a: 1 }, handlers: { '*': failing('E') } })).output).toEqual(output);
  });

  test.each<[string, object, unknown]>([
    ['gives the error', {}, { Error: 'E', Cause: 'cause 1' }],
    ['shapes it with Output', { Output: '{% [$states.errorOutput.Error, $states.input.a] %}' }, ['E', 1]],
  ])('in JSONata %s', async (_title, catcher, output) => {
    expect((await runStateMachine(machine(catcher, true), { input: { a: 1 }, handlers: { '*': failing('E') } })).output).toEqual(output);
  });

  test.each<[string, string[], boolean]>([
    ['States.DataLimitExceeded', ['States.ALL'], false],
    ['States.DataLimitExceeded', ['States.DataLimitExceeded'], true],
    ['States.Runtime', ['States.ALL'], false],
    ['States.Runtime', ['States.Runtime'], false],
    ['States.Timeout', ['States.TaskFailed'], false],
    ['States.HeartbeatTimeout', ['States.Timeout'], true],
    ['Anything', ['States.TaskFailed'], true],
    ['Anything', ['Other'], false],
  ])('of %s by %j is %s', async (error, ErrorEquals, caught) => {
    const result = await runStateMachine(machine({ ErrorEquals }), { handlers: { '*': failing(error) } });
    expect(result.status).toBe(caught ? 'SUCCEEDED' : 'FAILED');
  });

  test('catches a failed expression', async () => {
    const definition = machine({}, true);
    Object.assign(definition.States.S, { Arguments: '{% $states.input.nope %}' });
    const result = await runStateMachine(definition, { handlers: { '*': failing() } });
    expect(result.output).toMatchObject({ Error: 'States.QueryEvaluationError' });
  });
});

describe('time-outs', () => {
  test('stop the handler and fail with States.Timeout', async () => {
    const clock = new RecordingClock();
    let call: TaskCall | undefined;
    const result = await runOne({ Type: 'Task', Resource: RESOURCE, TimeoutSeconds: 600 },
      { clock, handlers: { '*': hanging((started) => { call = started; clock.fire('timeout'); }) } });
    expect(result).toMatchObject({ status: 'FAILED', error: 'States.Timeout' });
    expect(clock.of('timeout')).toEqual([600_000]);
    expect(call?.signal.aborted).toBe(true);
    expect(result.events.map(({ type }) => type)).toContain('TaskTimedOut');
  });

  test('leave no timer behind when the work is done', async () => {
    const clock = new RecordingClock();
    await runOne({ Type: 'Task', Resource: RESOURCE, TimeoutSeconds: 60, HeartbeatSeconds: 30 }, { clock, handlers: { '*': async ({ heartbeat }) => heartbeat() } }, { TimeoutSeconds: 600 });
    await new Promise((resolve) => { setImmediate(resolve); });
    expect(clock.of('timeout')).toEqual([600_000, 60_000]);
    expect(clock.running).toBe(0);
  });

  test('come from an expression or a path', async () => {
    const clock = new RecordingClock();
    const handlers = { '*': async () => 1 };
    await runJsonata({ Type: 'Task', Resource: RESOURCE, TimeoutSeconds: '{% $states.input.t %}' }, { clock, handlers, input: { t: 5 } });
    await runOne({ Type: 'Task', Resource: RESOURCE, TimeoutSecondsPath: '$.t' }, { clock, handlers, input: { t: 6 } });
    expect(clock.of('timeout')).toEqual([5000, 6000]);
  });

  test('heartbeats keep a task alive, and their lack fails it', async () => {
    const clock = new RecordingClock();
    const result = await runOne({ Type: 'Task', Resource: RESOURCE, HeartbeatSeconds: 10 }, { clock, handlers: { '*': hanging((call) => {
      call.heartbeat();
      clock.fire('heartbeat');
    }) } });
    expect(clock.of('heartbeat')).toEqual([10_000, 10_000]);
    expect(result).toMatchObject({ status: 'FAILED', error: 'States.HeartbeatTimeout' });
  });

  test('of the execution stop everything with status TIMED_OUT', async () => {
    const clock = new RecordingClock();
    let call: TaskCall | undefined;
    const result = await runOne({ Type: 'Task', Resource: RESOURCE, Catch: [{ ErrorEquals: ['States.ALL'], Next: 'S' }] },
      { clock, handlers: { '*': hanging((started) => { call = started; clock.fire('timeout'); }) } }, { TimeoutSeconds: 60 });
    expect(result).toMatchObject({ status: 'TIMED_OUT', error: 'States.Timeout' });
    expect(call?.signal.aborted).toBe(true);
  });

  test('an abort from outside ends with status ABORTED', async () => {
    const stop = new AbortController();
    const result = await runOne({ Type: 'Task', Resource: RESOURCE }, { signal: stop.signal, handlers: { '*': hanging(() => stop.abort()) } });
    expect(result.status).toBe('ABORTED');
    expect(result.events.at(-1)?.type).toBe('ExecutionAborted');
  });
});

describe('waitForTaskToken', () => {
  const resource = 'arn:aws:states:::lambda:invoke.waitForTaskToken';
  const state = { Type: 'Task', Resource: resource, Parameters: { 'token.$': '$$.Task.Token' } };

  test('ends with what is sent with the token', async () => {
    const taskTokens = new TaskTokens();
    const result = await runOne(state, { taskTokens, handlers: { '*': async ({ arguments: { token }, taskToken }) => {
      expect(token).toBe(taskToken);
      setImmediate(() => taskTokens.succeed(token, { rows: 3 }));
      return 'ignored';
    } } });
    expect(result.output).toEqual({ rows: 3 });
  });

  test('fails with the error that is sent, and forgets the token', async () => {
    const taskTokens = new TaskTokens();
    let token = '';
    const result = await runOne(state, { taskTokens, handlers: { '*': async (call) => {
      token = call.taskToken ?? '';
      setImmediate(() => taskTokens.fail(token, 'Copy.Failed', 'why'));
    } } });
    expect(result).toMatchObject({ status: 'FAILED', error: 'Copy.Failed', cause: 'why' });
    expect(() => taskTokens.succeed(token, 1)).toThrow(/no task waits/);
  });

  test('fails when the call itself fails', async () => {
    const result = await runOne(state, { handlers: { '*': failing('Lambda.Unknown') } });
    expect(result).toMatchObject({ status: 'FAILED', error: 'Lambda.Unknown' });
  });

  test('fails when no call comes in time', async () => {
    const clock = new RecordingClock();
    const result = await runOne({ ...state, HeartbeatSeconds: 5 }, { clock, handlers: { '*': async () => { setImmediate(() => clock.fire('heartbeat')); } } });
    expect(result).toMatchObject({ status: 'FAILED', error: 'States.HeartbeatTimeout' });
  });
});
