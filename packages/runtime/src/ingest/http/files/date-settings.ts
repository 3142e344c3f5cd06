import type { Fields } from '../../../run/settings';
import { ordinalOf, STEP_FORMS, STEPS, type DateStep } from './date-step';

/** Files of which there is one for each hour, day or month. */
export interface DateSettings {
  readonly step: DateStep;
  /** IANA name; dates in addresses are those of its calendar. */
  readonly timeZone: string;
  /** The first step that there is, as the cursor is written. */
  readonly from: string;
  /** From the beginning of a step until its file is there. @default - until the step has ended */
  readonly availableAfterSeconds?: number;
  /** Steps before the cursor that are asked again. */
  readonly lag: number;
  /** What it means that a file is not there. */
  readonly missing: 'fail' | 'skip';
}

export function parseDates(fields: Fields): DateSettings {
  const step = fields.choice('step', STEPS);
  const timeZone = fields.text('timeZone', { optional: true }) ?? 'UTC';
  if (!isTimeZone(timeZone)) fields.problem('timeZone', `must be an IANA name like Europe/Berlin, got ${JSON.stringify(timeZone)}`);
  const from = fields.text('from');
  if (from !== '' && ordinalOf(step, from) === undefined) fields.problem('from', `must be written ${STEP_FORMS[step]} for the step ${step}, got ${JSON.stringify(from)}`);
  const availableAfterSeconds = fields.integer('availableAfterSeconds', { min: 0, max: 366 * 86_400, optional: true });
  return {
    step, timeZone, from, ...(availableAfterSeconds === undefined ? {} : { availableAfterSeconds }),
    lag: fields.integer('lag', { min: 0, max: 10_000, optional: true }) ?? 0,
    missing: fields.choice('missing', ['fail', 'skip'], { optional: true }) ?? 'fail',
  };
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
