import fc from 'fast-check';
import { checkBalance } from '../../src/run/balance';

describe('balance', () => {
  test('holds when both sides add up to the same', () => {
    const counts = fc.array(fc.nat(1_000_000), { minLength: 1, maxLength: 5 });
    fc.assert(fc.property(counts, (terms) => {
      const total = terms.reduce((sum, one) => sum + one, 0);
      expect(checkBalance({ hop: 'h', in: { parsed: total }, out: Object.fromEntries(terms.map((one, index) => [`t${index}`, one])) })).toBe('balanced');
    }));
  });

  test('fails when a single record is missing, naming hop, terms and remainder', () => {
    expect(() => checkBalance({ hop: 'raw to rows of trips', in: { parsed: 10 }, out: { kept: 8, rejected: 1 } })).toThrow(expect.objectContaining({
      code: 'BALANCE', kind: 'terminal', facts: expect.objectContaining({ remainder: 1 }),
      message: 'raw to rows of trips: counts do not balance, parsed 10 against kept 8 + rejected 1: 1 records missing; nothing was published',
    }));
  });

  test('fails when there is one too many', () => {
    expect(() => checkBalance({ hop: 'h', in: { source: 1 }, out: { raw: 3 }, unit: 'bytes' })).toThrow('2 bytes too many');
  });

  test('an unknown term makes the balance unknown, never green', () => {
    expect(checkBalance({ hop: 'h', in: { source: 'unknown' }, out: { raw: 3 } })).toBe('unknown');
  });

  test.each([-1, 1.5, NaN, Infinity, 2 ** 53])('fails when a count is %d', (count) => {
    expect(() => checkBalance({ hop: 'h', in: { a: count }, out: { b: count } })).toThrow('a must be a whole number');
  });
});
