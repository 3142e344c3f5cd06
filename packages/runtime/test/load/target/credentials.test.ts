import { parseSecret } from '../../../src/load/target/credentials';

describe('a database secret', () => {
  test('may hold more than username and password', () => {
    expect(parseSecret('{"username":"u","password":"p","host":"h","port":5432}', 'arn:x')).toEqual({ username: 'u', password: 'p' });
  });

  test.each([[undefined, 'username and password'], ['canary', 'username and password'], ['null', 'username and password'], ['{"username":"canary"}', 'lacks password'], ['{"username":"","password":"canary"}', 'lacks username']])(
    'fails without showing %s', (text, part) => {
      let message = '';
      try { parseSecret(text, 'arn:x'); } catch (error) { message = JSON.stringify(error) + String(error); }
      expect(message).toContain(part);
      expect(message).not.toContain('canary');
    },
  );
});
