import { nextOpening, openWindow, type LoadWindow } from '../../../src/load/schedule/load-window';

const BERLIN = { from: '01:00', until: '05:00', timeZone: 'Europe/Berlin' };
const NIGHT = { from: '22:30', until: '04:00', timeZone: 'Europe/Berlin' };

const windowEnd = (window: LoadWindow, now: Date): Date | undefined => openWindow(window, now)?.closes;

describe('the end of a load window', () => {
  test.each([
    ['inside in winter', BERLIN, '2026-01-15T00:00:00Z', '2026-01-15T04:00:00.000Z'],
    ['inside in summer', BERLIN, '2026-07-15T00:30:00Z', '2026-07-15T03:00:00.000Z'],
    ['at its first instant', BERLIN, '2026-07-14T23:00:00Z', '2026-07-15T03:00:00.000Z'],
    ['one instant before it', BERLIN, '2026-07-14T22:59:59.999Z', undefined],
    ['at its last instant', BERLIN, '2026-01-15T04:00:00Z', undefined],
    ['across midnight, before midnight', NIGHT, '2026-01-14T22:00:00Z', '2026-01-15T03:00:00.000Z'],
    ['across midnight, after midnight', NIGHT, '2026-01-15T02:59:59Z', '2026-01-15T03:00:00.000Z'],
    ['outside by day', NIGHT, '2026-01-15T12:00:00Z', undefined],
    // 29 March 2026: 02:00 becomes 03:00, so the window is an hour shorter.
    ['on the day the clocks go forward', BERLIN, '2026-03-29T00:00:00Z', '2026-03-29T03:00:00.000Z'],
    // 25 October 2026: 03:00 becomes 02:00, so the window is an hour longer.
    ['on the day the clocks go back, in the first 02:30', BERLIN, '2026-10-25T00:30:00Z', '2026-10-25T04:00:00.000Z'],
    ['on the day the clocks go back, in the second 02:30', BERLIN, '2026-10-25T01:30:00Z', '2026-10-25T04:00:00.000Z'],
    // 02:30 does not exist that day: the window opens when the clocks jump.
    ['that opens in the missing hour', { ...BERLIN, from: '02:30' }, '2026-03-29T01:00:00Z', '2026-03-29T03:00:00.000Z'],
    ['before one that opens in the missing hour', { ...BERLIN, from: '02:30' }, '2026-03-29T00:59:59Z', undefined],
    ['that closes in the missing hour', { ...BERLIN, until: '02:30' }, '2026-03-29T00:30:00Z', '2026-03-29T01:00:00.000Z'],
    // 02:30 comes twice that day: the window opens with the first and closes with the last.
    ['that opens in the hour that comes twice, in the first', { ...BERLIN, from: '02:30' }, '2026-10-25T00:30:00Z', '2026-10-25T04:00:00.000Z'],
    ['before one that opens in the hour that comes twice', { ...BERLIN, from: '02:30' }, '2026-10-25T00:29:59Z', undefined],
    ['that closes in the hour that comes twice', { ...BERLIN, until: '02:30' }, '2026-10-25T01:29:00Z', '2026-10-25T01:30:00.000Z'],
    ['that lies in the hour that comes twice', { ...BERLIN, from: '02:15', until: '02:45' }, '2026-10-25T01:15:00Z', '2026-10-25T01:45:00.000Z'],
    ['that lies in the missing hour', { ...BERLIN, from: '02:15', until: '02:45' }, '2026-03-29T01:00:00Z', undefined],
    ['in a zone with a half-hour offset', { from: '01:00', until: '02:00', timeZone: 'Asia/Kolkata' }, '2026-01-14T20:00:00Z', '2026-01-14T20:30:00.000Z'],
    ['where the date line puts it on another day', { from: '01:00', until: '02:00', timeZone: 'Pacific/Kiritimati' }, '2026-01-14T11:30:00Z', '2026-01-14T12:00:00.000Z'],
    ['where midnight does not exist', { from: '00:00', until: '01:30', timeZone: 'America/Havana' }, '2026-03-08T05:10:00Z', '2026-03-08T05:30:00.000Z'],
  ])('%s', (_, window, now, expected) => {
    expect(windowEnd(window, new Date(now))?.toISOString()).toBe(expected);
  });

  test('is after now and no later than a day and an hour, all through a year in several zones', () => {
    for (const timeZone of ['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'America/Sao_Paulo', 'UTC']) {
      const clock = new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', hourCycle: 'h23' });
      for (let hour = 0; hour < 365 * 24; hour += 47) {
        const now = new Date(Date.UTC(2026, 0, 1, hour, 17));
        for (const window of [{ from: '01:00', until: '05:00', timeZone }, { from: '05:00', until: '01:00', timeZone }]) {
          const local = Number(clock.format(now));
          const inside = window.from < window.until ? local >= 1 && local < 5 : local >= 5 || local < 1;
          const end = windowEnd(window, now);
          expect([timeZone, now.toISOString(), end !== undefined]).toEqual([timeZone, now.toISOString(), inside]);
          if (end !== undefined) expect(end.getTime() - now.getTime()).toBeLessThanOrEqual(21 * 3_600_000);
        }
      }
    }
  });

  test.each([
    // 2026-01-16 is a Friday.
    ['on its day', { ...NIGHT, days: ['FRI'] }, '2026-01-16T22:00:00Z', '2026-01-17T03:00:00.000Z'],
    ['after midnight, on the day after', { ...NIGHT, days: ['FRI'] }, '2026-01-17T02:00:00Z', '2026-01-17T03:00:00.000Z'],
    ['after midnight, on a day of its own', { ...NIGHT, days: ['FRI'] }, '2026-01-16T02:00:00Z', undefined],
    ['on another day', { ...NIGHT, days: ['SAT', 'SUN'] }, '2026-01-16T22:00:00Z', undefined],
  ] as const)('of some days, %s', (_, window, now, expected) => {
    expect(windowEnd(window, new Date(now))?.toISOString()).toBe(expected);
  });
});

describe('the next opening of a load window', () => {
  test.each([
    ['later on the same day', BERLIN, '2026-01-14T23:00:00Z', '2026-01-15T00:00:00.000Z'],
    ['the next day, from inside', BERLIN, '2026-01-15T01:00:00Z', '2026-01-16T00:00:00.000Z'],
    ['the day it is open on', { ...BERLIN, days: ['SUN'] }, '2026-01-12T12:00:00Z', '2026-01-18T00:00:00.000Z'],
    ['when the clocks jump, if they skip it', { ...BERLIN, from: '02:30' }, '2026-03-28T12:00:00Z', '2026-03-29T01:00:00.000Z'],
    ['the day after one on which it does not open', { ...BERLIN, from: '02:15', until: '02:45' }, '2026-03-28T12:00:00Z', '2026-03-30T00:15:00.000Z'],
    ['the week after a Sunday on which it does not open', { ...BERLIN, from: '02:15', until: '02:45', days: ['SUN'] }, '2026-03-28T12:00:00Z', '2026-04-05T00:15:00.000Z'],
  ] as const)('is %s', (_, window, now, expected) => {
    expect(nextOpening(window, new Date(now)).opens.toISOString()).toBe(expected);
  });
});
