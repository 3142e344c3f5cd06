import fc from 'fast-check';
import { partitionPath } from '../../src/contract';

describe('partitionPath', () => {
  test.each([
    ['2024-01', 'month=2024-01'], [null, 'month=__HIVE_DEFAULT_PARTITION__'], ['__HIVE_DEFAULT_PARTITION__', 'month=%5F_HIVE_DEFAULT_PARTITION__'],
    ['a/b=c d', 'month=a%2Fb%3Dc%20d'], ['é', 'month=%C3%A9'], ['50%', 'month=50%25'], ['..', 'month=%2E%2E'],
  ])('puts %j into a path', (value, expected) => {
    expect(partitionPath('month', value)).toBe(expected);
  });

  // What paths, encodings and engines have a meaning for, and what takes one to four bytes.
  const character = fc.constantFrom('a', 'A', '0', '/', '=', '%', '.', '~', '_', '-', ' ', '\0', '\n', '"', '\\', '+', 'é', '価', '👍');

  test('never gives two values one path, nor a path that ends a folder', () => {
    fc.assert(fc.property(fc.uniqueArray(fc.string({ minLength: 1, maxLength: 30, unit: character }), { minLength: 2, maxLength: 6 }), (values) => {
      const paths = values.map((value) => partitionPath('c', value));
      expect(new Set(paths).size).toBe(values.length);
      for (const path of paths) expect(path).toMatch(/^c=[A-Za-z0-9_.%~-]+$/);
    }), { numRuns: 300 });
  });

  test('fails for the empty text', () => {
    expect(() => partitionPath('month', '')).toThrow('the empty text cannot be a value of partition column month: a path cannot tell it from NULL');
  });
});
