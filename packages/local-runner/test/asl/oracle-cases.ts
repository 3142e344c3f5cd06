/** A machine that both interpreters run. */
export interface OracleCase {
  readonly title: string;
  readonly definition: object;
  readonly input?: unknown;
  /** Why the two are known to differ; the test then proves that they do. */
  readonly differs?: string;
}

type States = Record<string, object>;

/** Account that both sides give for the only task of the table that succeeds. */
export const IDENTITY = 'arn:aws:states:::aws-sdk:sts:getCallerIdentity';
/** A task that fails on both sides. */
export const MISSING = 'arn:aws:states:::aws-sdk:s3:getObject';
/** As moto writes it; AWS writes `S3.NoSuchBucketException`. */
export const MISSING_ERROR = 's3.NoSuchBucketException';

const EVALUATION = 'moto says States.Runtime for an expression that fails; the guide names States.QueryEvaluationError';

const END = { Type: 'Pass', End: true };
const machine = (StartAt: string, States: States, more: object = {}) => ({ StartAt, States, ...more });
const pass = (state: object) => machine('S', { S: { Type: 'Pass', End: true, ...state } });
const template = (value: string) => pass({ Parameters: { 'v.$': value } });
const jsonata = (Output: unknown) => machine('S', { S: { Type: 'Pass', End: true, Output } }, { QueryLanguage: 'JSONata' });
const choice = (rule: object, more: object = {}, rest: States = { No: { Type: 'Pass', Result: 'no', End: true } }) => machine('C', {
  C: { Type: 'Choice', Choices: [{ ...rule, Next: 'Yes' }], Default: 'No', ...more },
  Yes: { Type: 'Pass', Result: 'yes', End: true }, ...rest,
});
const map = (inside: States, state: object = {}, more: object = {}) =>
  machine('M', { M: { Type: 'Map', End: true, ItemProcessor: machine(Object.keys(inside)[0] ?? '', inside), ...state } }, more);
const parallel = (branches: States[], state: object = {}, more: object = {}, rest: States = {}) => machine('P', {
  P: { Type: 'Parallel', End: true, Branches: branches.map((inside) => machine(Object.keys(inside)[0] ?? '', inside)), ...state }, ...rest,
}, more);
const failing = { F: { Type: 'Fail', Error: 'Custom', Cause: 'why' } };
const missing = (state: object, rest: States = {}, more: object = {}) =>
  machine('T', { T: { Type: 'Task', Resource: MISSING, End: true, ...state }, ...rest }, more);
const BUCKET = { Bucket: 'nope', Key: 'k' };

function table(title: string, rows: Array<[string, object, unknown?, string?]>): OracleCase[] {
  return rows.map(([each, definition, input, differs]) => ({ title: `${title}: ${each}`, definition, input, differs }));
}

export const ORACLE_CASES: OracleCase[] = [
  ...table('Pass', [
    ['input', pass({}), { a: 1 }],
    ['result', pass({ Result: { r: [1, 'x', null, true] } }), {}],
    ['result path', pass({ Result: 1, ResultPath: '$.a.b' }), { x: 1 }],
    ['result path beside input path', pass({ InputPath: '$.a', ResultPath: '$.r' }), { a: { x: 1 }, b: 2 }],
    ['result path null', pass({ Result: 1, ResultPath: null }), { x: 1 }],
    ['input path null', pass({ InputPath: null }), { x: 1 }],
    ['output path', pass({ OutputPath: '$.a[1]' }), { a: [1, { z: 2 }] }],
    ['output path null', pass({ OutputPath: null }), { a: 1 }],
    ['missing input path', pass({ InputPath: '$.nope' }), { a: 1 }],
    ['missing template path', template('$.nope'), { a: 1 }],
    ['nested template', pass({ Parameters: { a: { 'b.$': '$.x', c: [1, { 'd.$': '$.y' }] } } }), { x: 1, y: 2 }],
    ['whole context input', template('$$.Execution.Input'), { a: 1 }],
    ['state name', template('$$.State.Name'), {}],
    ['falsy root', template('$'), 0],
    ['scalar root', template('$'), 'text'],
    ['result overrides parameters', pass({ Result: 1, Parameters: { 'v.$': '$.a' } }), { a: 5 }],
  ]),
  ...table('JSONPath', [
    ['quoted member', template("$['a b']"), { 'a b': 1 }],
    ['index', template('$.a[1]'), { a: [1, 2] }],
    ['index of index', template('$.a[0][1]'), { a: [[1, 2]] }],
    ['negative slice', template('$.a[-2:]'), { a: [1, 2, 3] }],
    ['slice', template('$.a[0:2]'), { a: [1, 2, 3] }],
    ['wildcard members', template('$.a[*].b'), { a: [{ b: 1 }, { b: 2 }] }],
    ['wildcard of one', template('$.a[*]'), { a: [1] }],
    ['wildcard of none', template('$.a[*].x'), { a: [{ b: 1 }] }],
    ['descent', template('$..b'), { a: [{ b: 1 }], c: { b: 2 } }],
    ['filter', template("$.a[?(@.k == 'x')].n"), { a: [{ k: 'x', n: 1 }, { k: 'y', n: 2 }] }],
    ['numeric filter', template('$.a[?(@.n > 1)]'), { a: [{ n: 1 }, { n: 2 }, { n: 3 }] }],
    ['filter without match', template("$.a[?(@.k == 'z')]"), { a: [{ k: 'x' }] }, 'moto takes a filter without match for a missing path; AWS gives an empty array'],
    ['null value', template('$.a'), { a: null }],
  ]),
  ...table('intrinsic', [
    ['Format', template("States.Format('{}-{}', $.a, $.b)"), { a: 'x', b: 2 }],
    ['Format of values', template("States.Format('{} {} {}', $.a, $.b, $.c)"), { a: true, b: null, c: 1.5 }],
    ['Format of structures', template("States.Format('{}', $.a)"), { a: { x: [1, 'y'] } }],
    ['Format with a template from the input', template('States.Format($.t, $.a)'), { t: 'hello {}', a: 'you' }],
    ['Format with an escaped quote', template("States.Format('it\\'s {}', $.a)"), { a: 1 }, 'moto ends the text at an escaped quote'],
    ['Array', template("States.Array($.a, 'x', 1, true, null)"), { a: { b: 1 } }, 'moto drops a literal null'],
    ['ArrayPartition', template('States.ArrayPartition($.a, 4)'), { a: [1, 2, 3, 4, 5, 6, 7, 8, 9] }],
    ['ArrayContains', template('States.ArrayContains($.a, $.b)'), { a: [{ x: 1 }, 2], b: { x: 1 } }],
    ['ArrayContains without', template('States.ArrayContains($.a, 3)'), { a: [1, 2] }],
    ['ArrayRange', template('States.ArrayRange(1, 9, 2)'), {}],
    ['ArrayRange downwards', template('States.ArrayRange(3, 1, -1)'), {}, 'moto refuses a negative step; the guide asks only that it is not 0'],
    ['ArrayGetItem', template('States.ArrayGetItem($.a, 2)'), { a: [1, 2, 3] }],
    ['ArrayLength', template('States.ArrayLength($.a)'), { a: [1, 2, 3] }],
    ['ArrayUnique', template('States.ArrayUnique($.a)'), { a: [1, 2, 2, 3, 1] }],
    ['Base64Encode', template('States.Base64Encode($.a)'), { a: 'Data to encode' }],
    ['Base64Decode', template('States.Base64Decode($.a)'), { a: 'RGF0YSB0byBlbmNvZGU=' }],
    ['Hash', template("States.Hash($.a, 'SHA-256')"), { a: 'input data' }],
    ['Hash MD5', template("States.Hash($.a, 'MD5')"), { a: 'input data' }],
    ['JsonMerge', template('States.JsonMerge($.a, $.b, false)'), { a: { x: { y: 1 }, z: 1 }, b: { x: { q: 2 } } }],
    ['StringToJson', template('States.StringToJson($.a)'), { a: '{"x":[1,2]}' }],
    ['JsonToString', template('States.JsonToString($.a)'), { a: { x: [1, 'y', null] } }],
    ['MathAdd', template('States.MathAdd($.a, -1)'), { a: 111 }],
    ['MathAdd rounds', template('States.MathAdd($.a, 1)'), { a: 1.5 }],
    ['MathAdd rounds negative halves', template('States.MathAdd($.a, 0)'), { a: -1.5 }],
    ['StringSplit', template("States.StringSplit($.a, '.+,=')"), { a: 'This.is+a,test=string' }],
    ['StringSplit of neighbours', template("States.StringSplit($.a, ',')"), { a: ',a,,b,' }],
    ['nested', template("States.ArrayGetItem(States.StringSplit(States.Format('{}/{}', $.a, 'b'), '/'), 1)"), { a: 'x' }],
    ['no arguments', template('States.Array()'), {}],
    ['of a missing path', template("States.Format('{}', $.nope)"), {}],
  ]),
  ...table('Choice', [
    ['and, or, not', choice({ And: [{ Variable: '$.v', NumericGreaterThan: 1 }, { Not: { Variable: '$.v', NumericEquals: 3 } }] }), { v: 2 }],
    ['string order', choice({ Variable: '$.v', StringLessThan: 'b' }), { v: 'a' }],
    ['wildcard', choice({ Variable: '$.v', StringMatches: 'log-*.txt' }), { v: 'log-1.txt' }],
    ['unlike kinds', choice({ Variable: '$.v', NumericEquals: 1 }), { v: '1' }],
    ['path operand', choice({ Variable: '$.v', NumericEqualsPath: '$.w' }), { v: 1, w: 1 }],
    ['timestamps', choice({ Variable: '$.v', TimestampLessThan: '2026-01-01T00:00:00Z' }), { v: '2025-12-31T00:00:00Z' }],
    ['is present', choice({ Variable: '$.v', IsPresent: true }), {}],
    ['is null', choice({ Variable: '$.v', IsNull: true }), { v: null }],
    ['is timestamp', choice({ Variable: '$.v', IsTimestamp: true }), { v: '2026-01-01T00:00:00Z' }],
    ['is numeric', choice({ Variable: '$.v', IsNumeric: false }), { v: 'x' }],
    ['boolean', choice({ Variable: '$.v', BooleanEquals: true }), { v: true }],
    ['missing variable', choice({ Variable: '$.v', StringEquals: 'x' }), {}, 'moto takes the Default; AWS fails the execution: the path references an invalid value'],
    ['without match and default', choice({ Variable: '$.v', StringEquals: 'x' }, { Default: undefined }, {}), { v: 'y' }, 'moto says States.Runtime; the language names States.NoChoiceMatched'],
    ['input and output path', choice({ Variable: '$.v', StringEquals: 'x' }, { InputPath: '$.a', OutputPath: '$.v' }), { a: { v: 'x' } }],
  ]),
  ...table('Map', [
    ['over the input', map({ E: END }), [1, 2, 3]],
    ['items path and selector', map({ E: END }, { ItemsPath: '$.l', ItemSelector: { 'i.$': '$$.Map.Item.Index', 'v.$': '$$.Map.Item.Value', 's.$': '$.s' } }), { l: ['a', 'b'], s: 1 }],
    ['former names', machine('M', { M: { Type: 'Map', End: true, Iterator: machine('E', { E: END }), Parameters: { 'v.$': '$$.Map.Item.Value' } } }), [1, 2]],
    ['of nothing', map({ E: END }), []],
    ['result path', map({ E: END }, { ItemsPath: '$.l', ResultPath: '$.r' }), { l: [1], x: 2 }],
    ['result selector', map({ E: END }, { ResultSelector: { 'n.$': 'States.ArrayLength($)' } }), [1, 2]],
    ['in a Map', map({ I: { Type: 'Map', End: true, ItemProcessor: machine('E', { E: END }) } }), [[1], [2, 3]]],
    ['that fails', map(failing), [1, 2]],
    ['that fails and is caught', machine('M', {
      M: { Type: 'Map', End: true, ItemProcessor: machine('F', failing), Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.e', Next: 'Z' }], ItemsPath: '$.l' }, Z: END,
    }), { l: [1] }],
    ['over no list', map({ E: END }), 'x', 'moto gives the JSONata error to a JSONPath state'],
    ['distributed over the input', map({ E: END }, { ItemProcessor: { ...machine('E', { E: END }), ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' } } }), [1, 2]],
    ['distributed that fails', map({ F: END }, { ItemProcessor: { ...machine('F', failing), ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' } } }), [1], 'moto counts no failures against a distributed Map'],
    ['variables around it', machine('A', {
      A: { Type: 'Pass', Assign: { o: 5 }, Next: 'M' },
      M: { Type: 'Map', End: true, ItemProcessor: machine('E', { E: { Type: 'Pass', Parameters: { 'v.$': '$o' }, End: true } }) },
    }), [1]],
  ]),
  ...table('Parallel', [
    ['of two', parallel([{ A: { Type: 'Pass', Result: 1, End: true } }, { B: END }]), { x: 1 }],
    ['with parameters', parallel([{ A: END }], { Parameters: { 'y.$': '$.x' } }), { x: 1 }],
    ['result selector and path', parallel([{ A: END }, { B: END }], { ResultSelector: { 'first.$': '$[0].x' }, ResultPath: '$.r' }), { x: 1 }, 'moto wraps a member of an array item into an array'],
    ['that fails', parallel([{ A: END }, failing]), {}],
    ['that fails and is caught', parallel([failing], { Catch: [{ ErrorEquals: ['Custom'], Next: 'Z' }] }, {}, { Z: END }), { x: 1 }],
    ['caught by TaskFailed', parallel([failing], { Catch: [{ ErrorEquals: ['States.TaskFailed'], ResultPath: '$.e', Next: 'Z' }] }, {}, { Z: END }), { x: 1 }],
    ['not caught by another name', parallel([failing], { Catch: [{ ErrorEquals: ['Other'], Next: 'Z' }] }, {}, { Z: END }), { x: 1 }],
    ['tried again in vain', parallel([failing], { Retry: [{ ErrorEquals: ['Custom'], IntervalSeconds: 1, MaxAttempts: 1 }] }), {}],
  ]),
  ...table('Fail and Succeed', [
    ['error and cause', machine('F', failing), {}],
    ['nothing', machine('F', { F: { Type: 'Fail' } }), {}],
    ['paths', machine('F', { F: { Type: 'Fail', ErrorPath: '$.e', CausePath: "States.Format('{}!', $.c)" } }), { e: 'E', c: 'C' }],
    ['succeed', machine('S', { S: { Type: 'Succeed', InputPath: '$.a', OutputPath: '$.b' } }), { a: { b: 1 } }],
    ['wait for nothing', machine('W', { W: { Type: 'Wait', Seconds: 0, Next: 'E' }, E: END }), { a: 1 }],
  ]),
  ...table('Task', [
    ['result selector', machine('T', { T: { Type: 'Task', Resource: IDENTITY, Parameters: {}, ResultSelector: { 'a.$': '$.Account' }, ResultPath: '$.r', End: true } }), { x: 1 }],
    ['caught, error beside the input', missing({ Parameters: BUCKET, Catch: [{ ErrorEquals: [MISSING_ERROR], ResultPath: '$.e', Next: 'Z' }] },
      { Z: { Type: 'Pass', Parameters: { 'error.$': '$.e.Error', 'x.$': '$.x' }, End: true } }), { x: 1 }],
    ['caught by TaskFailed', missing({ Parameters: BUCKET, Catch: [{ ErrorEquals: ['States.TaskFailed'], ResultPath: null, Next: 'Z' }] }, { Z: END }), { x: 1 }],
    ['caught, with a variable', missing({ Parameters: BUCKET, Catch: [{ ErrorEquals: ['States.ALL'], Assign: { 'e.$': '$.Error' }, Next: 'Z' }] },
      { Z: { Type: 'Pass', Parameters: { 'e.$': '$e' }, End: true } }), { x: 1 }],
    ['retried in vain', missing({ Parameters: BUCKET, Retry: [{ ErrorEquals: ['States.ALL'], IntervalSeconds: 1, MaxAttempts: 1 }] }), {}],
    ['with parameters that are missing', missing({ Parameters: { 'Bucket.$': '$.nope', Key: 'k' }, Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Z' }] }, { Z: END }), {}, 'moto lets States.ALL catch States.Runtime; the guide says that it cannot'],
  ]),
  ...table('variables', [
    ['assigned and read', machine('A', { A: { Type: 'Pass', Assign: { 'x.$': '$.a', y: 2 }, Next: 'B' }, B: { Type: 'Pass', Parameters: { 'x.$': '$x.b', 'y.$': 'States.MathAdd($y, 1)' }, End: true } }), { a: { b: 7 } }],
    ['evaluated before assigned', machine('A', {
      A: { Type: 'Pass', Assign: { x: 3, a: 6 }, Next: 'B' }, B: { Type: 'Pass', Assign: { 'x.$': '$a', 'n.$': '$x' }, Next: 'C' },
      C: { Type: 'Pass', Parameters: { 'x.$': '$x', 'n.$': '$n' }, End: true },
    }), {}],
    ['in a choice rule', machine('C', {
      C: { Type: 'Choice', Choices: [{ Variable: '$.v', NumericEquals: 1, Assign: { 'w.$': '$.v' }, Next: 'E' }], Default: 'E' },
      E: { Type: 'Pass', Parameters: { 'w.$': '$w' }, End: true },
    }), { v: 1 }, 'moto knows no Assign in a choice rule'],
    ['unknown', template('$nope'), {}],
  ]),
];

export const JSONATA_CASES: OracleCase[] = [
  ...table('JSONata', [
    ['plain values', jsonata({ a: 1, b: [true, 'x'] }), {}],
    ['expression', jsonata('{% $states.input.a + 1 %}'), { a: 1 }],
    ['nested', jsonata({ a: ['{% $states.input.a %}', { b: "{% 'x' & $string($states.input.a) %}" }] }), { a: 1 }],
    ['sum and map', jsonata('{% $sum($states.input.l.(p * q)) %}'), { l: [{ p: 2, q: 3 }, { p: 4, q: 5 }] }],
    ['filter of one', jsonata('{% $states.input.l[x = 1] %}'), { l: [{ x: 1 }, { x: 2 }] }],
    ['filter kept as array', jsonata('{% $states.input.l[x = 1][] %}'), { l: [{ x: 1 }, { x: 2 }] }],
    ['array of one in a constructor', jsonata('{% [$states.input.a] %}'), { a: 1 }],
    ['merge', jsonata("{% $merge([$states.input, {'b': 2}]) %}"), { a: 1 }],
    ['group by', jsonata('{% $states.input.l{k: $sum(n)} %}'), { l: [{ k: 'a', n: 1 }, { k: 'b', n: 2 }, { k: 'a', n: 3 }] }],
    ['sort', jsonata('{% $states.input.l^(>n).n %}'), { l: [{ n: 1 }, { n: 3 }, { n: 2 }] }],
    ['split and join', jsonata("{% $join($split($states.input.s, ','), '-') %}"), { s: 'a,b,c' }],
    ['regular expression', jsonata("{% $replace($states.input.s, /[0-9]+/, '#') %}"), { s: 'a1b22' }],
    ['conditional', jsonata("{% $states.input.a > 1 ? 'big' : 'small' %}"), { a: 2 }],
    ['function', jsonata('{% ($f := function($x){$x * 2}; $f($states.input.a)) %}'), { a: 4 }],
    ['reduce', jsonata('{% $reduce($states.input.l, function($a, $b){$a + $b}) %}'), { l: [1, 2, 3] }],
    ['each', jsonata("{% $each($states.input, function($v, $k){$k & '=' & $v}) %}"), { a: 'x', b: 'y' }],
    ['range', jsonata('{% [1..4] %}'), {}],
    ['$partition', jsonata('{% $partition([1,2,3,4,5], 2) %}'), {}],
    ['$range', jsonata('{% $range(0, 10, 5) %}'), {}],
    ['$parse', jsonata("{% $parse('[1,2]') %}"), {}],
    ['$hash', jsonata("{% $hash('x', 'MD5') %}"), {}, 'moto answers that $hash is not supported'],
    ['context', jsonata('{% $states.context.State.Name %}'), {}],
    ['nothing', jsonata('{% $states.input.nope %}'), {}, EVALUATION],
    ['type error', jsonata("{% 1 + 'a' %}"), {}, EVALUATION],
  ]),
  ...table('JSONata states', [
    ['choice', machine('C', {
      C: { Type: 'Choice', Choices: [{ Condition: '{% $states.input.v > 1 %}', Next: 'Y', Output: '{% $states.input.v %}' }], Default: 'N' },
      Y: END, N: { Type: 'Pass', Output: { no: true }, End: true },
    }, { QueryLanguage: 'JSONata' }), { v: 2 }],
    ['choice by default', machine('C', {
      C: { Type: 'Choice', Choices: [{ Condition: '{% $states.input.v > 1 %}', Next: 'Y' }], Default: 'N' }, Y: END, N: { Type: 'Pass', Output: { no: true }, End: true },
    }, { QueryLanguage: 'JSONata' }), { v: 1 }],
    ['variables', machine('A', {
      A: { Type: 'Pass', Assign: { x: 3, a: 6 }, Next: 'B' }, B: { Type: 'Pass', Assign: { x: '{% $a %}', n: '{% $x %}' }, Next: 'C' },
      C: { Type: 'Pass', Output: { x: '{% $x %}', n: '{% $n %}' }, End: true },
    }, { QueryLanguage: 'JSONata' }), {}],
    ['map', map({ E: { Type: 'Pass', Output: '{% $states.input.v * 2 %}', End: true } },
      { Items: '{% $states.input.l %}', ItemSelector: { v: '{% $states.context.Map.Item.Value %}' } }, { QueryLanguage: 'JSONata' }), { l: [1, 2] }],
    ['map output', map({ E: END }, { Items: '{% $states.input.l %}', Output: '{% $sum($states.result) %}' }, { QueryLanguage: 'JSONata' }), { l: [1, 2] }],
    ['parallel arguments and output', parallel([{ A: END }, { B: END }],
      { Arguments: { n: '{% $states.input.a %}' }, Output: '{% $states.result[0].n %}' }, { QueryLanguage: 'JSONata' }), { a: 9 }],
    ['catch output and assign', parallel([failing], {
      Catch: [{ ErrorEquals: ['States.ALL'], Output: '{% $states.errorOutput.Error %}', Assign: { c: '{% $states.errorOutput.Cause %}' }, Next: 'Z' }],
    }, { QueryLanguage: 'JSONata' }, { Z: { Type: 'Pass', Output: { input: '{% $states.input %}', c: '{% $c %}' }, End: true } }), {}],
    ['fail', machine('F', { F: { Type: 'Fail', Error: '{% $states.input.e %}', Cause: "{% 'c' & '!' %}" } }, { QueryLanguage: 'JSONata' }), { e: 'E' }],
    ['succeed', machine('S', { S: { Type: 'Succeed', Output: '{% $states.input.a %}' } }, { QueryLanguage: 'JSONata' }), { a: 'x' }],
    ['task result', machine('T', { T: { Type: 'Task', Resource: IDENTITY, Arguments: {}, Output: { a: '{% $states.result.Account %}' }, End: true } }, { QueryLanguage: 'JSONata' }), {}],
    ['task caught', missing({ Arguments: BUCKET, Catch: [{ ErrorEquals: ['States.ALL'], Output: '{% $states.errorOutput.Error %}', Next: 'Z' }] }, { Z: END },
      { QueryLanguage: 'JSONata' }), {}],
    ['arguments that fail are caught', missing({ Arguments: '{% $states.input.nope %}', Catch: [{ ErrorEquals: ['States.ALL'], Output: '{% $states.errorOutput.Error %}', Next: 'Z' }] },
      { Z: END }, { QueryLanguage: 'JSONata' }), {}, EVALUATION],
    ['one state in a JSONPath machine', machine('A', { A: { Type: 'Pass', QueryLanguage: 'JSONata', Output: { v: '{% $states.input.a %}' }, Next: 'B' }, B: { Type: 'Pass', Parameters: { 'w.$': '$.v' }, End: true } }), { a: 1 }],
  ]),
];
