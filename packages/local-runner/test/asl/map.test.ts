import { gzipSync } from 'node:zlib';
import { runStateMachine, TaskFailure, type RunStateMachineOptions, type TaskHandler } from '../../src/asl';
import { runJsonata, runOne } from '../_fixtures/one-state';

const RESOURCE = 'arn:aws:states:::lambda:invoke';
const ECHO = { StartAt: 'Echo', States: { Echo: { Type: 'Pass', End: true } } };
const CALL = { StartAt: 'Call', States: { Call: { Type: 'Task', Resource: RESOURCE, End: true } } };

function distributed(inside: object, extra: object = {}) {
  return { Type: 'Map', ItemProcessor: { ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' }, ...inside }, ...extra };
}

/** S3 in memory. */
function storage(objects: Record<string, string | Buffer> = {}) {
  const files = new Map(Object.entries(objects).map(([name, body]) => [name, Buffer.from(body)]));
  return {
    files,
    readObject: async (bucket: string, key: string) => {
      const body = files.get(`${bucket}/${key}`);
      if (body === undefined) throw new TaskFailure('S3.NoSuchKeyException', 'The specified key does not exist.');
      return body;
    },
    listObjects: async (bucket: string, prefix: string) => [...files]
      .filter(([name]) => name.startsWith(`${bucket}/${prefix}`))
      .map(([name, body]) => ({ Key: name.slice(bucket.length + 1), Size: body.length, Etag: '"e"', LastModified: 1, StorageClass: 'STANDARD' })),
    writeObject: async (bucket: string, key: string, body: Buffer) => {
      files.set(`${bucket}/${key}`, Buffer.from(body));
    },
  };
}

describe.each<[string, string]>([['INLINE', 'INLINE'], ['DISTRIBUTED', 'DISTRIBUTED']])('a Map in mode %s', (_title, Mode) => {
  const processor = (inside: object) => ({ ProcessorConfig: { Mode, ExecutionType: 'STANDARD' }, ...inside });

  test('gives the outputs in the order of the items, whichever ends first', async () => {
    const handler: TaskHandler = async ({ arguments: n }) => {
      await new Promise((resolve) => { setTimeout(resolve, 5 - n); });
      return n * 10;
    };
    const result = await runOne({ Type: 'Map', ItemProcessor: processor(CALL) }, { input: [1, 2, 3], handlers: { '*': handler } });
    expect(result.output).toEqual([10, 20, 30]);
  });

  test('selects items and their inputs in JSONPath', async () => {
    const result = await runOne({
      Type: 'Map', ItemsPath: '$.list', ItemProcessor: processor(ECHO),
      ItemSelector: { 'i.$': '$$.Map.Item.Index', 'v.$': '$$.Map.Item.Value.x', 'all.$': '$.shared', 'from.$': '$$.Map.Item.Source' },
    }, { input: { shared: 's', list: [{ x: 1 }, { x: 2 }] } });
    expect(result.output).toEqual([{ i: 0, v: 1, all: 's', from: 'STATE_DATA' }, { i: 1, v: 2, all: 's', from: 'STATE_DATA' }]);
  });

  test('selects items and their inputs in JSONata', async () => {
    const result = await runJsonata({
      Type: 'Map', Items: '{% $states.input.list[x > 1] %}', ItemProcessor: processor(ECHO),
      ItemSelector: { i: '{% $states.context.Map.Item.Index %}', v: '{% $states.context.Map.Item.Value.x %}', s: '{% $states.input.shared %}' },
      Output: '{% $states.result.v %}',
    }, { input: { shared: 's', list: [{ x: 1 }, { x: 2 }, { x: 3 }] } });
    expect(result.output).toEqual([2, 3]);
  });

  test('iterates over the members of an object', async () => {
    const result = await runOne({
      Type: 'Map', ItemProcessor: processor(ECHO), ItemSelector: { 'k.$': '$$.Map.Item.Key', 'v.$': '$$.Map.Item.Value' },
    }, { input: { a: 1, b: 2 } });
    expect(result.output).toEqual([{ k: 'a', v: 1 }, { k: 'b', v: 2 }]);
  });

  test('gives an empty array for no items', async () => {
    expect((await runOne({ Type: 'Map', ItemProcessor: processor(CALL) }, { input: [] })).output).toEqual([]);
  });

  test.each<[string, object]>([
    ['MaxConcurrency', { MaxConcurrency: 2 }], ['MaxConcurrencyPath', { MaxConcurrencyPath: '$.most' }],
  ])('runs no more than %s at once', async (_name, limit) => {
    let running = 0;
    let most = 0;
    const handler: TaskHandler = async () => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => { setImmediate(resolve); });
      running--;
    };
    const result = await runOne({ Type: 'Map', ItemsPath: '$.list', ItemProcessor: processor(CALL), ...limit },
      { input: { most: 2, list: [1, 2, 3, 4, 5, 6] }, handlers: { '*': handler } });
    expect(result.status).toBe('SUCCEEDED');
    expect(most).toBe(2);
  });

  test('stops the others at the first failure and can be caught', async () => {
    const stopped: unknown[] = [];
    const handler: TaskHandler = ({ arguments: n, signal }) => new Promise((_, reject) => {
      if (n === 2) reject(new TaskFailure('Bad', 'item 2'));
      signal.addEventListener('abort', () => { stopped.push(n); reject(new Error('stopped')); });
    });
    const result = await runStateMachine({
      StartAt: 'M',
      States: {
        M: { Type: 'Map', ItemProcessor: processor(CALL), End: true, Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Z' }] },
        Z: { Type: 'Pass', End: true },
      },
    }, { input: [1, 2, 3], handlers: { '*': handler } });
    expect(result.output).toMatchObject({ Error: Mode === 'INLINE' ? 'Bad' : 'States.ExceedToleratedFailureThreshold' });
    expect(JSON.stringify(result.events)).toContain('item 2');
    expect(stopped).toEqual(expect.arrayContaining([1, 3]));
  });

  test('fails for what is no list', async () => {
    expect(await runOne({ Type: 'Map', ItemProcessor: processor(ECHO) }, { input: 'x' })).toMatchObject({ status: 'FAILED', error: 'States.Runtime' });
  });
});

test('an inline Map iteration reads variables around it', async () => {
  const result = await runStateMachine({
    QueryLanguage: 'JSONata', StartAt: 'A',
    States: {
      A: { Type: 'Pass', Assign: { outer: 5 }, Next: 'M' },
      M: {
        Type: 'Map', Items: [1, 2], End: true,
        ItemProcessor: { StartAt: 'P', States: { P: { Type: 'Pass', Output: '{% $states.input + $outer %}', End: true } } },
      },
    },
  });
  expect(result.output).toEqual([6, 7]);
});

describe('a distributed Map', () => {
  test('runs children with their own name, input and history', async () => {
    const arns = new Set<string>();
    const result = await runOne(
      distributed({ StartAt: 'P', States: { P: { Type: 'Pass', Parameters: { 'in.$': '$$.Execution.Input', 'sm.$': '$$.StateMachine.Id' }, End: true } } }, { Label: 'Rows' }),
      { input: [7, 8], onEvent: ({ executionArn }) => arns.add(executionArn) });
    expect(result.output).toEqual([7, 8].map((n) => ({ in: n, sm: 'arn:aws:states:us-east-1:000000000000:stateMachine:local/Rows' })));
    expect([...arns].filter((arn) => arn.includes(':execution:local/Rows:'))).toHaveLength(2);
    expect(result.events.map(({ type }) => type)).toEqual([
      'ExecutionStarted', 'MapStateEntered', 'MapStateStarted', 'MapRunStarted', 'MapRunSucceeded', 'MapStateSucceeded', 'MapStateExited', 'ExecutionSucceeded']);
  });

  test('hides outer variables from its children', async () => {
    const result = await runStateMachine({
      QueryLanguage: 'JSONata', StartAt: 'A',
      States: {
        A: { Type: 'Pass', Assign: { outer: 5 }, Next: 'M' },
        M: { ...distributed({ StartAt: 'P', States: { P: { Type: 'Pass', Output: '{% $exists($outer) %}', End: true } } }), Items: [1], End: true },
      },
    });
    expect(result.output).toEqual([false]);
  });

  test.each<[string, object, string]>([
    ['ToleratedFailureCount 1', { ToleratedFailureCount: 1 }, 'FAILED'],
    ['ToleratedFailureCount 2', { ToleratedFailureCount: 2 }, 'SUCCEEDED'],
    ['ToleratedFailurePercentage 49', { ToleratedFailurePercentage: 49 }, 'FAILED'],
    ['ToleratedFailurePercentage 50', { ToleratedFailurePercentage: 50 }, 'SUCCEEDED'],
    ['both, the stricter counts', { ToleratedFailurePercentage: 50, ToleratedFailureCount: 1 }, 'FAILED'],
  ])('with %s of 4 items with 2 failures ends %s', async (_title, tolerance, status) => {
    const handler: TaskHandler = async ({ arguments: n }) => {
      if (n % 2 === 0) throw new TaskFailure('Even', `${n}`);
      return n;
    };
    const result = await runOne(distributed(CALL, tolerance), { input: [1, 2, 3, 4], handlers: { '*': handler } });
    expect(result.status).toBe(status);
    if (status === 'SUCCEEDED') expect(result.output).toMatchObject([1, { Status: 'FAILED', Error: 'Even' }, 3, { Status: 'FAILED' }]);
    else expect(result).toMatchObject({ error: 'States.ExceedToleratedFailureThreshold', cause: 'The specified tolerated failure threshold was exceeded' });
  });

  describe('reads items', () => {
    type Objects = Record<string, string | Buffer>;
    const read = (ReaderConfig: object, Parameters: object, more: object = {}, s3: Objects = {}, input: unknown = {}) => runOne(
      distributed(ECHO, { ItemReader: { Resource: 'arn:aws:states:::s3:getObject', ReaderConfig, Parameters, ...more } }), { input, ...storage(s3) });

    test.each<[string, object, string, string | Buffer, unknown]>([
      ['JSON', { InputType: 'JSON' }, 'k.json', '[1,{"a":2}]', [1, { a: 2 }]],
      ['JSON below a pointer', { InputType: 'JSON', ItemsPointer: '/data/0/items' }, 'k.json', '{"data":[{"items":[1,2]}]}', [1, 2]],
      ['JSON, as many as MaxItems', { InputType: 'JSON', MaxItems: 2 }, 'k.json', '[1,2,3]', [1, 2]],
      ['JSON lines', { InputType: 'JSONL' }, 'k.jsonl', '{"a":1}\n\n{"a":2}\n', [{ a: 1 }, { a: 2 }]],
      ['compressed JSON lines', { InputType: 'JSONL' }, 'k.jsonl.gz', gzipSync('1\n2\n'), [1, 2]],
      ['CSV with a header', { InputType: 'CSV', CSVHeaderLocation: 'FIRST_ROW' }, 'k.csv', 'a,b\n1,"x,""y""\n2"\n3\n4,5,6\n',
        [{ a: '1', b: 'x,"y"\n2' }, { a: '3', b: '' }, { a: '4', b: '5' }]],
      ['CSV with given names and pipes', { InputType: 'CSV', CSVHeaderLocation: 'GIVEN', CSVHeaders: ['p'], CSVDelimiter: 'PIPE' }, 'k.csv',
        'C:\\\\x\\|y\\n|z', [{ p: 'C:\\x|yn' }]],
    ])('from %s', async (_title, config, key, body, items) => {
      const result = await read(config, { Bucket: 'b', 'Key.$': '$.k' }, {}, { [`b/${key}`]: body }, { k: key });
      expect(result).toMatchObject({ status: 'SUCCEEDED' });
      expect(result.output).toEqual(items);
    });

    test('from a listing, and from the listed objects themselves', async () => {
      const s3 = { 'b/p/1.json': '[1,2]', 'b/p/2.json': '[3]', 'b/q/9.json': '[9]' };
      const Resource = 'arn:aws:states:::s3:listObjectsV2';
      const listed = await read({}, { Bucket: 'b', Prefix: 'p/' }, { Resource }, s3);
      expect(listed.output).toEqual([
        { Etag: '"e"', Key: 'p/1.json', LastModified: 1, Size: 5, StorageClass: 'STANDARD' },
        { Etag: '"e"', Key: 'p/2.json', LastModified: 1, Size: 3, StorageClass: 'STANDARD' },
      ]);
      const flat = await read({ InputType: 'JSON', Transformation: 'LOAD_AND_FLATTEN' }, { Bucket: 'b', Prefix: 'p/' }, { Resource }, s3);
      expect(flat.output).toEqual([1, 2, 3]);
    });

    test('from an inventory and from an Athena manifest', async () => {
      const inventory = await read({ InputType: 'MANIFEST' }, { Bucket: 'b', Key: 'manifest.json' }, {}, {
        'b/manifest.json': JSON.stringify({ fileSchema: 'Bucket, Key', destinationBucket: 'arn:aws:s3:::inv', files: [{ key: 'f.csv.gz' }] }),
        'inv/f.csv.gz': gzipSync('"x","a/b"\n'),
      });
      expect(inventory.output).toEqual([{ Bucket: 'x', Key: 'a/b' }]);
      const athena = await read({ InputType: 'JSONL', ManifestType: 'ATHENA_DATA' }, { Bucket: 'b', Key: 'm.csv' }, {},
        { 'b/m.csv': 's3://d/1.gz\ns3://d/2.gz\n', 'd/1.gz': gzipSync('1\n'), 'd/2.gz': gzipSync('2\n') });
      expect(athena.output).toEqual([1, 2]);
    });

    test('with JSONata arguments', async () => {
      const result = await runJsonata(
        distributed(ECHO, { ItemReader: {
          Resource: 'arn:aws:states:::s3:getObject', ReaderConfig: { InputType: 'JSON', MaxItems: '{% 1 + 0 %}' },
          Arguments: { Bucket: 'b', Key: '{% $states.input.key %}' },
        } }), { input: { key: 'k' }, ...storage({ 'b/k': '[5,6]' }) });
      expect(result.output).toEqual([5]);
    });

    test('fails by name when the object is not there', async () => {
      expect(await read({ InputType: 'JSON' }, { Bucket: 'b', Key: 'nope' }))
        .toMatchObject({ status: 'FAILED', error: 'States.ItemReaderFailed', cause: expect.stringContaining('S3.NoSuchKeyException') });
    });
  });

  test('batches items by number and by bytes, with a fixed input', async () => {
    const run = (ItemBatcher: object) => runOne(distributed(ECHO, { ItemBatcher }), { input: [1, 2, 3] });
    expect((await run({ MaxItemsPerBatch: 2, BatchInput: { 'n.$': '$[0]' } })).output)
      .toEqual([{ BatchInput: { n: 1 }, Items: [1, 2] }, { BatchInput: { n: 1 }, Items: [3] }]);
    expect((await run({ MaxInputBytesPerBatch: Buffer.byteLength('{"Items":[1,2]}') })).output).toEqual([{ Items: [1, 2] }, { Items: [3] }]);
  });

  test('counts the items of failed batches against the tolerance', async () => {
    const handler: TaskHandler = async ({ arguments: { Items } }) => {
      if (Items.includes(1)) throw new TaskFailure('Bad', '');
    };
    const run = (ToleratedFailureCount: number) => runOne(distributed(CALL, { ItemBatcher: { MaxItemsPerBatch: 2 }, ToleratedFailureCount }),
      { input: [1, 2, 3, 4], handlers: { '*': handler } });
    expect((await run(1)).status).toBe('FAILED');
    expect((await run(2)).status).toBe('SUCCEEDED');
  });

  describe('writes results', () => {
    const writer = (more: object = {}) => ({ ResultWriter: { Resource: 'arn:aws:states:::s3:putObject', Parameters: { Bucket: 'out', Prefix: 'runs' }, ...more } });
    const run = async (extra: object, options: RunStateMachineOptions = {}) => {
      const s3 = storage();
      const result = await runOne(distributed(CALL, extra), { input: [[1], [2, 3]], handlers: { '*': async ({ arguments: n }) => n }, ...s3, ...options });
      const read = (name: string) => {
        const found = [...s3.files].find(([key]) => key.endsWith(`/${name}`));
        return found === undefined ? undefined : found[1].toString();
      };
      return { result, read };
    };

    test('to S3, as whole executions', async () => {
      const { result, read } = await run(writer());
      expect(result.output).toMatchObject({
        MapRunArn: expect.stringContaining(':mapRun:local/S:'),
        ResultWriterDetails: { Bucket: 'out', Key: expect.stringMatching(/^runs\/[0-9a-f-]{36}\/manifest\.json$/) },
      });
      const manifest = JSON.parse(read('manifest.json') ?? '');
      expect(manifest.ResultFiles).toMatchObject({ FAILED: [], PENDING: [], SUCCEEDED: [{ Key: expect.stringContaining('SUCCEEDED_0.json') }] });
      expect(JSON.parse(read('SUCCEEDED_0.json') ?? '')).toMatchObject([{ Status: 'SUCCEEDED', Input: '[1]', Output: '[1]' }, { Output: '[2,3]' }]);
    });

    test('to S3, flattened as lines', async () => {
      const { read } = await run(writer({ WriterConfig: { Transformation: 'FLATTEN', OutputType: 'JSONL' } }));
      expect(read('SUCCEEDED_0.jsonl')).toBe('1\n2\n3\n');
    });

    test('into the state, flattened', async () => {
      expect((await run({ ResultWriter: { WriterConfig: { Transformation: 'FLATTEN', OutputType: 'JSON' } } })).result.output).toEqual([1, 2, 3]);
    });

    test('of failed and of never started children too, when the run fails', async () => {
      const { result, read } = await run({ ...writer(), MaxConcurrency: 1 }, { handlers: { '*': async () => { throw new TaskFailure('Bad', 'why'); } } });
      expect(result).toMatchObject({ status: 'FAILED', error: 'States.ExceedToleratedFailureThreshold' });
      expect(JSON.parse(read('FAILED_0.json') ?? '')).toMatchObject([{ Status: 'FAILED', Error: 'Bad', Cause: 'why' }]);
      expect(JSON.parse(read('PENDING_0.json') ?? '')).toMatchObject([{ Status: 'PENDING', Input: '[2,3]' }]);
    });

    test('fails by name when the bucket refuses', async () => {
      const { result } = await run(writer(), { writeObject: async () => { throw new TaskFailure('S3.AccessDenied', 'no'); } });
      expect(result).toMatchObject({ status: 'FAILED', error: 'States.ResultWriterFailed', cause: expect.stringContaining('S3.AccessDenied') });
    });
  });

  test('is stopped with its children by the execution', async () => {
    const stop = new AbortController();
    let stopped = 0;
    const handler: TaskHandler = ({ signal }) => new Promise((_, reject) => {
      signal.addEventListener('abort', () => { stopped++; reject(new Error('stopped')); });
      stop.abort();
    });
    const result = await runOne(distributed(CALL), { input: [1, 2], handlers: { '*': handler }, signal: stop.signal });
    expect(result.status).toBe('ABORTED');
    expect(stopped).toBeGreaterThan(0);
  });

  test('takes no more processor time for a child among five thousand than among five hundred', async () => {
    const chain = {
      StartAt: 'A',
      States: { A: { Type: 'Pass', Next: 'B' }, B: { Type: 'Task', Resource: RESOURCE, Next: 'C' }, C: { Type: 'Pass', End: true } },
    };
    const perChild = async (children: number): Promise<number> => {
      const before = process.cpuUsage();
      const result = await runOne(distributed(chain), { input: Array.from({ length: children }, (_, i) => i), handlers: { '*': async ({ arguments: n }) => n } });
      const { user, system } = process.cpuUsage(before);
      expect(result.output).toHaveLength(children);
      return (user + system) / children;
    };
    await perChild(500);
    // Each side of the ratio is of the same minute, however busy that is; work that grows with the square of the children would make it 10.
    const few = await perChild(500);
    expect(await perChild(5_000) / few).toBeLessThan(4);
  });
});
