import { readSettings, type Fields } from '../../src/run/settings';

const read = (json: unknown, reader: (fields: Fields) => unknown): unknown => readSettings(json, 'settings', reader);

function problems(json: unknown, reader: (fields: Fields) => unknown): unknown {
  try {
    read(json, reader);
    return [];
  } catch (error) {
    return (error as { facts: { problems: string[] } }).facts.problems;
  }
}

describe('settings', () => {
  test('reads every kind of member', () => {
    const value = read({ name: 'a', text: 'x y', count: 3, on: false, mode: 'two', inner: { deep: 1 }, map: { a: { n: 1 }, b: { n: 2 } }, headers: { 'X-A': '1' } }, (fields) => ({
      name: fields.identifier('name'), text: fields.text('text'), count: fields.integer('count', { min: 0, max: 3 }), on: fields.boolean('on'), mode: fields.choice('mode', ['one', 'two']),
      inner: fields.child('inner', (inner) => inner.integer('deep', { min: 0, max: 9 })), map: fields.record('map', (item) => item.integer('n', { min: 1, max: 2 })),
      headers: fields.texts('headers'), absent: fields.text('absent', { optional: true }), none: fields.child('none', () => 1, { optional: true }),
    }));
    expect(value).toEqual({ name: 'a', text: 'x y', count: 3, on: false, mode: 'two', inner: 1, map: { a: 1, b: 2 }, headers: { 'X-A': '1' }, absent: undefined, none: undefined });
  });

  test('reports all problems at once, with their paths', () => {
    expect(problems({ name: 'Bad Name', count: 4, extra: 1, inner: { deep: 'x', more: true }, map: { 'no-name': {} } }, (fields) => {
      fields.identifier('name');
      fields.text('missing');
      fields.integer('count', { min: 0, max: 3, fix: 'leave it out for 1' });
      fields.child('inner', (inner) => inner.integer('deep', { min: 0, max: 9 }));
      fields.record('map', (item) => item.text('url'));
    })).toEqual([
      'name must be 1 to 63 lower case letters, digits and _, beginning with a letter, got "Bad Name"',
      'missing is missing',
      'count must be a whole number from 0 to 3, got 4; leave it out for 1',
      'inner.deep must be a whole number from 0 to 9, got "x"',
      'inner.more is not a known key; leave it out (known: deep)',
      'map has the name "no-name", which must match /^[a-z][a-z0-9_]{0,62}$/',
      'map.no-name.url is missing',
      'extra is not a known key; leave it out (known: name, missing, count, inner, map)',
    ]);
  });

  test.each([['', 'is missing'], [null, 'is missing'], [undefined, 'is missing'], [5, 'must be text, got 5']])('text %j %s', (value, problem) => {
    expect(problems({ key: value }, (fields) => fields.text('key'))).toEqual([`key ${problem}`]);
  });

  test.each([[null], ['text'], [[]], [5]])('%j is no settings document', (json) => {
    expect(problems(json, () => undefined)).toEqual([expect.stringContaining('must be an object')]);
  });

  test('the error is a fault of the user, under the code CONFIG', () => {
    expect(() => read({}, (fields) => fields.text('a'))).toThrow(expect.objectContaining({ code: 'CONFIG', kind: 'terminal', fault: 'user', message: 'settings: a is missing' }));
  });

  test('a long value is shown shortened', () => {
    expect((problems({ a: 'x'.repeat(500) }, (fields) => fields.integer('a', { min: 0, max: 1 })) as string[])[0]!.length).toBeLessThan(200);
  });
});
