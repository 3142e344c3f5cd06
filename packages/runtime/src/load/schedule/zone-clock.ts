const MS_PER_MINUTE = 60_000;
const MS_PER_DAY = 24 * 60 * MS_PER_MINUTE;

/** The first and the last moment at which a clock on the wall shows a time: the same one, but for the hour that comes twice. */
export interface Moments {
  readonly first: Date;
  readonly last: Date;
}

/** The days of a calendar, each as its midnight in UTC: a day of a zone, and no moment. */
export type CalendarDay = Date;

export function dayAfter(day: CalendarDay, days = 1): CalendarDay {
  return new Date(day.getTime() + days * MS_PER_DAY);
}

/** The day on the calendar of a zone. */
export function dayAt(instant: Date, timeZone: string): CalendarDay {
  const { year, month, day } = wallClock(instant, timeZone);
  return new Date(Date.UTC(year, month - 1, day));
}

/**
 * When the zone's clock shows this minute of this day. A time that the clock skips stands for the moment of the change.
 *
 * Offsets around the guess are tried, because the offset depends on the instant that is looked for.
 */
export function momentsOf(day: CalendarDay, minutes: number, timeZone: string): Moments {
  const wall = day.getTime() + minutes * MS_PER_MINUTE;
  const offsets = [-MS_PER_DAY, 0, MS_PER_DAY].map((shift) => offsetAt(new Date(wall + shift), timeZone));
  const exact = offsets.map((offset) => wall - offset).filter((instant) => instant + offsetAt(new Date(instant), timeZone) === wall);
  if (exact.length > 0) return { first: new Date(Math.min(...exact)), last: new Date(Math.max(...exact)) };
  // In the gap: the clocks jump between the two guesses, at a whole minute.
  let before = Math.min(...offsets.map((offset) => wall - offset));
  let after = Math.max(...offsets.map((offset) => wall - offset));
  while (after - before > MS_PER_MINUTE) {
    const middle = before + Math.floor((after - before) / 2 / MS_PER_MINUTE) * MS_PER_MINUTE;
    if (middle + offsetAt(new Date(middle), timeZone) < wall) before = middle;
    else after = middle;
  }
  return { first: new Date(after), last: new Date(after) };
}

/** Whether Intl knows the zone. */
export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** Milliseconds by which the zone's wall clock is ahead of UTC. */
function offsetAt(instant: Date, timeZone: string): number {
  const { year, month, day, hour, minute, second } = wallClock(instant, timeZone);
  const seconds = Math.floor(instant.getTime() / 1_000) * 1_000;
  return Date.UTC(year, month - 1, day, hour, minute, second) - seconds;
}

/** What the clock on the wall and the calendar beside it show. */
export function wallClock(instant: Date, timeZone: string): Record<'year' | 'month' | 'day' | 'hour' | 'minute' | 'second', number> {
  const parts = formatter(timeZone).formatToParts(instant);
  const of = (type: string): number => Number(parts.find((part) => part.type === type)?.value);
  return { year: of('year'), month: of('month'), day: of('day'), hour: of('hour'), minute: of('minute'), second: of('second') };
}

// Making one costs as much as a thousand uses.
const formatters = new Map<string, Intl.DateTimeFormat>();

function formatter(timeZone: string): Intl.DateTimeFormat {
  const known = formatters.get(timeZone);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat('en-US', {
    timeZone, calendar: 'gregory', numberingSystem: 'latn', hourCycle: 'h23',
    year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric',
  });
  formatters.set(timeZone, made);
  return made;
}
