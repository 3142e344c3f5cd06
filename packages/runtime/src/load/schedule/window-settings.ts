import type { Fields } from '../../run/settings';
import { minutesOf, WEEKDAYS, type LoadWindow, type Weekday } from './load-window';
import { isTimeZone } from './zone-clock';

/** Reads a window, of the scheduler's settings and of the tasks'. */
export function readWindow(fields: Fields): LoadWindow {
  const time = { pattern: /^([01]\d|2[0-3]):[0-5]\d$/, rule: 'must be HH:mm from 00:00 to 23:59' };
  const window = { from: fields.text('from', time), until: fields.text('until', time), timeZone: fields.text('timeZone') };
  if (window.timeZone !== '' && !isTimeZone(window.timeZone)) fields.problem('timeZone', `must be an IANA time zone like Europe/Berlin, got ${JSON.stringify(window.timeZone)}`);
  if (window.from !== '' && window.until !== '' && minutesOf(window.from) === minutesOf(window.until)) {
    fields.problem('until', `must differ from from, got ${JSON.stringify(window.until)} for both; leave window out to load at any time`);
  }
  const days = readDays(fields);
  return { ...window, ...(days === undefined ? {} : { days }) };
}

function readDays(fields: Fields): Weekday[] | undefined {
  const value = fields.any('days');
  if (value === undefined) return undefined;
  if (Array.isArray(value) && value.length > 0 && value.every((day) => WEEKDAYS.includes(day as Weekday))) return value as Weekday[];
  fields.problem('days', `must be a list of ${WEEKDAYS.join(', ')}, got ${JSON.stringify(value)}; leave it out for every day`);
  return undefined;
}
