import { runStateMachine } from '../../src/asl';
import { runJsonata, runOne } from '../_fixtures/one-state';

describe('Pass', () => {
  test.each<[string, object, unknown, unknown]>([
    ['gives its input', {}, { a: 1 }, { a: 1 }],
    ['gives a false Result', { Result: false }, { a: 1 }, false],
    ['gives a null Result', { Result: null }, { a: 1 }, null],
    ['puts a Result deep into the input', { Result: 5, ResultPath: '$.b.c' }, { a: 1 }, { a: 1, b: { c: 5 } }],
    ['replaces an array item', { Result: 5, ResultPath: '$.b[1]' }, { b: [1, 2] }, { b: [1, 5] }],
    ['discards the result at ResultPath null', { Result: 5, ResultPath: null }, { a: 1 }, { a: 1 }],
    ['gives an empty object at OutputPath null', { OutputPath: null }, { a: 1 }, {}],
    ['combines the result with the input before InputPath', { InputPath: '$.a', ResultPath: '$.r' }, { a: { x: 1 } }, { a: { x: 1 }, r: { x: 1 } }],
    ['selects with quotes, indexes and spaces', { Parameters: { 'v.$': "$['a b'][0].c" } }, { 'a b': [{ c: 7 }] }, { v: 7 }],
    ['counts from the end', { Parameters: { 'v.$': '$.a[-1]' } }, { a: [1, 2, 3] }, { v: 3 }],
    ['selects by wildcard', { Parameters: { 'v.$': '$.a[*].b' } }, { a: [{ b: 1 }, { b: 2 }] }, { v: [1, 2] }],
    ['gives an empty array when a wildcard finds nothing', { Parameters: { 'v.$': '$.a[*].x' } }, { a: [{ b: 1 }] }, { v: [] }],
    ['selects by descent', { Parameters: { 'v.$': '$..b' } }, { a: [{ b: 1 }], c: { b: 2 } }, { v: [1, 2] }],
    ['selects by slice', { Parameters: { 'v.$': '$.a[0:2]' } }, { a: [1, 2, 3] }, { v: [1, 2] }],
    ['selects by filter', { Parameters: { 'v.$': "$.a[?(@.k == 'x' && @.n > 1)].n" } }, { a: [{ k: 'x', n: 1 }, { k: 'x', n: 2 }] }, { v: [2] }],
    ['unwraps one match of a path that ends in an index', { Parameters: { 'v.$': "$.a[?(@.k == 'x')].l[0]" } }, { a: [{ k: 'x', l: [5, 6] }, { k: 'y', l: [7] }] }, { v: 5 }],
    ['tells a length', { Parameters: { 'v.$': '$.a.length()' } }, { a: [1, 2, 3] }, { v: 3 }],
    ['fills templates inside arrays', { Parameters: { list: [{ 'v.$': '$.a' }, 2] } }, { a: 1 }, { list: [{ v: 1 }, 2] }],
    ['keeps false, zero and empty text at the root', { Parameters: { 'v.$': '$' } }, 0, { v: 0 }],
    ['selects null', { Parameters: { 'v.$': '$.a' } }, { a: null }, { v: null }],
  ])('%s', async (_title, state, input, output) => {
    const result = await runOne({ Type: 'Pass', ...state }, { input });
    expect(result).toMatchObject({ status: 'SUCCEEDED', output });
    expect(result.output).toEqual(output);
  });

  test.each<[string, object, string]>([
    ['a path finds nothing', { Parameters: { 'v.$': '$.nope' } }, 'States.Runtime'],
    ['InputPath finds nothing', { InputPath: '$.nope' }, 'States.Runtime'],
    ['ResultPath goes through a number', { Result: 1, ResultPath: '$.a.b' }, 'States.ResultPathMatchFailure'],
    ['a variable is unknown', { Parameters: { 'v.$': '$nope' } }, 'States.Runtime'],
  ])('fails when %s', async (_title, state, error) => {
    expect(await runOne({ Type: 'Pass', ...state }, { input: { a: 1 } })).toMatchObject({ status: 'FAILED', error });
  });

  test('never runs a filter as JavaScript', async () => {
    const state = { Type: 'Pass', Parameters: { 'v.$': "$.a[?(@.constructor.constructor('globalThis.hacked = 1')())]" } };
    await runOne(state, { input: { a: [{}] } });
    expect((globalThis as { hacked?: number }).hacked).toBeUndefined();
  });
});

describe('intrinsic functions', () => {
  // All 18 are compared with another interpreter in oracle.test.ts, where that one is installed.
  test.each<[string, string, unknown, unknown]>([
    ['split at any of the characters, without empty parts', "States.StringSplit($, ',;')", ',a;,b,', ['a', 'b']],
    ['nest, with paths in brackets and escaped quotes', "States.Format('it\\'s {} \\{\\}', States.ArrayGetItem($['a, b'], 1))", { 'a, b': ['x', 'y'] }, "it's y {}"],
    ['partition', 'States.ArrayPartition($, 2)', [1, 2, 3], [[1, 2], [3]]],
    ['round', 'States.MathAdd($, 1)', 1.5, 3],
    ['merge', 'States.JsonMerge($.a, $.b, false)', { a: { x: { p: 1 } }, b: { x: { q: 2 } } }, { x: { q: 2 } }],
    ['draw below the end', 'States.ArrayContains(States.ArrayRange(1, 3, 1), States.MathRandom(1, 4))', {}, true],
    ['draw again by a seed', "States.Format('{}', States.MathRandom(1, 1000000, $))", 7, expect.stringMatching(/^\d+$/)],
    ['make identifiers', "States.ArrayLength(States.StringSplit(States.UUID(), '-'))", {}, 5],
  ])('%s', async (_title, call, input, v) => {
    const state = { Type: 'Pass', Parameters: { 'v.$': call } };
    const [first, second] = [await runOne(state, { input }), await runOne(state, { input })];
    expect(first).toMatchObject({ status: 'SUCCEEDED', output: { v } });
    expect(second.output).toEqual(first.output);
  });

  test.each<[string, string]>([
    ['States.IntrinsicFailure', 'States.ArrayGetItem($.a, 9)'], ['States.IntrinsicFailure', "States.Format('{} {}', 1)"],
    ['States.IntrinsicFailure', "States.Hash('x', 'CRC')"], ['States.IntrinsicFailure', 'States.ArrayRange(1, 5000, 1)'],
    ['States.Runtime', 'States.Nope()'], ['States.Runtime', "States.Format('x'"], ['States.Runtime', "States.Format('x') y"],
  ])('fail with %s: %s', async (error, call) => {
    expect(await runOne({ Type: 'Pass', Parameters: { 'v.$': call } }, { input: { a: [1] } })).toMatchObject({ status: 'FAILED', error });
  });
});

describe('the context object', () => {
  test('tells execution, machine and state', async () => {
    const result = await runOne(
      { Type: 'Pass', Parameters: { 'id.$': '$$.Execution.Id', 'in.$': '$$.Execution.Input', 'sm.$': '$$.StateMachine.Name', 'st.$': '$$.State.Name' } },
      { input: { a: 1 }, name: 'run-1', stateMachineArn: 'arn:aws:states:us-east-1:000000000000:stateMachine:load' });
    expect(result.output).toEqual({
      id: 'arn:aws:states:us-east-1:000000000000:execution:load:run-1', in: { a: 1 }, sm: 'load', st: 'S',
    });
  });
});

describe('variables', () => {
  const chain = (...states: object[]) => ({
    StartAt: 'S0',
    States: Object.fromEntries(states.map((state, i) =>
      [`S${i}`, { Type: 'Pass', ...(i === states.length - 1 ? { End: true } : { Next: `S${i + 1}` }), ...state }])),
  });

  test('assigned in JSONPath are read in later states', async () => {
    const result = await runStateMachine(
      chain({ Assign: { 'x.$': '$.a', y: 2 } }, { Result: 'gone' }, { Parameters: { 'x.$': '$x', 'y.$': 'States.MathAdd($y, 1)' } }),
      { input: { a: { b: 1 } } });
    expect(result.output).toEqual({ x: { b: 1 }, y: 3 });
  });

  test('are all evaluated before any is assigned', async () => {
    const machine = { QueryLanguage: 'JSONata', ...chain(
      { Assign: { x: 3, a: 6 } }, { Assign: { x: '{% $a %}', nextX: '{% $x %}' }, Output: '{% $x %}' }, { Output: '{% [$x, $nextX, $states.input] %}' }) };
    expect((await runStateMachine(machine)).output).toEqual([6, 3, 3]);
  });

  test('of a branch do not leave it, and those around it are visible inside', async () => {
    const inner = { StartAt: 'In', States: { In: { Type: 'Pass', Assign: { mine: 1 }, Output: '{% $outer %}', End: true } } };
    const machine = { QueryLanguage: 'JSONata', ...chain(
      { Assign: { outer: 7 } }, { Type: 'Parallel', Branches: [inner] }, { Output: '{% [$states.input, $exists($mine)] %}' }) };
    expect((await runStateMachine(machine)).output).toEqual([[7], false].flat());
  });
});

describe('JSONata states', () => {
  test.each<[string, unknown, unknown]>([
    ['plain values stay', { a: 1, b: [true, null, 'x'] }, { a: 1, b: [true, null, 'x'] }],
    ['expressions anywhere', { a: ['{% $states.input.n + 1 %}'] }, { a: [3] }],
    ['$uuid', '{% $length($uuid()) %}', 36],
    ['$parse', "{% $parse('{\"a\":[1]}').a %}", [1]],
    ['$hash', "{% $hash('input data', 'SHA-1') %}", 'aaff4a450a104cd177d28d18d74485e8cae074b7'],
    ['$partition', '{% $partition([1,2,3,4,5], 2) %}', [[1, 2], [3, 4], [5]]],
    ['$range', '{% $range(0, 10, 5) %}', [0, 5, 10]],
    ['$range downwards', '{% $range(3, 1, -1) %}', [3, 2, 1]],
    ['seeded $random repeats', '{% $random(5) = $random(5) %}', true],
    ['$random without seed', '{% $random() < 1 %}', true],
    ['context', '{% $states.context.State.Name %}', 'S'],
    ['a false value', '{% false %}', false],
    ['an empty text', "{% '' %}", ''],
    ['objects lose undefined members', "{% {'a': $states.input.nope, 'b': 1} %}", { b: 1 }],
  ])('evaluate %s', async (_title, Output, output) => {
    const result = await runJsonata({ Type: 'Pass', Output }, { input: { n: 2 } });
    expect(result).toMatchObject({ status: 'SUCCEEDED' });
    expect(result.output).toEqual(output);
  });

  test.each<[string, string, RegExp]>([
    ['an expression gives nothing', '{% $states.input.nope %}', /returned nothing/],
    ['types do not fit', "{% 1 + 'a' %}", /must evaluate to a number/],
    ['a function is the result', '{% function($x){$x} %}', /returned a function/],
    ['$eval is used', "{% $eval('1') %}", /non-function/],
  ])('fail with States.QueryEvaluationError when %s', async (_title, Output, cause) => {
    const result = await runJsonata({ Type: 'Pass', Output });
    expect(result).toMatchObject({ status: 'FAILED', error: 'States.QueryEvaluationError', cause: expect.stringMatching(cause) });
  });

  test('fail with States.QueryEvaluationError when an expression does not end', async () => {
    // GIVEN a clock on which every look costs 50 ms
    let now = 0;
    const spy = jest.spyOn(Date, 'now').mockImplementation(() => (now += 50));
    // WHEN
    const result = await runJsonata({ Type: 'Pass', Output: '{% ($f := function($x){$f($x + 1)}; $f(1)) %}' });
    spy.mockRestore();
    // THEN
    expect(result).toMatchObject({ error: 'States.QueryEvaluationError', cause: expect.stringContaining('Expression evaluation timeout') });
  });
});
