import { PipelineError, userError } from '../../errors/pipeline-error';
import { executionName, scheduledSlot } from '../../run/ids';
import { inParallel } from '../../run/in-parallel';
import { startExecution } from '../../run/start-execution';
import { FIRST_ATTEMPT, type StartDeps } from '../../run/starter-handler';
import { DOCUMENT_HEAD } from '../../run/work';
import { eventTime, windowEnd, type QueueMessage } from './event-window';
import type { StarterSettings } from './starter-settings';

/** What Lambda reads: the messages that come back to the queue. All others are done. */
export interface BatchAnswer {
  readonly batchItemFailures: ReadonlyArray<{ readonly itemIdentifier: string }>;
}

/** Starts at the same time: a batch after an outage may hold the events of hundreds of windows. */
const STARTS_AT_ONCE = 8;

/**
 * Starts one run for each window that a batch of messages has events of, whatever else has started it before.
 *
 * A message fails alone: others of its batch are done, and it comes back until the queue gives it up.
 */
export async function startGatheredRuns(
  event: { readonly Records: readonly QueueMessage[] }, settings: StarterSettings, deps: StartDeps,
): Promise<BatchAnswer> {
  const { gatherSeconds } = settings;
  if (gatherSeconds === undefined) throw userError('CONFIG', 'starter settings: gatherSeconds is missing; a starter of events needs it');
  const failed: QueueMessage[] = [];
  const fail = (messages: readonly QueueMessage[], error: PipelineError): void => {
    failed.push(...messages);
    deps.report.say('INGEST_E1501', { messages: messages.length, messageId: messages[0]?.messageId, error: error.code, reason: error.message });
  };
  const slots = new Map<string, QueueMessage[]>();
  for (const message of event.Records) {
    try {
      const received = new Date(Number(message.attributes.ApproximateFirstReceiveTimestamp));
      const slot = scheduledSlot(windowEnd(eventTime(message), gatherSeconds, received));
      slots.set(slot, [...slots.get(slot) ?? [], message]);
    } catch (thrown) {
      fail([message], PipelineError.from(thrown));
    }
  }
  await inParallel([...slots], STARTS_AT_ONCE, async ([slot, messages]) => {
    try {
      await startRun(slot, messages.length, settings, deps);
    } catch (thrown) {
      fail(messages, PipelineError.from(thrown));
    }
  });
  return { batchItemFailures: failed.map(({ messageId }) => ({ itemIdentifier: messageId })) };
}

async function startRun(slot: string, events: number, { pipeline, stateMachineArn }: StarterSettings, { client, report }: StartDeps): Promise<void> {
  const name = executionName(pipeline, slot, FIRST_ATTEMPT);
  const input = { ...DOCUMENT_HEAD, slot, attempt: FIRST_ATTEMPT, trigger: 'event' };
  const { outcome } = await startExecution({ client, stateMachineArn, name, input, again: 'the message comes back' });
  report.say(outcome === 'started' ? 'INGEST_I1503' : 'INGEST_I1504', { name, events });
}
