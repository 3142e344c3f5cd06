import fc from 'fast-check';
import {
  attemptId, executionName, formatSeq, manualSlot, MAX_ATTEMPT, parseAttemptId, parseSeq, partName, requireAttempt, requireIdentifier,
  scheduledSlot, unitId,
} from '../../src/run/ids';

const TIME = new Date('2026-11-22T03:00:00.123Z');
const identifier = fc.stringMatching(/^[a-z][a-z0-9_]{0,62}$/);
const attempt = fc.integer({ min: 1, max: MAX_ATTEMPT });

describe('ids', () => {
  test.each([
    ['a scheduled slot', () => scheduledSlot(TIME), 's20261122t030000z'],
    ['a slot by hand', () => manualSlot(TIME), 'm20261122t030000z'],
    ['a slot by hand with a name', () => manualSlot(TIME, 'after_fix'), 'm20261122t030000z_after_fix'],
    ['an attempt', () => attemptId('s20261122t030000z', 2), 's20261122t030000z-a2'],
    ['a unit of curate', () => unitId('s1-a2', 17), 's1-a2-i17'],
    ['an execution', () => executionName('trips', 's20261122t030000z', 1), 'trips-s20261122t030000z-a1'],
    ['a part', () => partName(0, 'trips.csv.gz'), '00000-trips.csv.gz'],
    ['a part of a hostile name', () => partName(12, '../../ü a\u0000b?.csv'), '00012-_..___a_b_.csv'],
    ['a part without a name', () => partName(3, ''), '00003-data'],
    ['a part named by dots', () => partName(3, '..'), '00003-data'],
    ['a long name, whose end is kept', () => partName(0, `${'x'.repeat(500)}.csv.gz`), `00000-${'x'.repeat(113)}.csv.gz`],
    ['a commit number', () => formatSeq(42), '00000000000000000042'],
  ])('%s', (_, make, expected) => {
    expect(make()).toBe(expected);
  });

  test.each(['', 'A', '1a', '_a', 'a-b', 'a b', 'é', 'a'.repeat(64), undefined, null, 5])('%j is no identifier', (value) => {
    expect(() => requireIdentifier(value, 'slot')).toThrow(expect.objectContaining({ code: 'IDENTIFIER', message: expect.stringMatching(/^slot must be .* got/) }));
  });

  test.each([0, -1, 1.5, 1_000, NaN, '1', undefined])('%j is no attempt', (value) => {
    expect(() => requireAttempt(value)).toThrow('attempt must be a whole number from 1 to 999');
  });

  test.each([-1, 0.5, 100_000])('%d is no shard', (shard) => {
    expect(() => partName(shard, 'x')).toThrow('shard must be');
  });

  test.each([0, -1, 1.5, 2 ** 53])('%d is no commit number', (seq) => {
    expect(() => formatSeq(seq)).toThrow('commit number must be');
  });

  test('an attempt id reads back', () => {
    fc.assert(fc.property(identifier, attempt, (slot, n) => {
      expect(parseAttemptId(attemptId(slot, n))).toEqual({ slot, attempt: n });
    }));
    for (const text of ['s1', 's1-a0', 's1-a', '-a1', 's1-a1-i3', 'S1-a1']) expect(parseAttemptId(text)).toBeUndefined();
  });

  test('commit numbers read back, and sort as text as they do as numbers', () => {
    const seq = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
    fc.assert(fc.property(seq, seq, (a, b) => {
      expect(parseSeq(formatSeq(a))).toBe(a);
      expect(formatSeq(a) < formatSeq(b)).toBe(a < b);
    }));
    for (const text of ['1', '0'.repeat(20), 'x'.repeat(20), '9'.repeat(20)]) expect(parseSeq(text)).toBeUndefined();
  });

  test('every execution name is valid for Step Functions, and differs for different work', () => {
    fc.assert(fc.property(identifier, identifier, attempt, (pipeline, slot, n) => {
      expect(executionName(pipeline, slot, n)).toMatch(/^[A-Za-z0-9_-]{1,80}$/);
    }));
    const long = 'p'.repeat(63);
    const slot = 's'.repeat(63);
    expect(executionName(long, slot, 999)).not.toBe(executionName(`${long.slice(1)}q`, slot, 999));
    expect(executionName(long, slot, 999)).toMatch(/^h[0-9a-f]{10}-s{63}-a999$/);
  });
});
