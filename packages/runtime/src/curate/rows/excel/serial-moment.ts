import type { DateSystem } from './workbook';

const DAY_MS = 86_400_000;
/** What makes a serial a number of days since 1970: before March 1900, from then on, and where 1904-01-01 is 0. */
const [EARLY_1900, LATE_1900, FROM_1904] = [-25_568, -25_569, -24_107];
/** The day 1900-02-29, which Excel has and the calendar has not. */
const PHANTOM = 60;
/** Of 9999-12-31. */
const LAST_DAY = 2_932_896;

/** A point of a clock that has no zone. */
export interface Moment {
  /** Days since 1970-01-01; absent of a time of day. */
  readonly day?: number;
  /** Milliseconds of the day. */
  readonly ms: number;
  /** Whether it may be a time of day. */
  readonly clock: boolean;
}

/**
 * The day and time that a number of days stands for, or why there is none.
 *
 * A double of today is exact to some microseconds, and writers round it to 15 to 17 digits. A number that lies within that of a whole
 * millisecond is that millisecond, and no other number is one.
 */
export function serialMoment(lexeme: string, system: DateSystem, nearest: boolean): Moment | string {
  const serial = Number(lexeme);
  if (!(serial >= 0)) return 'holds a negative number, which is no date or time';
  let whole = Math.floor(serial);
  const exact = (serial - whole) * DAY_MS;
  let ms = Math.round(exact);
  if (!nearest && Math.abs(exact - ms) > uncertainty(lexeme, serial) * DAY_MS) return 'holds a time that is no whole millisecond; round it in the source, or declare headraceRecord.times: milliseconds';
  if (ms === DAY_MS) [whole, ms] = [whole + 1, 0];
  // Nobody means the first day of 1904 by a time alone.
  if (whole === 0) return system === '1904' && ms === 0 ? { day: FROM_1904, ms, clock: true } : { ms, clock: true };
  if (system === '1904') return within(whole + FROM_1904, ms);
  if (whole === PHANTOM) return 'holds 29 February 1900, a day of Excel that the calendar does not have';
  if (whole < PHANTOM && system === 'iso') return 'holds a day before March 1900, which programs count differently in this workbook';
  return within(whole + (whole < PHANTOM ? EARLY_1900 : LATE_1900), ms);
}

function within(day: number, ms: number): Moment | string {
  return day <= LAST_DAY ? { day, ms, clock: false } : 'holds a number beyond the year 9999';
}

/** How far the number may be off, in days: a step of a double, and half of the last digit of the lexeme or of the fifteenth. */
function uncertainty(lexeme: string, serial: number): number {
  const step = 2 ** (Math.floor(Math.log2(Math.max(serial, 2 ** -30))) - 52);
  const [mantissa, exponent = '0'] = lexeme.toLowerCase().split('e') as [string, string?];
  const decimals = (mantissa.split('.')[1] ?? '').length - Number(exponent);
  const places = 15 - String(Math.floor(serial)).length;
  return step + 0.5 * 10 ** -Math.max(decimals, places);
}

const ISO = /^(?:(\d{4})-(\d\d)-(\d\d))?(?:(?:^|T)(\d\d):(\d\d):(\d\d)(?:\.(\d+))?)?$/;

/** The moment of a cell that holds ISO 8601, as strict workbooks may. */
export function isoMoment(lexeme: string): Moment | string {
  const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = ''] = ISO.exec(lexeme) ?? [];
  if (year === undefined && !/^T?\d\d:/.test(lexeme)) return 'holds a date or time that is not of the form 2024-02-29T10:00:00';
  if (/[1-9]/.test(fraction.slice(3))) return 'holds a time that is no whole millisecond';
  const ms = ((Number(hour) * 60 + Number(minute)) * 60 + Number(second)) * 1_000 + Number(fraction.slice(0, 3).padEnd(3, '0'));
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return 'holds a time that clocks do not show';
  if (year === undefined) return { ms, clock: true };
  const date = new Date(`${year}-${month!}-${day!}T00:00:00Z`);
  if (Number.isNaN(date.getTime()) || date.getUTCDate() !== Number(day)) return 'holds a day that the calendar does not have';
  return { day: date.getTime() / DAY_MS, ms, clock: false };
}
