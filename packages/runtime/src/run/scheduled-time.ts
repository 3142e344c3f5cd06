import { userError } from '../errors/pipeline-error';

/**
 * The scheduled time in the event: `{"scheduledTime": "<aws.scheduler.scheduled-time>"}` as the schedule's input.
 *
 * The placeholder itself means that the schedule did not fill it in.
 */
export function scheduledTime(event: unknown): Date {
  const value = (event as { scheduledTime?: unknown } | null)?.scheduledTime;
  const time = typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(value) ? new Date(value) : undefined;
  if (time !== undefined && !Number.isNaN(time.getTime())) return time;
  throw userError(
    'EVENT',
    `the event must be {"scheduledTime": "<aws.scheduler.scheduled-time>"} from EventBridge Scheduler, or hold a time like 2026-01-01T01:00:00Z, got ${JSON.stringify(value)}`,
  );
}
