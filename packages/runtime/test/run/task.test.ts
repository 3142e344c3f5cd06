import { transientError, userError } from '../../src/errors/pipeline-error';
import { Report } from '../../src/report/report';
import { readSettings } from '../../src/run/settings';
import { runStep, type StepCall, type TaskOptions } from '../../src/run/task';
import { ObjectStore } from '../../src/stores/object-store';
import { FakeS3 } from '../_fakes/s3-server';

interface Settings { readonly name: string }

describe('container task', () => {
  let s3: FakeS3;
  let errors: any[];
  let lines: any[];
  const plan = { bucket: 'raw', key: 'demo/work/x/s1-a1/plan.json' };
  const result = 'demo/work/x/s1-a1/load/1.json';

  beforeEach(async () => {
    s3 = await FakeS3.start();
    s3.put('raw', plan.key, JSON.stringify({ schemaVersion: 1, from: 'plan' }));
    s3.put('raw', 'demo/work/x/s1-a1/items.json', JSON.stringify([{ index: 0 }, { index: 1, name: 'second' }]));
    s3.put('raw', 'demo/work/x/s1-a1/units.json', JSON.stringify([{ index: 0 }, { index: 1, name: 'unit' }]));
    errors = [];
    lines = [];
  });
  afterEach(() => s3.close());

  function run(steps: TaskOptions<Settings>['steps'], env: Record<string, unknown> = {}, signal = new AbortController().signal): Promise<number> {
    const all = { HEADRACE_TASK: { step: 'load', plan, index: 1 }, HEADRACE_SETTINGS: { name: 'me' }, ...env };
    return runStep<Settings>({
      parseSettings: (json) => readSettings(json, 'load settings', (fields) => ({ name: fields.text('name') })), steps, store: new ObjectStore(s3.client()),
      env: Object.fromEntries(Object.entries(all).map(([name, value]) => [name, typeof value === 'string' || value === undefined ? value : JSON.stringify(value)])) as Record<string, string>,
      writeError: (line) => errors.push(JSON.parse(line)),
    }, new Report({ write: (line) => lines.push(JSON.parse(line)) }), signal);
  }

  test('gives a step its settings, plan and item, and writes what it returns', async () => {
    const calls: StepCall<Settings>[] = [];
    expect(await run({ load: async (call) => { calls.push(call); return { rows: 5 }; } })).toBe(0);
    expect(calls[0]).toMatchObject({ settings: { name: 'me' }, plan: { from: 'plan' }, item: { index: 1, name: 'second' }, index: 1, folder: { bucket: 'raw', prefix: 'demo/work/x/s1-a1/' } });
    expect(s3.json('raw', result)).toEqual({
      schemaVersion: 1, step: 'load', index: 1, rows: 5, peakMemoryBytes: expect.any(Number), timing: { startedAt: expect.stringMatching(/Z$/), endedAt: expect.stringMatching(/Z$/) },
    });
    expect(lines.map(({ code }) => code)).toEqual(['TASK_I0001', 'TASK_I0002']);
  });

  test('reads another list, or none, and no plan, where the step says so', async () => {
    const calls: StepCall<Settings>[] = [];
    const keep = async (call: StepCall<Settings>): Promise<void> => void calls.push(call);
    await run({ load: { run: keep, items: 'units' } });
    s3.objects.clear();
    expect(await run({ load: { run: keep, items: false, plan: false } }, { HEADRACE_TASK: { step: 'load', plan, input: { slot: 's1' }, execution: { name: 'e' } } })).toBe(0);
    expect(calls[0]?.item).toMatchObject({ name: 'unit' });
    expect(calls[1]).toMatchObject({ item: undefined, plan: undefined, index: 0, pointer: { input: { slot: 's1' }, execution: { name: 'e' } } });
  });

  test('a step with a result is not run again, unless it says so', async () => {
    s3.put('raw', result, '{}');
    const ran = jest.fn(async () => ({ again: true }));
    expect(await run({ load: ran })).toBe(0);
    expect(ran).not.toHaveBeenCalled();
    expect(await run({ load: { run: ran, resume: false } })).toBe(0);
    expect(s3.json('raw', result)).toMatchObject({ again: true });
  });

  test('a result that another try wrote meanwhile is kept', async () => {
    expect(await run({ load: async () => { s3.put('raw', result, '{"by":"other"}'); return { by: 'me' }; } })).toBe(0);
    expect(s3.json('raw', result)).toEqual({ by: 'other' });
    expect(lines.map(({ code }) => code)).toContain('TASK_I0004');
  });

  test.each([
    ['terminal', userError('LIMIT', 'too much'), 1, 'LIMIT'],
    ['transient', transientError('BUSY', 'later'), 75, 'BUSY'],
    ['unexpected', new TypeError('bug'), 1, 'UNEXPECTED'],
  ])('a %s failure has its exit code, one coded line on standard error, and a document', async (_, failure, exit, code) => {
    expect(await run({ load: async () => { throw failure; } })).toBe(exit);
    expect(errors).toEqual([expect.objectContaining({ code: 'TASK_E0001', level: 'error', data: expect.objectContaining({ error: code, exitCode: exit }) })]);
    expect(s3.json('raw', 'demo/work/x/s1-a1/errors/load-1.json')).toMatchObject({ schemaVersion: 1, step: 'load', index: 1, code });
    expect(s3.keys('raw')).not.toContain(result);
  });

  test('a secret that the step protected is in neither line nor document', async () => {
    await run({ load: async ({ report }) => { report.protect('pa"ss%word'); throw userError('LOGIN', 'refused pa"ss%word', { at: 'x:pa"ss%word@y', url: `u:${encodeURIComponent('pa"ss%word')}` }); } });
    const text = JSON.stringify(errors) + s3.text('raw', 'demo/work/x/s1-a1/errors/load-1.json');
    expect(text).not.toContain('ss%word');
    expect(text).not.toContain('ss%25word');
    expect(errors[0].message).toContain('refused ***');
  });

  test('a failure that cannot be written down still has its exit code and line', async () => {
    s3.fault = ({ key }) => (key.includes('/errors/') ? { status: 403, code: 'AccessDenied' } : undefined);
    expect(await run({ load: async () => { throw transientError('BUSY', 'later'); } })).toBe(75);
    expect(lines.map(({ code }) => code)).toContain('TASK_W0002');
  });

  test('a stop ends with 143, whatever the step made of it; finished work still counts', async () => {
    const controller = new AbortController();
    const stopped = async ({ signal }: StepCall<Settings>): Promise<void> => {
      controller.abort(transientError('STOPPED', 'asked to stop by SIGTERM'));
      signal.throwIfAborted();
    };
    expect(await run({ load: stopped }, {}, controller.signal)).toBe(143);
    expect(errors[0]).toMatchObject({ code: 'TASK_E0003', data: { error: 'STOPPED' } });
    const late = new AbortController();
    expect(await run({ load: async () => { late.abort(new Error('stop')); return { rows: 1 }; } }, {}, late.signal)).toBe(0);
    expect(s3.json('raw', result)).toMatchObject({ rows: 1 });
  });

  test('fails when the item does not exist', async () => {
    expect(await run({ load: async () => undefined }, { HEADRACE_TASK: { step: 'load', plan, index: 7 } })).toBe(1);
    expect(errors[0].data).toMatchObject({ error: 'ITEM_MISSING' });
  });

  test('bad configuration ends with 2 and names every problem of both variables', async () => {
    expect(await run({ load: async () => undefined }, { HEADRACE_TASK: { step: 'laod', plan: { bucket: 'b' }, indx: 1 }, HEADRACE_SETTINGS: '{', HEADRACE_DEBUG: '1' })).toBe(2);
    expect(errors[0]).toMatchObject({ code: 'TASK_E0002', data: { error: 'CONFIG', fault: 'user', exitCode: 2 } });
    const { problems } = errors[0].data.facts;
    expect(problems.join('\n')).toMatch(/HEADRACE_DEBUG is not a known variable/);
    expect(problems.join('\n')).toMatch(/step must be one of load, got "laod"; plan.key is missing; indx is not a known key/);
    expect(problems.join('\n')).toMatch(/HEADRACE_SETTINGS must be JSON/);
    expect(await run({ load: async () => undefined }, { HEADRACE_TASK: undefined, HEADRACE_SETTINGS: '' })).toBe(2);
    expect(errors[1].message).toMatch(/HEADRACE_TASK is missing; HEADRACE_SETTINGS is missing/);
  });
});
