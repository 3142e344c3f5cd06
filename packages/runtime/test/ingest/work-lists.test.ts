import fc from 'fast-check';
import { concurrencyFor, estimate, type TimedList } from '../../src/ingest/estimate';
import { scheduleLists } from '../../src/ingest/deadline';
import { ASSUMED_PACE, workLists, type Pace } from '../../src/ingest/work-lists';
import type { Shard } from '../../src/ingest/source/source-kind';

const PACE: Pace = { bytesPerSecond: 10_000_000, shardBytes: 100_000_000, basis: 'measured' };
const SIZE = { cpu: 256, memoryMiB: 512 };
const shards = (sizes: ReadonlyArray<number | undefined>): Shard[] => sizes.map((bytes, index) => ({ url: `x:${index}`, fileName: 'x', read: {}, bytes }));

describe('work lists', () => {
  test('hold every shard once, in order, and are never more than the source bears', () => {
    fc.assert(fc.property(
      fc.array(fc.option(fc.integer({ min: 0, max: 50_000_000_000 }), { nil: undefined }), { maxLength: 300 }),
      fc.integer({ min: 1, max: 50 }), fc.option(fc.integer({ min: 1, max: 20 }), { nil: undefined }),
      (sizes, concurrency, maxLists) => {
        const lists = workLists(shards(sizes), { pace: PACE, concurrency, maxLists });
        expect(lists.flatMap((list) => list.shards.map(({ part }) => part))).toEqual(sizes.map((_, index) => index));
        expect(lists.every((list) => list.shards.length > 0)).toBe(true);
        expect(lists.length).toBeLessThanOrEqual(maxLists ?? 10_000);
      }), { numRuns: 200 });
  });

  test('keep shards that belong together in one list, and number the lists without holes', () => {
    const names = fc.array(fc.option(fc.constantFrom('a', 'b'), { nil: undefined }), { maxLength: 60 });
    fc.assert(fc.property(names, fc.boolean(), fc.integer({ min: 1, max: 20 }), (together, apart, maxLists) => {
      const all = shards(together.map(() => 20_000_000_000)).map((shard, index): Shard => ({ ...shard, together: together[index] }));
      const lists = workLists(all, { pace: PACE, concurrency: 10, maxLists, apart });
      // By index, since the walks over an array leave holes out.
      const parts = Array.from({ length: lists.length }, (_, index) => lists[index]?.shards.map(({ part }) => part) ?? []);
      expect(parts.every((list) => list.length > 0)).toBe(true);
      expect(parts.flat().sort((a, b) => a - b)).toEqual(together.map((_, index) => index));
      for (const name of ['a', 'b']) expect(parts.filter((list) => list.some((part) => together[part] === name)).length).toBeLessThanOrEqual(1);
      if (apart) expect(parts.filter((list) => list.length > 1 && list.some((part) => together[part] === undefined))).toEqual([]);
      else expect(lists.length).toBeLessThanOrEqual(maxLists);
    }), { numRuns: 200 });
  });

  test('are worth a task: many small shards share one', () => {
    expect(workLists(shards(Array(100).fill(1_000)), { pace: PACE, concurrency: 40 })).toHaveLength(1);
  });

  test('use the tasks that run at once, and end within minutes', () => {
    const minutes = (lists: ReturnType<typeof workLists>) => lists.map(({ seconds }) => seconds / 60);
    // 1,000 shards of ten seconds: nearly three hours of work.
    const wide = workLists(shards(Array(1_000).fill(100_000_000)), { pace: PACE, concurrency: 40 });
    expect(wide.length).toBeGreaterThanOrEqual(34);
    expect(Math.max(...minutes(wide))).toBeLessThanOrEqual(5.3);
    // 40 shards of a minute: one for each task.
    expect(workLists(shards(Array(40).fill(600_000_000)), { pace: PACE, concurrency: 40 })).toHaveLength(40);
  });

  test('100,000 shards of unknown size are at most 10,000 children', () => {
    const lists = workLists(shards(Array(100_000).fill(undefined)), { pace: ASSUMED_PACE, concurrency: 1_000 });
    expect(lists.length).toBeLessThanOrEqual(10_000);
    expect(lists.length).toBeGreaterThan(1_000);
  });
});

describe('estimates', () => {
  const lists = (...seconds: number[]): TimedList[] => seconds.map((each) => ({ seconds: each, size: SIZE }));

  test('count waves, starts and the end', () => {
    expect(estimate(lists(60, 60, 60, 60), 4, 'measured').seconds).toBe(45 + 60 + 15);
    expect(estimate(lists(60, 60, 60, 60, 60), 4, 'measured').seconds).toBe(2 * (45 + 60) + 15);
    expect(estimate([], 4, 'measured')).toMatchObject({ seconds: 0, usd: 0 });
  });

  test('bill every task for a minute at least, by the prices of the size', () => {
    // 0.25 vCPU and 0.5 GiB for an hour, in sixty tasks.
    expect(estimate(lists(...Array(60).fill(1)), 60, 'measured').usd).toBeCloseTo(0.25 * 0.04048 + 0.5 * 0.004445, 4);
  });

  test('the fewest tasks that do is the fewest that do', () => {
    const taken = fc.array(fc.integer({ min: 1, max: 900 }), { minLength: 1, maxLength: 40 });
    fc.assert(fc.property(taken, fc.integer({ min: 60, max: 8_000 }), (seconds, within) => {
      const all = lists(...seconds);
      const needed = concurrencyFor(within, all);
      const does = (tasks: number) => estimate(all, tasks, 'measured').seconds <= within;
      if (needed === undefined) expect(does(all.length)).toBe(false);
      else expect([does(needed), needed === 1 || !does(needed - 1)]).toEqual([true, true]);
    }));
  });
});

describe('a deadline', () => {
  const now = new Date('2026-01-05T03:00:00Z');
  const call = { lists: Array<TimedList>(100).fill({ seconds: 300, size: SIZE }), concurrency: 4, basis: 'measured' as const, now };

  test('that cannot be met is told before anything starts, with time, cost and what would do', () => {
    expect(() => scheduleLists({ ...call, deadline: '2026-01-05T05:00:00Z' })).toThrow(expect.objectContaining({
      code: 'DEADLINE', kind: 'terminal',
      message: expect.stringMatching(/^the plan needs about 144 min with 4 tasks at once, about 0\.\d+ USD, and the deadline 2026-01-05T05:00:00Z is in 120 min; raise concurrency to 5, or move/),
      facts: expect.objectContaining({ concurrencyNeeded: 5 }),
    }));
  });

  test('that no number of tasks can meet says so', () => {
    expect(() => scheduleLists({ ...call, deadline: '2026-01-05T03:05:00Z' })).toThrow(/no number of tasks at once would do: make the shards of the source smaller/);
  });

  test('in the past is never met, whatever is known', () => {
    expect(() => scheduleLists({ ...call, basis: 'assumed', deadline: '2026-01-05T02:00:00Z' })).toThrow(/is in the past \(by 60 min\)/);
  });

  test('is no reason to refuse while nothing has been measured', () => {
    expect(scheduleLists({ ...call, basis: 'assumed', deadline: '2026-01-05T05:00:00Z' }).lists).toHaveLength(100);
  });

  test('that can be met gives each list its place', () => {
    const { lists, estimate: whole } = scheduleLists({ ...call, deadline: '2026-01-05T09:00:00Z' });
    expect(lists?.at(0)).toMatchObject({ listSeconds: 300, afterSeconds: whole.seconds - 345 });
    expect(lists?.at(-1)).toMatchObject({ afterSeconds: 15 });
  });
});
