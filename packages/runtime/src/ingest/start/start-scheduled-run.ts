import { executionName, scheduledSlot } from '../../run/ids';
import { scheduledTime } from '../../run/scheduled-time';
import { startExecution, type StartAnswer } from '../../run/start-execution';
import { FIRST_ATTEMPT, type StartDeps } from '../../run/starter-handler';
import { DOCUMENT_HEAD } from '../../run/work';
import type { StarterSettings } from './starter-settings';

/** What the function returns, for whoever invoked it by hand. */
export interface StartedRun extends StartAnswer {
  readonly slot: string;
  /** Of the execution. */
  readonly name: string;
}

/** Starts the run of a scheduled time, once, however often the schedule delivers. */
export async function startScheduledRun(
  event: unknown, { pipeline, stateMachineArn }: StarterSettings, { client, report }: StartDeps,
): Promise<StartedRun> {
  const slot = scheduledSlot(scheduledTime(event));
  const name = executionName(pipeline, slot, FIRST_ATTEMPT);
  const input = { ...DOCUMENT_HEAD, slot, attempt: FIRST_ATTEMPT };
  const answer = await startExecution({ client, stateMachineArn, name, input, again: 'the schedule delivers again' });
  report.say(answer.outcome === 'started' ? 'INGEST_I1501' : 'INGEST_I1502', { name });
  return { ...answer, slot, name };
}
