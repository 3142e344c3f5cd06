import { fitWindow, type PendingUnit, type WindowCall } from '../../../src/load/pace/fit-window';
import { withWork, type LoadPace } from '../../../src/load/pace/load-pace';
import { notePace } from '../../../src/load/pace/note-pace';

const MIB = 1024 * 1024;
const NIGHT = { window: { from: '01:00', until: '02:00', timeZone: 'UTC' }, opening: { opens: new Date('2026-01-01T01:00:00Z'), closes: new Date('2026-01-01T02:00:00Z') } };

/** A commit of parts of 60 MiB, with a thousand records each. */
function unit(dataset: string, seq: number, parts: number, staged = 0): PendingUnit {
  return { dataset, seq, writeMode: 'merge', records: parts * 1_000, parts: Array.from({ length: parts }, (_, index) => ({ bytes: 60 * MIB, staged: index < staged })) };
}

/** One part a minute and connection, and a thousand records published in `seconds`. */
function pace(seconds = 1, ...datasets: readonly string[]): LoadPace {
  const figure = (perSecond: number) => [{ perSecond, seconds: 60, slot: 's1' }];
  return { schemaVersion: 1, datasets: Object.fromEntries(['a', 'b', ...datasets].map((name) => [name, { stage: figure(MIB), publish: { merge: figure(1_000 / seconds) } }])) };
}

const fit = (units: readonly PendingUnit[], more: Partial<WindowCall> = {}) => {
  const plan = fitWindow({ units, pace: pace(), connections: 1, deadline: NIGHT.opening.closes, night: NIGHT, now: NIGHT.opening.opens, ...more });
  const names = (list: readonly PendingUnit[]): string[] => list.map(({ dataset, seq }) => `${dataset}${seq}`);
  return {
    ...plan, take: names(plan.take.map((one) => one.unit)), later: names(plan.later),
    refused: names(plan.refused.map((one) => one.unit)), reasons: plan.refused.map(({ reason }) => reason),
  };
};

describe('what a window can hold', () => {
  test('is all of it where nothing was measured, with no word about time', () => {
    const units = [unit('a', 1, 500), unit('b', 1, 500)];
    expect(fit(units, { pace: undefined })).toMatchObject({ take: ['a1', 'b1'], later: [], refused: [] });
    expect(fit(units, { pace: undefined }).seconds).toBeUndefined();
  });

  test('is as many commits as end in time, with the time for the part in hand and for publishing kept free', () => {
    const { take, later, seconds, stageUntil } = fit([1, 2, 3, 4].map((seq) => unit('a', seq, 10)));
    // 40 parts of a minute each, and 40 s to publish them.
    expect({ take, later, seconds }).toEqual({ take: ['a1', 'a2', 'a3', 'a4'], later: [], seconds: 2_530 });
    expect(stageUntil?.toISOString()).toBe('2026-01-01T01:57:35.000Z');
    expect(fit([1, 2, 3, 4].map((seq) => unit('a', seq, 20)))).toMatchObject({ take: ['a1', 'a2', 'a3'], later: ['a4'] });
  });

  test('is more with more connections, and with what is staged already', () => {
    const units = [1, 2, 3, 4].map((seq) => unit('a', seq, 20));
    expect(fit(units, { connections: 4 })).toMatchObject({ take: ['a1', 'a2', 'a3', 'a4'] });
    expect(fit([unit('a', 1, 20, 20), ...units.slice(1)])).toMatchObject({ take: ['a1', 'a2', 'a3', 'a4'] });
  });

  test('is some of each dataset, in the order in which they are published', () => {
    expect(fit([...[1, 2, 3, 4].map((seq) => unit('a', seq, 20)), unit('b', 7, 15)])).toMatchObject({ take: ['a1', 'a2', 'a3', 'b7'], later: ['a4'] });
    // What an earlier night staged and could not publish comes before all else.
    expect(fit([...[1, 2, 3].map((seq) => unit('a', seq, 20)), unit('b', 7, 2_400, 2_400), unit('b', 8, 10)], { pace: pace(1) })).toMatchObject({ take: ['a1', 'b7', 'b8'], later: ['a2', 'a3'] });
  });

  test('is at least the beginning of one commit that takes longer than a night: the next one goes on', () => {
    expect(fit([unit('a', 1, 100), unit('a', 2, 1), unit('b', 1, 10)])).toMatchObject({ take: ['a1', 'b1'], later: ['a2'], refused: [] });
    expect(fit([unit('a', 1, 100, 60), unit('a', 2, 1), unit('b', 1, 10)])).toMatchObject({ take: ['a1', 'a2', 'b1'], later: [] });
  });

  test('is through DMS no commit that would be cut off, unless nothing else is to be done', () => {
    const whole = (dataset: string, seq: number, minutes: number): PendingUnit => (
      { ...unit(dataset, seq, 1), parts: [{ bytes: minutes * 60 * MIB, staged: false }] });
    // It would take the night, be stopped, and begin again in the next one.
    expect(fit([whole('a', 1, 50), whole('b', 1, 10)], { whole: true })).toMatchObject({ take: ['a1'], later: ['b1'] });
    expect(fit([whole('a', 1, 10), whole('b', 1, 50)], { whole: true })).toMatchObject({ take: ['a1'], later: ['b1'] });
    expect(fit([whole('a', 1, 10), whole('b', 1, 50)])).toMatchObject({ take: ['a1', 'b1'] });
    expect(fit([whole('a', 1, 59)], { whole: true })).toMatchObject({ take: ['a1'], later: [] });
    // Until shortly before publishing, since nothing in hand is finished.
    expect(fit([whole('a', 1, 40)], { whole: true }).stageUntil?.toISOString()).toBe('2026-01-01T01:59:14.000Z');
    expect(fit([whole('a', 1, 60)], { whole: true }).refused).toEqual(['a1']);
    expect(fit([whole('a', 1, 61)], { whole: true }).reasons).toEqual([expect.stringMatching(/DMS takes about 61 min for its \d+ bytes at 1048576 bytes\/s, the fastest of the last loads, and begins again what it was stopped in; .* or ingest smaller batches$/)]);
  });

  test('is through DMS every commit once: the oldest comes first, and publishing waits for the next window where both take longer than one', () => {
    const whole = (dataset: string, seq: number, minutes: number, more: Partial<PendingUnit> = {}): PendingUnit => (
      { ...unit(dataset, seq, 1), parts: [{ bytes: minutes * 60 * MIB, staged: false }], ...more });
    const [first, next] = [{ committedAt: '2025-12-31T12:00:00Z' }, { committedAt: '2026-01-01T12:00:00Z' }];
    // Put off once, and said; the next night it is older than what is new.
    const night = fit([whole('a', 1, 10), whole('b', 1, 50)], { whole: true });
    expect([night.take, night.putOff.map(({ unit: { dataset }, seconds }) => [dataset, seconds])]).toEqual([['a1'], [['b', 3_001]]]);
    expect(fit([whole('a', 2, 10, next), whole('b', 1, 50, first)], { whole: true })).toMatchObject({ take: ['b1'], later: ['a2'] });
    // 45 min to stage and 25 to publish: a window for each, and what fits beside it.
    const long = whole('b', 1, 45, { ...first, records: 25 * 60 * 1_000 });
    const two = fit([whole('a', 2, 10, { ...next, records: 1_000 }), long], { whole: true });
    expect(two).toMatchObject({ take: ['a2', 'b1'], later: [], refused: [], inTwo: [{ unit: long, seconds: 70 * 60 }] });
    // Only what is published in this window keeps time for it.
    expect(two.stageUntil?.toISOString()).toBe('2026-01-01T01:59:14.000Z');
    expect(fit([{ ...long, parts: [{ bytes: 1, staged: true }] }, whole('a', 2, 10, next)], { whole: true })).toMatchObject({ take: ['b1', 'a2'], inTwo: [] });
  });

  test('is through DMS no commit that only the fastest night would hold, but where there is nothing else; told with the time it needs', () => {
    const slow: PendingUnit = { ...unit('b', 1, 1), parts: [{ bytes: 50 * 60 * MIB, staged: false }] };
    const figure = (perSecond: number, slot: string) => ({ perSecond, seconds: 60, slot });
    const known: LoadPace = { ...pace(), datasets: { ...pace().datasets, b: { stage: [figure(MIB, 's1'), figure(MIB / 2, 's2')], publish: { merge: [figure(1_000, 's1')] } } } };
    expect(fit([slow], { whole: true, pace: known })).toMatchObject({ take: ['b1'], refused: [] });
    const { take, later, refused, reasons } = fit([slow, unit('a', 1, 1)], { whole: true, pace: known });
    expect([take, later, refused]).toEqual([['a1'], [], ['b1']]);
    expect(reasons[0]).toContain('which is 60 min long: DMS usually takes about 100 min for it at 524288 bytes/s, and begins again what it was stopped in');
    expect(reasons[0]).toContain('Make the window longer than 103 min, load it outside the window with headrace load --now');
  });

  test('is never a transaction that is longer than the whole window: refused with the figures and the ways on', () => {
    const { take, later, refused, reasons } = fit([unit('a', 1, 1), unit('a', 2, 40), unit('a', 3, 1), unit('b', 1, 1)], { pace: pace(100) });
    expect({ take, later, refused }).toEqual({ take: ['a1', 'b1'], later: ['a3'], refused: ['a2'] });
    expect(reasons[0]).toBe('commit 2 of a cannot be loaded inside the window 01:00 to 02:00 UTC, which is 60 min long: publishing its 40000 records in one transaction takes about 67 min '
      + 'at 10 records/s, the fastest of the last loads by merge; nothing of it was staged. Make the window longer than 69 min, load it outside the window with headrace load --now '
      + '(the input member "operation": "now"), or ingest smaller batches');
  });

  test('is never a part that is longer than the whole window', () => {
    const huge = { ...unit('a', 1, 1), parts: [{ bytes: 70 * 60 * MIB, staged: false }] };
    expect(fit([huge]).reasons[0]).toMatch(/copying its largest part of 4404019200 bytes takes about 70 min at 1048576 bytes\/s.*let curate write smaller files/);
    expect(fit([{ ...huge, parts: [{ ...huge.parts[0]!, staged: true }] }]).refused).toEqual([]);
  });

  test('refuses nothing where the end is not that of a window', () => {
    expect(fit([unit('a', 1, 40)], { pace: pace(100), night: undefined })).toMatchObject({ take: ['a1'], refused: [] });
  });

  test('puts publishing off only where the next window surely has the time', () => {
    const times = (seconds: number, records: number) => fitWindow({
      units: [unit('a', 1, records)], pace: pace(seconds), connections: 1, deadline: NIGHT.opening.closes, night: NIGHT, now: NIGHT.opening.opens,
    }).take.map(({ publishSeconds }) => publishSeconds);
    expect(times(100, 35)).toEqual([3_500]);
    expect(times(100, 36)).toEqual([undefined]);
  });
});

describe('the pace of loads', () => {
  const work = (seconds: number, slot: string, before?: LoadPace) => withWork(before, new Map([['a', {
    stage: { bytes: 1_000 * seconds, seconds }, publish: { writeMode: 'merge' as const, records: 50 * seconds, seconds },
  }]]), slot);

  test('is learned from work that is long enough to tell', () => {
    expect(work(4.9, 's1')).toBeUndefined();
    expect(work(10, 's1')?.datasets.a).toEqual({ stage: [{ perSecond: 1_000, seconds: 10, slot: 's1' }], publish: { merge: [{ perSecond: 50, seconds: 10, slot: 's1' }] } });
  });

  test('is learned from what was cut off, at the best that it can have been, until nothing says that a window holds it', () => {
    const MINUTES = 58;
    const night = (slot: string, before?: LoadPace) => withWork(before, new Map([['a', { stage: { bytes: 60 * 60 * MIB, seconds: MINUTES * 60, cutOff: true as const } }]]), slot);
    const commit: PendingUnit = { ...unit('a', 1, 1), parts: [{ bytes: 60 * 60 * MIB, staged: false }] };
    const fast = withWork(undefined, new Map([['a', { stage: { bytes: 70 * MIB, seconds: 60 } }]]), 's0')!;
    const tries = (known: LoadPace | undefined): number => {
      let count = 0;
      for (let at = known; fit([commit], { whole: true, pace: at }).take.length > 0 && count < 10; count += 1) at = night(`n${count}`, at) ?? at;
      return count;
    };
    expect([tries(undefined), tries(fast)]).toEqual([1, 5]);
    // A night that was short tells nothing.
    expect(withWork(fast, new Map([['a', { stage: { bytes: 60 * 60 * MIB, seconds: 300, cutOff: true as const } }]]), 's9')).toBeUndefined();
  });

  test('is kept of five slots, each with its last attempt', () => {
    const all = ['s1', 's2', 's3', 's4', 's5', 's6', 's6'].reduce<LoadPace | undefined>((before, slot) => work(10, slot, before), undefined);
    expect(all?.datasets.a?.stage.map(({ slot }) => slot)).toEqual(['s6', 's5', 's4', 's3', 's2']);
  });

  test('refuses by the fastest and plans by the usual of them', () => {
    const figure = (perSecond: number, slot: string) => ({ perSecond, seconds: 60, slot });
    const known: LoadPace = { schemaVersion: 1, datasets: { a: { stage: [], publish: { merge: [figure(1, 's3'), figure(10, 's2'), figure(5, 's1')] } } } };
    // 36,000 records: 1 hour at 10/s, 2 at 5/s, 10 at 1/s.
    expect(fit([unit('a', 1, 36)], { pace: known })).toMatchObject({ take: ['a1'], refused: [] });
    expect(fit([unit('a', 1, 37)], { pace: known })).toMatchObject({ take: [], refused: ['a1'] });
    expect(fit([1, 2, 3, 4].map((seq) => unit('a', seq, 8)), { pace: known })).toMatchObject({ take: ['a1', 'a2', 'a3'], later: ['a4'] });
  });

  test.each([{}, { dms: { lanes: 1 } }])('ends no load when it cannot be looked up: the rows are visible (%j)', async (settings) => {
    const codes: string[] = [];
    const units = [{ dataset: 'a', parts: 1, items: { first: 0, count: 1 } }];
    const call = {
      plan: { units, slot: 's1' }, settings: { curatedBucket: 'curated', workPrefix: 'work/', ...settings }, folder: { bucket: 'curated', prefix: 'work/s1-a1/' },
      store: { getJson: () => Promise.reject(new Error('S3 is away')) }, signal: new AbortController().signal, report: { say: (code: string) => codes.push(code) },
    };
    await notePace(call as never, new Map());
    expect(codes).toEqual(['LOAD_W1208']);
  });
});
