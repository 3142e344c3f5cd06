import { PipelineError, transientError, userError } from '../../src/errors/pipeline-error';

describe('pipeline error', () => {
  test('carries code, kind, fault, facts and cause', () => {
    const cause = new Error('below');
    const error = transientError('BUSY', 'later', { n: 1 }, cause);
    expect(error).toMatchObject({ name: 'PipelineError', code: 'BUSY', kind: 'transient', fault: 'system', facts: { n: 1 }, message: 'later', cause });
    expect(userError('BAD', 'yours')).toMatchObject({ kind: 'terminal', fault: 'user' });
    expect(new PipelineError('X', 'm')).toMatchObject({ kind: 'terminal', fault: 'system', facts: {} });
  });

  test('is known across copies of the class, and nothing else is', () => {
    jest.isolateModules(() => {
      // eslint-disable-next-line @typescript-eslint/no-require-imports -- a second copy of the module is the point
      const other = (require('../../src/errors/pipeline-error') as typeof import('../../src/errors/pipeline-error')).userError('A', 'b');
      expect(other).not.toBeInstanceOf(PipelineError);
      expect(PipelineError.is(other)).toBe(true);
      expect(PipelineError.from(other)).toBe(other);
    });
    for (const value of [new Error('x'), { code: 'A', kind: 'transient' }, null, undefined, 'A']) expect(PipelineError.is(value)).toBe(false);
  });

  test('whatever was thrown becomes one, terminal until known better', () => {
    expect(PipelineError.from(new RangeError('r'))).toMatchObject({ code: 'UNEXPECTED', kind: 'terminal', message: 'RangeError: r' });
    expect(PipelineError.from('text').message).toBe('text');
  });

  test('its JSON has no stack and no cause', () => {
    expect(Object.keys(JSON.parse(JSON.stringify(transientError('BUSY', 'later', {}, new Error('c')))))).toEqual(['code', 'kind', 'fault', 'message', 'facts']);
  });

  test('cuts texts that no document of a state machine would hold, and says how long they were', () => {
    const name = `${'x'.repeat(19_999)}😀${'y'.repeat(300_000)}`;
    const { message, facts } = userError('BAD', name, { name, n: 1 });
    expect([message, facts]).toEqual([`${'x'.repeat(19_999)}… (320001 characters in all)`, { name: message, n: 1 }]);
    expect(userError('BAD', 'x'.repeat(20_000)).message).toHaveLength(20_000);
  });

  test('fails when a code is not one', () => {
    expect(() => new PipelineError('bad code', 'm')).toThrow(TypeError);
  });
});
