import { Temporal } from '@js-temporal/polyfill';
import { nextOpening, openWindow, WEEKDAYS, type LoadWindow, type Opening } from '../../../src/load/schedule/load-window';

const YEARS = { from: Temporal.Instant.from('2027-01-01T00:00Z'), until: Temporal.Instant.from('2028-01-01T00:00Z') };

/** Days around a change, and weeks around it for windows of one weekday. */
const DAYS = { daily: [-2, -1, 0, 1, 2, 3], weekly: [-7, 0, 7, 14, 21] };

/** When the clocks of a zone change. */
function changesOf(timeZone: string): Temporal.ZonedDateTime[] {
  const changes: Temporal.ZonedDateTime[] = [];
  let next = YEARS.from.toZonedDateTimeISO(timeZone).getTimeZoneTransition('next');
  for (; next !== null && Temporal.Instant.compare(next.toInstant(), YEARS.until) < 0; next = next.getTimeZoneTransition('next')) changes.push(next);
  return changes;
}

/** The opening that begins on a day, by the arithmetic of Temporal. */
function openingOn(day: Temporal.PlainDate, { from, until, timeZone, days }: LoadWindow): Opening | undefined {
  if (days?.includes(WEEKDAYS[day.dayOfWeek % 7]!) === false) return undefined;
  const closing = until > from ? day : day.add({ days: 1 });
  const opens = new Date(moment(day, from, timeZone, 'earlier'));
  const closes = new Date(moment(closing, until, timeZone, 'later'));
  return closes > opens ? { opens, closes } : undefined;
}

function moment(day: Temporal.PlainDate, time: string, timeZone: string, which: 'earlier' | 'later'): number {
  const wall = day.toPlainDateTime(time);
  const found = wall.toZonedDateTime(timeZone, { disambiguation: which });
  if (found.toPlainDateTime().equals(wall)) return found.epochMilliseconds;
  // A time that is skipped: `later` lies behind the change, or at it.
  return wall.toZonedDateTime(timeZone, { disambiguation: 'later' }).add({ nanoseconds: 1 }).getTimeZoneTransition('previous')!.epochMilliseconds;
}

const clock = (minutes: number): string => {
  const ofDay = ((minutes % 1_440) + 1_440) % 1_440;
  return `${String(Math.floor(ofDay / 60)).padStart(2, '0')}:${String(ofDay % 60).padStart(2, '0')}`;
};

test('windows are those that Temporal finds around each change of the clocks, in every zone, in 2027', () => {
  const wrong: unknown[] = [];
  const known = new Set<string>();
  let changes = 0;
  for (const timeZone of Intl.supportedValuesOf('timeZone')) {
    const ofZone = changesOf(timeZone);
    // Half of Europe has the same clocks.
    const alike = ofZone.map(({ epochMilliseconds, offset }) => `${epochMilliseconds}${offset}`).join();
    if (known.has(alike)) continue;
    known.add(alike);
    for (const change of ofZone) {
      changes += 1;
      // Where the hands stand after the change; begin and end lie around it, by other distances each time.
      const hands = change.hour * 60 + change.minute;
      const from = clock(hands - 75 + ((changes * 13) % 95));
      const until = clock(hands + 20 - ((changes * 29) % 90) + (changes % 4 === 0 ? 600 : 0));
      if (from === until) continue;
      const day = change.toPlainDate();
      const window: LoadWindow = { from, until, timeZone, ...(changes % 5 === 0 ? { days: [WEEKDAYS[day.dayOfWeek % 7]!] } : {}) };
      const around = window.days === undefined ? DAYS.daily : DAYS.weekly;
      const openings = around.map((days) => openingOn(day.add({ days }), window)).filter((opening) => opening !== undefined);
      const near = openings.flatMap(({ opens, closes }) => [opens.getTime() - 1, opens.getTime(), closes.getTime() - 1, closes.getTime()]);
      for (const at of [...near.slice(4, 14), change.epochMilliseconds - 1, change.epochMilliseconds]) {
        const now = new Date(at);
        const expected = {
          open: openings.filter(({ opens, closes }) => now >= opens && now < closes).at(-1), next: openings.find(({ opens }) => opens > now),
        };
        if (expected.next === undefined) continue;
        const found = { open: openWindow(window, now), next: nextOpening(window, now) };
        if (JSON.stringify(found) !== JSON.stringify(expected)) wrong.push({ window, now, found, expected });
      }
    }
  }
  expect(wrong.slice(0, 3)).toEqual([]);
  expect(changes).toBeGreaterThan(40);
});
