import { userError } from '../../errors/pipeline-error';
import { timeOf } from '../../run/scheduled-time';

const SECOND_MS = 1_000;

/** A message of SQS, as Lambda hands it over; only what is read of it. */
export interface QueueMessage {
  readonly messageId: string;
  readonly body: string;
  readonly attributes: { readonly ApproximateFirstReceiveTimestamp: string };
}

/**
 * The time of the slot that an event belongs to: the end of its window, which the event's own second lies before (ADR 0034).
 *
 * A run of that slot lists after the window, so it sees whatever its events tell of, and a scheduled run of the same time may stand for it.
 * Where the message comes before its window has ended, because windows were made longer while it lay in the queue or the event is dated in the
 * future, the second of its first delivery is the slot: no run may claim a time that it has not seen.
 */
export function windowEnd(eventTime: Date, gatherSeconds: number, receivedAt: Date): Date {
  const length = gatherSeconds * SECOND_MS;
  const end = (Math.floor(eventTime.getTime() / length) + 1) * length;
  return new Date(Math.min(end, Math.floor(receivedAt.getTime() / SECOND_MS) * SECOND_MS));
}

/** When the event in a message happened. Throws PipelineError `EVENT`. */
export function eventTime({ body }: QueueMessage): Date {
  const time = timeOf(fieldOf(body, 'time'));
  if (time !== undefined) return time;
  throw userError('EVENT', `the message must be an event of EventBridge with a time like 2026-01-01T01:00:00Z, got ${body.slice(0, 200)}; give the rule's target no input of its own`);
}

function fieldOf(body: string, name: string): unknown {
  try {
    return (JSON.parse(body) as Record<string, unknown> | null)?.[name];
  } catch {
    return undefined;
  }
}
