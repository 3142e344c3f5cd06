/** A date with time as it is written: `2026-01-31T09:30:00.123456+01:00`, with any fraction, and with or without zone. */
export interface ExactInstant {
  /** Since 1970; of the wall clock where no zone is written. */
  readonly seconds: number;
  /** Digits of the fraction, without the point. */
  readonly fraction: string;
  readonly zone: string;
  readonly separator: string;
}

const INSTANT = /^(\d{4})-(\d\d)-(\d\d)([T ])(\d\d):(\d\d):(\d\d)(?:\.(\d{1,12}))?(Z|[+-]\d\d:\d\d)?$/;

/** Undefined for what is not written so, or not in the calendar. */
export function parseInstant(text: string): ExactInstant | undefined {
  const match = INSTANT.exec(text);
  if (match === null) return undefined;
  const numbers = [1, 2, 3, 5, 6, 7].map((group) => Number(match[group]));
  const [year, month, day, hour, minute, second] = numbers as [number, number, number, number, number, number];
  const [separator, fraction = '', zone = ''] = [match[4] as string, match[8], match[9]];
  // The calendar repeats itself every 400 years; without them, years before 100 would be those of the last century.
  const date = new Date(Date.UTC(year + 400, month - 1, day));
  const inCalendar = date.getUTCMonth() === month - 1 && date.getUTCDate() === day && hour < 24 && minute < 60 && second < 60;
  if (!inCalendar || Number(zone.slice(1, 3)) > 23 || Number(zone.slice(4, 6)) > 59) return undefined;
  const seconds = date.getTime() / 1_000 - CYCLE_SECONDS + hour * 3_600 + minute * 60 + second;
  return { seconds: seconds - offsetSeconds(zone), fraction, zone, separator };
}

/** 400 years of the calendar. */
const CYCLE_SECONDS = 146_097 * 86_400;

export function compareInstants(one: ExactInstant, other: ExactInstant): number {
  if (one.seconds !== other.seconds) return one.seconds - other.seconds;
  const [left, right] = [one.fraction.padEnd(12, '0'), other.fraction.padEnd(12, '0')];
  return left < right ? -1 : left > right ? 1 : 0;
}

/** In the same form and zone, earlier by whole seconds. */
export function earlier(instant: ExactInstant, seconds: number): string {
  const { fraction, zone, separator } = instant;
  const wall = new Date((instant.seconds - seconds + offsetSeconds(zone)) * 1_000).toISOString().slice(0, 19);
  return `${wall.replace('T', separator)}${fraction === '' ? '' : `.${fraction}`}${zone}`;
}

function offsetSeconds(zone: string): number {
  if (zone === '' || zone === 'Z') return 0;
  const seconds = (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4, 6))) * 60;
  return zone.startsWith('-') ? -seconds : seconds;
}
