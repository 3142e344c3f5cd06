/** How often there is a new file. */
export type DateStep = 'hour' | 'day' | 'month';

export const STEPS: readonly DateStep[] = ['hour', 'day', 'month'];

/** How a step is written in cursors and ranges. Hours are those of UTC: a zone's own are not unique when clocks go back. */
export const STEP_FORMS: Readonly<Record<DateStep, string>> = { hour: '2026-01-31T09Z', day: '2026-01-31', month: '2026-01' };

/** A moment of a calendar, as it stands in addresses. */
export interface CalendarTime { readonly year: number; readonly month: number; readonly day: number; readonly hour: number }

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Steps are counted, so that the next is one more; undefined for what is not written as in STEP_FORMS or not in the calendar. */
export function ordinalOf(step: DateStep, text: string): number | undefined {
  const match = { hour: /^(\d{4})-(\d\d)-(\d\d)T(\d\d)Z$/, day: /^(\d{4})-(\d\d)-(\d\d)$/, month: /^(\d{4})-(\d\d)$/ }[step].exec(text);
  if (match === null) return undefined;
  const [year = 0, month = 1, day = 1, hour = 0] = match.slice(1).map(Number);
  const ordinal = ofCalendar(step, { year, month, day, hour });
  return textOf(step, ordinal) === text ? ordinal : undefined;
}

export function textOf(step: DateStep, ordinal: number): string {
  const { year, month, day, hour } = calendarOf(step, ordinal, 'UTC');
  const date = `${digits(year, 4)}-${digits(month, 2)}`;
  if (step === 'month') return date;
  return step === 'day' ? `${date}-${digits(day, 2)}` : `${date}-${digits(day, 2)}T${digits(hour, 2)}Z`;
}

/** The step that holds this moment. Days and months are those of the zone. */
export function stepAt(step: DateStep, instant: Date, timeZone: string): number {
  return step === 'hour' ? Math.floor(instant.getTime() / HOUR_MS) : ofCalendar(step, wallClock(instant, timeZone));
}

/** What addresses say of a step. */
export function calendarOf(step: DateStep, ordinal: number, timeZone: string): CalendarTime {
  if (step === 'month') return { year: Math.floor(ordinal / 12), month: (ordinal % 12) + 1, day: 1, hour: 0 };
  // A day of a zone has the same date as that day of UTC.
  return step === 'day' ? wallClock(new Date(ordinal * DAY_MS), 'UTC') : wallClock(new Date(ordinal * HOUR_MS), timeZone);
}

export function digits(value: number, length: number): string {
  return String(value).padStart(length, '0');
}

function ofCalendar(step: DateStep, { year, month, day, hour }: CalendarTime): number {
  if (step === 'month') return year * 12 + month - 1;
  const hours = Date.UTC(year, month - 1, day, hour) / HOUR_MS;
  return step === 'day' ? Math.floor(hours / 24) : hours;
}

const clocks = new Map<string, Intl.DateTimeFormat>();

function wallClock(instant: Date, timeZone: string): CalendarTime {
  let clock = clocks.get(timeZone);
  if (clock === undefined) {
    clock = new Intl.DateTimeFormat('en-US', { timeZone, calendar: 'gregory', hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric' });
    clocks.set(timeZone, clock);
  }
  const parts = Object.fromEntries(clock.formatToParts(instant).map(({ type, value }) => [type, Number(value)]));
  return { year: parts.year as number, month: parts.month as number, day: parts.day as number, hour: parts.hour as number };
}
