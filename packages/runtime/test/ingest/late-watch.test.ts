import { LateWatch, type LateForecast } from '../../src/ingest/late-watch';

const START = Date.parse('2026-01-05T03:00:00Z');
// An hour of time; this list takes ten minutes of it, what comes after it half an hour.
const SCHEDULE = { deadline: '2026-01-05T04:00:00Z', listSeconds: 600, listBytes: 600_000, afterSeconds: 1_800 };

/** Reads at a pace, in bytes a second, for some seconds; what was said, and when. */
function read(pace: number, seconds: number, schedule: typeof SCHEDULE | null = SCHEDULE, startedAt = START): Array<LateForecast & { at: number }> {
  let now = startedAt;
  const said: Array<LateForecast & { at: number }> = [];
  const watch = new LateWatch(schedule ?? undefined, (forecast) => said.push({ ...forecast, at: (now - startedAt) / 1_000 }), () => now);
  for (let second = 1; second <= seconds; second += 1) {
    now += 1_000;
    watch.add(pace);
  }
  return said;
}

describe('a task that watches its deadline', () => {
  test('says nothing at the planned pace, nor a little below', () => {
    expect(read(1_000, 600)).toEqual([]);
    expect(read(750, 800)).toEqual([]);
  });

  test('at half the pace says so once, in the first minute and long before the deadline', () => {
    const said = read(500, 1_200);
    expect(said).toHaveLength(1);
    expect(said[0]).toMatchObject({ at: 30, lateSeconds: expect.any(Number), deadline: SCHEDULE.deadline });
    // Twice forty minutes, for an hour.
    expect(said[0]?.lateSeconds).toBeGreaterThan(1_100);
    expect(said[0]?.lateSeconds).toBeLessThan(1_300);
  });

  test('that starts too late says so at once', () => {
    const said = read(1_000, 5, SCHEDULE, START + 25 * 60_000);
    expect(said).toEqual([expect.objectContaining({ at: 0, lateSeconds: 300, expectedEnd: '2026-01-05T04:05:00.000Z' })]);
  });

  test('without a schedule is silent', () => {
    expect(read(1, 100, null)).toEqual([]);
  });
});
