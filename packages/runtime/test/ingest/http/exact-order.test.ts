import { earlier, parseInstant } from '../../../src/ingest/http/pages/exact-instant';
import { minusWhole } from '../../../src/ingest/http/pages/exact-number';
import { comparable, compareIn, fitsOrder } from '../../../src/ingest/http/pages/since-order';
import type { SinceOrder } from '../../../src/ingest/http/pages/since-settings';

describe('values of an API are ordered exactly', () => {
  test.each<[SinceOrder, string, string, -1 | 0 | 1]>([
    ['number', '9', '10', -1],
    ['number', '9007199254740993', '9007199254740992', 1],
    ['number', '18446744073709551615', '18446744073709551614', 1],
    ['number', '-5', '3', -1],
    ['number', '-5', '-3', -1],
    ['number', '-0', '0', 0],
    ['number', '0.10', '0.1', 0],
    ['number', '0.05', '0.1', -1],
    ['number', '1e3', '1000.0', 0],
    ['number', '1.5E+2', '151', -1],
    ['number', '007', '7', 0],
    ['number', '0', '0.0001', -1],
    ['number', '0', '-0.0001', 1],
    ['text', 'Z', 'a', -1],
    ['text', 'a', 'a0', -1],
    // A character beyond the first plane comes after all of it, which UTF-16 would turn around.
    ['text', '\u{1F600}', '\uFFFD', 1],
    ['time', '2026-01-31T09:00:00Z', '2026-01-31T10:00:00+01:00', 0],
    ['time', '2026-01-31T09:00:00.1Z', '2026-01-31T09:00:00.0999999Z', 1],
    ['time', '2026-01-31T09:00:00.123456788Z', '2026-01-31T09:00:00.123456789Z', -1],
    ['time', '2026-01-31T09:00:00-08:00', '2026-01-31T12:00:00Z', 1],
    ['time', '2026-01-31 09:00:00', '2026-01-31 09:00:01', -1],
    ['time', '0001-01-01T00:00:00', '1901-01-01T00:00:00', -1],
    ['time', '2024-02-29T23:59:00Z', '2024-03-01T00:00:00+00:01', 0],
  ])('%s: %s and %s', (order, one, other, expected) => {
    expect(fitsOrder(order, one) && fitsOrder(order, other) && comparable(order, one, other)).toBe(true);
    expect(Math.sign(compareIn(order, one, other))).toBe(expected);
    expect(Math.sign(compareIn(order, other, one)) + expected).toBe(0);
  });

  test('numbers and times agree with those of JavaScript where it is exact', () => {
    let seed = 7;
    const random = (): number => { seed = (seed * 48_271) % 2_147_483_647; return seed / 2_147_483_647; };
    for (let turn = 0; turn < 2_000; turn += 1) {
      const [a, b] = [0, 1].map(() => (random() - 0.5) * 10 ** Math.floor(random() * 12 - 5)) as [number, number];
      expect(Math.sign(compareIn('number', String(a), String(b)))).toBe(Math.sign(a - b));
      const [one, other] = [0, 1].map(() => Math.floor(random() * 4e12)) as [number, number];
      expect(Math.sign(compareIn('time', new Date(one).toISOString(), new Date(other).toISOString()))).toBe(Math.sign(one - other));
    }
  });

  test.each<[SinceOrder, string]>([
    ['number', ''], ['number', '1,5'], ['number', '+1'], ['number', '0x10'], ['number', 'NaN'], ['text', ''], ['time', '2026-01-31'], ['time', '2026-02-30T00:00:00Z'],
    ['time', '2026-01-31T24:00:00Z'], ['time', '31.01.2026 09:00:00'], ['time', '2026-01-31T09:00:00+25:00'], ['time', '2026-13-01T00:00:00Z'], ['time', '2026-01-31T09:60:00Z'], ['time', '2100-02-29T00:00:00Z'],
  ])('%s: %s is no value of it', (order, text) => {
    expect(fitsOrder(order, text)).toBe(false);
  });

  test('a time with a zone and one without are not compared', () => {
    expect(comparable('time', '2026-01-31T09:00:00', '2026-01-31T09:00:00Z')).toBe(false);
  });

  test.each([
    ['9007199254740993', 5, '9007199254740988'], ['3', 5, '0'], ['-3', 5, '-8'], ['0', 0, '0'], ['1.5', 1, undefined], ['1e3', 1, undefined],
  ])('%s less %i is %s', (from, values, expected) => {
    expect(minusWhole(from, values)).toBe(expected);
  });

  test.each([
    ['2026-03-01T00:00:30.123456+01:00', 60, '2026-02-28T23:59:30.123456+01:00'], ['2026-01-01 00:00:00', 1, '2025-12-31 23:59:59'], ['2026-01-01T00:00:00Z', 0, '2026-01-01T00:00:00Z'],
  ])('%s, %i seconds earlier, keeps its form', (text, seconds, expected) => {
    expect(earlier(parseInstant(text)!, seconds)).toBe(expected);
  });
});
