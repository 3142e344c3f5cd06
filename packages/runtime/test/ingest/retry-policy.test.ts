import fc from 'fast-check';
import { parseRetryAfterMs, retryDelayMs } from '../../src/ingest/retry-policy';

const POLICY = { tries: 5, baseMs: 1_000, capMs: 60_000 };
const NOW = new Date('2026-01-05T00:00:00Z');

describe('retry delay', () => {
  test.each([[1, 0.5, 500], [2, 0.5, 1_000], [3, 0.5, 2_000], [7, 0.5, 30_000], [50, 0.999999, 59_999]])('after %i failures a draw of %d waits %i ms', (failures, draw, ms) => {
    expect(retryDelayMs(POLICY, failures, undefined, () => draw)).toBe(ms);
  });

  test('stays within 0 and the cap for every draw and number of failures', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 1_000 }), fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (failures, draw) => {
      const ms = retryDelayMs(POLICY, failures, undefined, () => draw);
      return Number.isInteger(ms) && ms >= 0 && ms <= Math.min(60_000, 1_000 * 2 ** (failures - 1));
    }));
  });

  test('what the source asks for goes before the draw, and is capped', () => {
    expect(retryDelayMs(POLICY, 1, 7_000, () => 0)).toBe(7_000);
    expect(retryDelayMs(POLICY, 1, 86_400_000, () => 0)).toBe(60_000);
    expect(retryDelayMs(POLICY, 1, 0, () => 0.9)).toBe(0);
  });
});

describe('Retry-After', () => {
  test.each([
    ['seconds', '120', undefined, 120_000],
    ['zero', '0', undefined, 0],
    ['a day', '86400', undefined, 86_400_000],
    ['padded', ' 3 ', undefined, 3_000],
    ['a date ahead of our clock', 'Mon, 05 Jan 2026 00:00:30 GMT', undefined, 30_000],
    ['a date in the past', 'Sun, 04 Jan 2026 00:00:00 GMT', undefined, 0],
    ['a date against the clock of the source', 'Mon, 05 Jan 2026 10:00:05 GMT', 'Mon, 05 Jan 2026 10:00:00 GMT', 5_000],
    ['negative', '-5', undefined, undefined],
    ['a fraction', '1.5', undefined, undefined],
    ['garbage', 'soon', undefined, undefined],
    ['an impossible month', 'Mon, 05 Foo 2026 00:00:30 GMT', undefined, undefined],
    ['nothing', undefined, undefined, undefined],
  ])('reads %s', (_, value, date, expected) => {
    expect(parseRetryAfterMs(value, date, NOW)).toBe(expected);
  });
});
