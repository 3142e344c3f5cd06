import { readSettings, type Fields } from '../../run/settings';
import { isTimeZone, minutesOf, type LoadWindow } from './load-window';

/** What the scheduler function finds in its environment variable HEADRACE_SETTINGS. */
export interface SchedulerSettings {
  readonly pipeline: string;
  readonly stateMachineArn: string;
  /** Without one, every time is a good time and the load has no deadline. */
  readonly window?: LoadWindow;
}

/** Parses HEADRACE_SETTINGS of the scheduler function; throws one PipelineError `CONFIG` that lists every problem. */
export function parseSchedulerSettings(json: unknown): SchedulerSettings {
  return readSettings(json, 'scheduler settings', (fields) => {
    const pipeline = fields.identifier('pipeline');
    const stateMachineArn = fields.text('stateMachineArn', { pattern: /^arn:[^:]+:states:/, rule: 'must be the ARN of a state machine' });
    const window = fields.child('window', readWindow, { optional: true });
    return { pipeline, stateMachineArn, ...(window === undefined ? {} : { window }) };
  });
}

function readWindow(fields: Fields): LoadWindow {
  const time = { pattern: /^([01]\d|2[0-3]):[0-5]\d$/, rule: 'must be HH:mm from 00:00 to 23:59' };
  const window = { from: fields.text('from', time), until: fields.text('until', time), timeZone: fields.text('timeZone') };
  if (window.timeZone !== '' && !isTimeZone(window.timeZone)) fields.problem('timeZone', `must be an IANA time zone like Europe/Berlin, got ${JSON.stringify(window.timeZone)}`);
  if (window.from !== '' && window.until !== '' && minutesOf(window.from) === minutesOf(window.until)) {
    fields.problem('until', `must differ from from, got ${JSON.stringify(window.until)} for both; leave window out to load at any time`);
  }
  return window;
}
