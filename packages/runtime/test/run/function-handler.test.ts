import { transientError, userError } from '../../src/errors/pipeline-error';
import { Report } from '../../src/report/report';
import { functionHandler, type FunctionCall } from '../../src/run/function-handler';
import { type ObjectStore } from '../../src/stores/object-store';

describe('function handler', () => {
  const lines: any[] = [];
  const event = { settings: { a: 1 }, input: { slot: 's1' }, execution: { name: 'e', startTime: 't' }, previous: { b: 2 } };
  const options = { store: {} as ObjectStore, report: new Report({ write: (line) => lines.push(JSON.parse(line)) }) };
  beforeEach(() => lines.splice(0));

  test('gives the parts of the event, and returns the answer', async () => {
    const handler = functionHandler(async ({ store, report: _report, signal: _signal, ...parts }: FunctionCall) => ({
      ...parts, same: store === options.store,
    }), options);
    expect(await handler(event)).toEqual({ ...event, same: true });
  });

  test.each([
    ['a transient failure under the one name that is retried', transientError('STORE_UNAVAILABLE', 'later'), 'Headrace.Transient', 'later'],
    ['a terminal failure under its code', userError('MIN_ROWS', 'too few'), 'Headrace.MIN_ROWS', 'too few'],
    ['anything else as unexpected', new TypeError('bug'), 'Headrace.UNEXPECTED', 'TypeError: bug'],
  ])('throws %s', async (_, failure, name, message) => {
    await expect(functionHandler(async () => { throw failure; }, options)(event)).rejects.toMatchObject({ name, message });
    expect(lines).toEqual([expect.objectContaining({ code: 'FUNCTION_E0001', level: 'error' })]);
  });

  test('fails when the event is not that of a stage', async () => {
    await expect(functionHandler(async () => 1, options)({})).rejects.toMatchObject({ name: 'Headrace.EVENT' });
  });

  test('stops work shortly before the time-out, as a transient failure', async () => {
    const handler = functionHandler(({ signal }) => new Promise((_, reject) => { signal.addEventListener('abort', () => reject(new Error('AbortError'))); }), options);
    await expect(handler(event, { getRemainingTimeInMillis: () => 2_010 })).rejects.toMatchObject({ name: 'Headrace.Transient', message: expect.stringContaining('did not finish') });
  });
});
