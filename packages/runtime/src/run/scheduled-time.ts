import { userError } from '../errors/pipeline-error';

/**
 * The scheduled time in the event: `{"scheduledTime": "<aws.scheduler.scheduled-time>"}` as the schedule's input.
 *
 * The placeholder itself means that the schedule did not fill it in.
 */
export function scheduledTime(event: unknown): Date {
  const value = (event as { scheduledTime?: unknown } | null)?.scheduledTime;
  const time = timeOf(value);
  if (time !== undefined) return time;
  throw userError(
    'EVENT',
    `the event must be {"scheduledTime": "<aws.scheduler.scheduled-time>"} from EventBridge Scheduler, or hold a time like 2026-01-01T01:00:00Z, got ${JSON.stringify(value)}`,
  );
}

/** The moment that a text of ISO 8601 names; undefined for anything else. Date by itself takes years and words too. */
export function timeOf(value: unknown): Date | undefined {
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(value)) return undefined;
  const time = new Date(value);
  return Number.isNaN(time.getTime()) ? undefined : time;
}
