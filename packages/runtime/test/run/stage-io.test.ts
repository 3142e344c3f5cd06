import { parseFunctionEvent, parseStageInput, type StageOutput } from '../../src/run/stage-io';

describe('stage input', () => {
  test('a slot is enough; the attempt is the first', () => {
    expect(parseStageInput({ slot: 's1' }, 'demo')).toEqual({ slot: 's1', attempt: 1 });
  });

  test('the output of the stage before is an input', () => {
    const output: StageOutput = { schemaVersion: 1, pipeline: 'demo', slot: 's1', attempt: 2, datasets: { trips: { outcome: 'committed', seq: 1, counts: {} } } };
    expect(parseStageInput(output, 'demo')).toEqual({ slot: 's1', attempt: 2 });
  });

  test('what Step Functions adds to a nested execution is left alone', () => {
    expect(parseStageInput({ slot: 's1', AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID: 'arn' }, 'demo')).toEqual({ slot: 's1', attempt: 1 });
  });

  test('a deadline passes through', () => {
    expect(parseStageInput({ slot: 's1', deadline: '2026-01-01T05:00:00+01:00' }, 'demo')).toMatchObject({ deadline: '2026-01-01T05:00:00+01:00' });
  });

  test.each([
    [{}, 'slot is missing'],
    [{ slot: 'S 1' }, 'slot must be'],
    [{ slot: 's1', attempt: 0 }, 'attempt must be a whole number from 1 to 999, got 0'],
    [{ slot: 's1', attempt: '2' }, 'attempt must be'],
    [{ slot: 's1', slto: 1 }, 'slto is not a known key'],
    [{ slot: 's1', schemaVersion: 2 }, 'schemaVersion must be 1, got 2'],
    [{ slot: 's1', pipeline: 'other' }, 'pipeline must be "demo"'],
    [{ slot: 's1', deadline: '2026-01-01T05:00:00' }, 'deadline must be a time with zone'],
    [{ slot: 's1', deadline: '2026-13-01T05:00:00Z' }, 'deadline must be a time with zone'],
    [null, 'must be an object'],
    [[], 'must be an object'],
  ])('refuses %j', (input, problem) => {
    expect(() => parseStageInput(input, 'demo')).toThrow(expect.objectContaining({ code: 'INPUT', fault: 'user', message: expect.stringContaining(problem) }));
  });

  test('all problems come at once', () => {
    expect(() => parseStageInput({ attempt: 0, x: 1 }, 'demo')).toThrow(/x is not a known key.*slot is missing.*attempt must be/);
  });
});

describe('function event', () => {
  test('is refused without its parts, naming them', () => {
    expect(() => parseFunctionEvent({ settings: {} })).toThrow('lacks input, execution');
    expect(() => parseFunctionEvent(undefined)).toThrow('lacks settings, input, execution');
  });
});
