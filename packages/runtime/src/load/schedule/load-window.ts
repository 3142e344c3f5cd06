import { userError } from '../../errors/pipeline-error';
import { dayAfter, dayAt, momentsOf, type CalendarDay } from './zone-clock';

/** Days on which a window may begin, as EventBridge Scheduler writes them; the first is day 0 of JavaScript's week. */
export const WEEKDAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'] as const;

export type Weekday = (typeof WEEKDAYS)[number];

/** A window of the day in a named zone; `until` at or before `from` is on the next day. */
export interface LoadWindow {
  /** `HH:mm`, local. */
  readonly from: string;
  /** `HH:mm`, local, exclusive. */
  readonly until: string;
  /** IANA name, such as `Europe/Berlin`. */
  readonly timeZone: string;
  /** Days on which it opens. @default - every day */
  readonly days?: readonly Weekday[];
}

/** One night of a window. */
export interface Opening {
  readonly opens: Date;
  readonly closes: Date;
}

/** A window of one day in the week, that of the day before, and a week that summer time leaves without an opening. */
const DAYS_AHEAD = 15;

/**
 * The opening that holds `now`; undefined outside of the window.
 *
 * Everything goes by the clock on the wall: a window lasts from the first moment at which it shows `from` to the last one at which
 * it shows `until`, so a window of a day with a clock change is an hour shorter or longer. A time that the clock skips that day
 * stands for the moment of the change; a window between two such times does not open.
 */
export function openWindow(window: LoadWindow, now: Date): Opening | undefined {
  const today = dayAt(now, window.timeZone);
  // One that began yesterday may still be open; where they overlap, because the clocks went back, today's counts.
  return [today, dayAfter(today, -1)].map((day) => openingOf(window, day)).find(({ opens, closes }) => now >= opens && now < closes);
}

/** The first opening that begins after `now`. */
export function nextOpening(window: LoadWindow, now: Date): Opening {
  const today = dayAt(now, window.timeZone);
  for (let day = 0; day < DAYS_AHEAD; day += 1) {
    const opening = openingOf(window, dayAfter(today, day));
    if (opening.opens > now && opening.closes > opening.opens) return opening;
  }
  throw userError('WINDOW', `the window ${describeWindow(window)} does not open in the ${DAYS_AHEAD} days after ${now.toISOString()}`, { ...window });
}

/** `01:00 to 05:00 Europe/Berlin`, with its days where it has some. */
export function describeWindow({ from, until, timeZone, days }: LoadWindow): string {
  return `${from} to ${until} ${timeZone}${days === undefined ? '' : ` on ${days.join(', ')}`}`;
}

export function minutesOf(time: string): number {
  const match = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(time);
  if (match === null) throw userError('WINDOW', `a time of the window must be HH:mm from 00:00 to 23:59, got ${JSON.stringify(time)}`);
  return Number(match[1]) * 60 + Number(match[2]);
}

/** The opening that begins on a day; one without length where the window does not open on it. */
function openingOf(window: LoadWindow, day: CalendarDay): Opening {
  const from = minutesOf(window.from);
  const until = minutesOf(window.until);
  const opens = momentsOf(day, from, window.timeZone).first;
  if (window.days?.includes(WEEKDAYS[day.getUTCDay()]!) === false) return { opens, closes: opens };
  return { opens, closes: momentsOf(until > from ? day : dayAfter(day), until, window.timeZone).last };
}
