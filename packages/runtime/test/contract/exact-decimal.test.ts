import fc from 'fast-check';
import { compareDecimals, normaliseDecimal, parseDecimal, type ExactDecimal } from '../../src/contract/exact-decimal';

describe('normaliseDecimal', () => {
  test.each([
    ['1', '1'], ['+1', '1'], ['-0', '0'], ['1.50', '1.5'], ['.5', '0.5'], ['5.', '5'], ['1e3', '1000'], ['1.5E-3', '0.0015'], ['-1e-1', '-0.1'], ['12345678901234567890.123456789', '12345678901234567890.123456789'],
  ])('writes %s as %s', (text, expected) => {
    expect(normaliseDecimal(text)).toBe(expected);
  });

  test.each(['', '.', 'e3', '.inf', '.nan', 'Infinity', '1_000', '0x10', '1e99999', '1e401', '1'.repeat(401)])('refuses %s', (text) => {
    expect(normaliseDecimal(text)).toBeUndefined();
  });

  test('gives texts that JavaScript reads as the same number', () => {
    fc.assert(fc.property(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e100, max: 1e100 }), (value) => {
      expect(Number(normaliseDecimal(String(value)))).toBe(value === 0 ? 0 : value);
    }));
  });
});

test('compareDecimals orders as exact numbers do', () => {
  const decimal = fc.tuple(fc.bigInt({ min: -1000n, max: 1000n }), fc.integer({ min: 0, max: 5 }));
  fc.assert(fc.property(decimal, decimal, ([a, aScale], [b, bScale]) => {
    const left = a * 10n ** BigInt(5 - aScale);
    const right = b * 10n ** BigInt(5 - bScale);
    expect(Math.sign(compareDecimals({ unscaled: a, scale: aScale }, { unscaled: b, scale: bScale }))).toBe(left < right ? -1 : left > right ? 1 : 0);
  }));
  expect(compareDecimals(parseDecimal('0.1') as ExactDecimal, parseDecimal('1e-1') as ExactDecimal)).toBe(0);
});
