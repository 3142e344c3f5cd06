import { userError } from '../../errors/pipeline-error';

/** A daily window in a named zone; `until` at or before `from` is on the next day. */
export interface LoadWindow {
  /** `HH:mm`, local. */
  readonly from: string;
  /** `HH:mm`, local, exclusive. */
  readonly until: string;
  /** IANA name, such as `Europe/Berlin`. */
  readonly timeZone: string;
}

const MINUTES_PER_DAY = 1_440;
const MS_PER_MINUTE = 60_000;
const MS_PER_DAY = MINUTES_PER_DAY * MS_PER_MINUTE;

/**
 * When the window that holds `now` closes; undefined outside of the window.
 *
 * Everything goes by the wall clock of the zone, so a window of a day with a clock change is an hour shorter or
 * longer, and a local time that does not exist that day stands for the moment the clocks jump.
 */
export function windowEnd(window: LoadWindow, now: Date): Date | undefined {
  const from = minutesOf(window.from);
  const until = minutesOf(window.until);
  const today = wallClock(now, window.timeZone);
  // A window that began yesterday may still be open.
  for (const dayOffset of [0, -1]) {
    const day = new Date(Date.UTC(today.year, today.month - 1, today.day) + dayOffset * MS_PER_DAY);
    const opens = instantOf(day, from, window.timeZone);
    const closes = instantOf(until > from ? day : new Date(day.getTime() + MS_PER_DAY), until, window.timeZone);
    if (now >= opens && now < closes) return closes;
  }
  return undefined;
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

export function minutesOf(time: string): number {
  const match = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(time);
  if (match === null) throw userError('WINDOW', `a time of the window must be HH:mm from 00:00 to 23:59, got ${JSON.stringify(time)}`);
  return Number(match[1]) * 60 + Number(match[2]);
}

/**
 * The first instant at which the zone's wall clock shows this minute of this day, or has jumped past it.
 *
 * Offsets around the guess are tried, because the offset depends on the instant that is looked for.
 */
function instantOf(day: Date, minutes: number, timeZone: string): Date {
  const wall = day.getTime() + minutes * MS_PER_MINUTE;
  const offsets = [-MS_PER_DAY, 0, MS_PER_DAY].map((shift) => offsetAt(new Date(wall + shift), timeZone));
  const exact = offsets.map((offset) => wall - offset).filter((instant) => instant + offsetAt(new Date(instant), timeZone) === wall);
  if (exact.length > 0) return new Date(Math.min(...exact));
  // In the gap: the clocks jump between the two guesses, at a whole minute.
  let before = Math.min(...offsets.map((offset) => wall - offset));
  let after = Math.max(...offsets.map((offset) => wall - offset));
  while (after - before > MS_PER_MINUTE) {
    const middle = before + Math.floor((after - before) / 2 / MS_PER_MINUTE) * MS_PER_MINUTE;
    if (middle + offsetAt(new Date(middle), timeZone) < wall) before = middle;
    else after = middle;
  }
  return new Date(after);
}

/** Milliseconds by which the zone's wall clock is ahead of UTC. */
function offsetAt(instant: Date, timeZone: string): number {
  const { year, month, day, hour, minute, second } = wallClock(instant, timeZone);
  const seconds = Math.floor(instant.getTime() / 1_000) * 1_000;
  return Date.UTC(year, month - 1, day, hour, minute, second) - seconds;
}

function wallClock(instant: Date, timeZone: string): Record<'year' | 'month' | 'day' | 'hour' | 'minute' | 'second', number> {
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
