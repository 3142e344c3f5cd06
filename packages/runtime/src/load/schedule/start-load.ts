import { attemptId, executionName, scheduledSlot } from '../../run/ids';
import { scheduledTime } from '../../run/scheduled-time';
import { startExecution } from '../../run/start-execution';
import { FIRST_ATTEMPT, type StartDeps } from '../../run/starter-handler';
import { DOCUMENT_HEAD } from '../../run/work';
import { windowEnd } from './load-window';
import type { SchedulerSettings } from './scheduler-settings';

/** What the function returns, for whoever invoked it by hand. */
export interface StartResult {
  readonly outcome: 'started' | 'already-started' | 'outside-window';
  readonly slot: string;
  /** Of the execution; absent when none was started. */
  readonly name?: string;
  readonly executionArn?: string;
  readonly notice?: string;
}

export interface StartLoadDeps extends StartDeps {
  readonly now?: () => Date;
}

/**
 * Starts the load of a scheduled time, once, however often the schedule delivers.
 *
 * The execution's name says which time it is for, and Step Functions refuses a second one of that name for 90 days. A
 * late delivery is refused outside the window, and inside it the load learns when the window closes.
 */
export async function startLoad(event: unknown, settings: SchedulerSettings, deps: StartLoadDeps): Promise<StartResult> {
  const scheduled = scheduledTime(event);
  const slot = scheduledSlot(scheduled);
  const now = deps.now?.() ?? new Date();
  let deadline: Date | undefined;
  if (settings.window !== undefined) {
    deadline = windowEnd(settings.window, now);
    if (deadline === undefined) {
      const { from, until, timeZone } = settings.window;
      deps.report.say('LOAD_W1303', { slot, now: now.toISOString(), from, until, timeZone });
      return { outcome: 'outside-window', slot, notice: `not started: ${now.toISOString()} lies outside the window ${from} to ${until} ${timeZone}; what is pending is loaded next time` };
    }
  }
  const name = executionName(settings.pipeline, slot, FIRST_ATTEMPT);
  const input = { ...DOCUMENT_HEAD, slot, attempt: FIRST_ATTEMPT, ...(deadline === undefined ? {} : { deadline: deadline.toISOString() }) };
  const { stateMachineArn } = settings;
  const { outcome, executionArn } = await startExecution({ client: deps.client, stateMachineArn, name, input, again: 'the schedule delivers again' });
  // A delivery with another deadline is the same work: the name decides.
  if (outcome === 'already-started') deps.report.say('LOAD_I1302', { name });
  else deps.report.say('LOAD_I1301', { name, attempt: attemptId(slot, FIRST_ATTEMPT), deadline: input.deadline });
  return { outcome, slot, name, ...(executionArn === undefined ? {} : { executionArn }) };
}
