import { InvalidDefinition, runStateMachine, TaskFailure } from '../../src/asl';
import { RecordingClock } from '../_fakes/recording-clock';
import { runJsonata, runOne } from '../_fixtures/one-state';

const RESOURCE = 'arn:aws:states:::lambda:invoke';

describe('Choice in JSONPath', () => {
  const choose = async (rule: object, input: unknown) => {
    const result = await runStateMachine({
      StartAt: 'C',
      States: {
        C: { Type: 'Choice', Choices: [{ ...rule, Next: 'Yes' }], Default: 'No' },
        Yes: { Type: 'Pass', Result: 'yes', End: true }, No: { Type: 'Pass', Result: 'no', End: true },
      },
    }, { input });
    return result.status === 'SUCCEEDED' ? result.output : result.error;
  };
  const on = (rule: object) => ({ Variable: '$.v', ...rule });

  test.each<[object, unknown, string]>([
    [{ StringEquals: 'a' }, 'a', 'yes'], [{ StringEquals: 'a' }, 1, 'no'], [{ StringLessThan: 'b' }, 'a', 'yes'],
    [{ StringGreaterThanEquals: 'b' }, 'a', 'no'], [{ StringEqualsPath: '$.w' }, 'w', 'yes'], [{ StringMatches: 'log-*.txt' }, 'log-1.txt', 'yes'],
    [{ StringMatches: 'log-\\*.txt' }, 'log-1.txt', 'no'], [{ StringMatches: 'a.c' }, 'abc', 'no'],
    [{ NumericEquals: 1 }, 1, 'yes'], [{ NumericEquals: 1 }, '1', 'no'], [{ NumericLessThanEquals: 2 }, 2, 'yes'], [{ NumericGreaterThanPath: '$.n' }, 4, 'yes'],
    [{ BooleanEquals: false }, false, 'yes'], [{ BooleanEquals: true }, 'true', 'no'],
    [{ TimestampLessThan: '2026-01-01T00:00:00Z' }, '2025-12-31T23:59:59Z', 'yes'], [{ TimestampEquals: '2026-01-01T00:00:00Z' }, '2026-01-01T01:00:00+01:00', 'yes'],
    [{ IsNull: true }, null, 'yes'], [{ IsString: true }, 1, 'no'], [{ IsNumeric: true }, 1, 'yes'], [{ IsBoolean: false }, 1, 'yes'],
    [{ IsTimestamp: true }, '2026-01-01', 'no'], [{ IsPresent: true }, null, 'yes'],
  ])('%j of %j is %s', async (rule, v, answer) => {
    expect(await choose(on(rule), { v, w: 'w', n: 3 })).toBe(answer);
  });

  test('combines rules', async () => {
    const rule = { And: [on({ IsPresent: true }), { Not: on({ NumericEquals: 1 }) }, { Or: [on({ NumericEquals: 2 }), on({ NumericEquals: 3 })] }] };
    expect([await choose(rule, { v: 2 }), await choose(rule, { v: 1 }), await choose(rule, {})]).toEqual(['yes', 'no', 'no']);
  });

  test('fails for an absent variable, except under IsPresent', async () => {
    expect(await choose(on({ StringEquals: 'a' }), {})).toBe('States.Runtime');
    expect(await choose(on({ IsPresent: false }), {})).toBe('yes');
  });

  test('fails with States.NoChoiceMatched without a Default', async () => {
    const machine = { StartAt: 'C', States: { C: { Type: 'Choice', Choices: [{ ...on({ IsNull: true }), Next: 'P' }] }, P: { Type: 'Pass', End: true } } };
    expect(await runStateMachine(machine, { input: { v: 1 } })).toMatchObject({ status: 'FAILED', error: 'States.NoChoiceMatched' });
  });
});

describe('Choice in JSONata', () => {
  const choose = (Condition: unknown) => runStateMachine({
    QueryLanguage: 'JSONata', StartAt: 'C',
    States: {
      C: {
        Type: 'Choice', Default: 'P', Assign: { by: 'default' },
        Choices: [{ Condition, Next: 'P', Output: { rule: '{% $states.input.n %}' }, Assign: { by: 'rule' } }],
      },
      P: { Type: 'Pass', Output: ['{% $by %}', '{% $states.input %}'], End: true },
    },
  }, { input: { n: 1 } });

  test('gives output and variables of the rule or of the state', async () => {
    expect((await choose('{% $states.input.n = 1 %}')).output).toEqual(['rule', { rule: 1 }]);
    expect((await choose('{% $states.input.n = 2 %}')).output).toEqual(['default', { n: 1 }]);
  });

  test('fails when the condition is no boolean', async () => {
    expect(await choose('{% 1 %}')).toMatchObject({ status: 'FAILED', error: 'States.QueryEvaluationError' });
  });
});

describe('Wait', () => {
  test.each<[string, object, object, number]>([
    ['Seconds', { Seconds: 90 }, {}, 90_000], ['SecondsPath', { SecondsPath: '$.s' }, { s: 5 }, 5000],
    ['Timestamp', { Timestamp: '2026-01-01T00:01:00Z' }, {}, 60_000], ['TimestampPath', { TimestampPath: '$.t' }, { t: '2026-01-01T00:00:02Z' }, 2000],
  ])('sleeps for %s', async (_title, state, input, ms) => {
    const clock = new RecordingClock();
    const result = await runOne({ Type: 'Wait', ...state }, { clock, input });
    expect(clock.of('wait')).toEqual([ms]);
    expect(result.output).toEqual(input);
  });

  test('takes an expression and passes a moment in the past', async () => {
    const clock = new RecordingClock();
    await runJsonata({ Type: 'Wait', Seconds: '{% $states.input.a * 2 %}' }, { clock, input: { a: 2 } });
    await runJsonata({ Type: 'Wait', Timestamp: '2020-01-01T00:00:00Z' }, { clock });
    expect(clock.of('wait')).toEqual([4000]);
  });

  test('is cut short by an abort', async () => {
    const stop = new AbortController();
    const running = runOne({ Type: 'Wait', Seconds: 3600 }, { signal: stop.signal });
    stop.abort();
    expect((await running).status).toBe('ABORTED');
  });
});

describe('Parallel', () => {
  const branch = (name: string, state: object) => ({ StartAt: name, States: { [name]: { End: true, ...state } } });

  test('gives the outputs in the order of the branches', async () => {
    const result = await runOne({ Type: 'Parallel', Branches: [branch('A', { Type: 'Pass', Result: 1 }), branch('B', { Type: 'Pass' })] }, { input: { x: 2 } });
    expect(result.output).toEqual([1, { x: 2 }]);
  });

  test('fails with the error of the branch and stops the others', async () => {
    let stopped = false;
    const result = await runOne({ Type: 'Parallel', Branches: [branch('A', { Type: 'Fail', Error: 'E', Cause: 'C', End: undefined }), branch('B', { Type: 'Task', Resource: RESOURCE })] }, {
      handlers: { '*': ({ signal }) => new Promise((_, reject) => { signal.addEventListener('abort', () => { stopped = true; reject(new Error('stopped')); }); }) },
    });
    expect(result).toMatchObject({ status: 'FAILED', error: 'E', cause: 'C' });
    expect(stopped || result.events.every(({ type }) => type !== 'TaskScheduled')).toBe(true);
  });

  test('is tried again as a whole', async () => {
    let calls = 0;
    const result = await runOne({ Type: 'Parallel', Retry: [{ ErrorEquals: ['States.ALL'] }], Branches: [branch('A', { Type: 'Task', Resource: RESOURCE })] }, {
      clock: new RecordingClock(), handlers: { '*': async () => { if (++calls < 3) throw new TaskFailure('E', ''); return calls; } },
    });
    expect(result.output).toEqual([3]);
  });
});

describe('Fail', () => {
  test.each<[string, object, object, object]>([
    ['Error and Cause', { Error: 'E', Cause: 'C' }, {}, { error: 'E', cause: 'C' }],
    ['paths', { ErrorPath: '$.e', CausePath: "States.Format('{}!', $.c)" }, { e: 'E', c: 'C' }, { error: 'E', cause: 'C!' }],
    ['nothing', {}, {}, { error: undefined, cause: undefined }],
  ])('ends the execution with %s', async (_title, state, input, ending) => {
    const result = await runStateMachine({ StartAt: 'F', States: { F: { Type: 'Fail', ...state } } }, { input });
    expect({ status: result.status, error: result.error, cause: result.cause }).toEqual({ status: 'FAILED', ...ending });
  });

  test('takes expressions', async () => {
    const result = await runStateMachine({ QueryLanguage: 'JSONata', StartAt: 'F', States: { F: { Type: 'Fail', Error: 'E', Cause: "{% 'slot ' & $states.input.slot %}" } } }, { input: { slot: 's1' } });
    expect(result).toMatchObject({ error: 'E', cause: 'slot s1' });
  });
});

describe('limits', () => {
  test('a result of more than 256 KiB fails with States.DataLimitExceeded', async () => {
    const result = await runOne({ Type: 'Task', Resource: RESOURCE }, { handlers: { '*': async () => 'ä'.repeat(131_072) } });
    expect(result).toMatchObject({ status: 'FAILED', error: 'States.DataLimitExceeded', cause: expect.stringContaining('262146 bytes') });
  });

  test('a payload of exactly 256 KiB passes', async () => {
    const result = await runOne({ Type: 'Task', Resource: RESOURCE }, { handlers: { '*': async () => 'x'.repeat(262_142) } });
    expect(result.status).toBe('SUCCEEDED');
  });

  test('a loop ends at 25,000 events', async () => {
    const result = await runStateMachine({ StartAt: 'A', States: { A: { Type: 'Pass', Next: 'B' }, B: { Type: 'Pass', Next: 'A' } } });
    expect(result).toMatchObject({ status: 'FAILED', error: 'States.Runtime', cause: expect.stringContaining('25000') });
    expect(result.events).toHaveLength(25_000);
    expect(result.events.at(-1)?.type).toBe('ExecutionFailed');
  });
});

describe('the history', () => {
  test('has the event types of AWS in order, each pointing to the one before', async () => {
    const result = await runStateMachine({
      StartAt: 'T',
      States: { T: { Type: 'Task', Resource: 'arn:aws:states:::ecs:runTask.sync', TimeoutSeconds: 60, Next: 'D' }, D: { Type: 'Succeed' } },
    }, { handlers: { '*': async ({ submitted }) => { submitted({ TaskArn: 't' }); return { ok: true }; } } });
    expect(result.events.map(({ type }) => type)).toEqual([
      'ExecutionStarted', 'TaskStateEntered', 'TaskScheduled', 'TaskStarted', 'TaskSubmitted', 'TaskSucceeded', 'TaskStateExited',
      'SucceedStateEntered', 'SucceedStateExited', 'ExecutionSucceeded']);
    expect(result.events.map(({ id, previousEventId }) => id - previousEventId)).toEqual(result.events.map(() => 1));
    expect(result.events[2]?.details).toMatchObject({ resourceType: 'ecs', resource: 'runTask.sync', timeoutInSeconds: 60 });
  });
});

describe('a definition', () => {
  test.each<[string, object, RegExp]>([
    ['without its first state', { StartAt: 'X', States: {} }, /StartAt names no state, got "X"/],
    ['with a dangling Next', { StartAt: 'A', States: { A: { Type: 'Pass', Next: 'B' } } }, /state "A": Next names no state beside it, got "B"/],
    ['without Next and End', { StartAt: 'A', States: { A: { Type: 'Pass' } } }, /needs Next or End/],
    ['of an unknown type', { StartAt: 'A', States: { A: { Type: 'Loop', End: true } } }, /Type must be one of/],
    ['with one name twice', { StartAt: 'A', States: { A: { Type: 'Map', End: true, ItemProcessor: { StartAt: 'A', States: { A: { Type: 'Pass', End: true } } } } } }, /same name/],
    ['with paths in JSONata', { QueryLanguage: 'JSONata', StartAt: 'A', States: { A: { Type: 'Pass', InputPath: '$', End: true } } }, /InputPath does not exist in JSONata/],
    ['with expressions in JSONPath', { StartAt: 'A', States: { A: { Type: 'Pass', Output: 1, End: true } } }, /Output does not exist in JSONPath/],
    ['that goes back to JSONPath', { QueryLanguage: 'JSONata', StartAt: 'A', States: { A: { Type: 'Pass', QueryLanguage: 'JSONPath', End: true } } }, /cannot contain a JSONPath state/],
  ])('%s is refused', async (_title, definition, message) => {
    await expect(runStateMachine(definition)).rejects.toThrow(InvalidDefinition);
    await expect(runStateMachine(JSON.stringify(definition))).rejects.toThrow(message);
  });

  test('that is no JSON is refused', async () => {
    await expect(runStateMachine('{')).rejects.toThrow(/it is no JSON/);
  });
});
