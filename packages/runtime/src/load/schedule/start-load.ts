import { attemptId, executionName, scheduledSlot } from '../../run/ids';
import { scheduledTime } from '../../run/scheduled-time';
import { startExecution } from '../../run/start-execution';
import { FIRST_ATTEMPT, type StartDeps } from '../../run/starter-handler';
import { DOCUMENT_HEAD } from '../../run/work';
import { keepWindow } from './keep-window';
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
 * Starts the load of a night, once, however often and however late the schedule delivers.
 *
 * The execution's name says which opening of the window it is for, and Step Functions refuses a second one of that name for 90 days. So
 * the schedule may come twice a night, and does where summer time skips the beginning. Outside the window nothing is started; inside it the load
 * learns when the window closes.
 */
export async function startLoad(event: unknown, settings: SchedulerSettings, deps: StartLoadDeps): Promise<StartResult> {
  const scheduled = scheduledTime(event);
  const { pipeline, stateMachineArn, window } = settings;
  const time = keepWindow({ window, operation: 'load', now: deps.now?.() ?? new Date() });
  if (!time.mayStart) {
    const slot = scheduledSlot(scheduled);
    deps.report.say('LOAD_W1303', { slot, reason: time.reason, opens: time.opens });
    return { outcome: 'outside-window', slot, notice: `not started: ${time.reason}` };
  }
  const { deadline, opening } = time;
  const slot = scheduledSlot(opening?.opens ?? scheduled);
  const name = executionName(pipeline, slot, FIRST_ATTEMPT);
  const input = { ...DOCUMENT_HEAD, slot, attempt: FIRST_ATTEMPT, ...(deadline === undefined ? {} : { deadline }) };
  const { outcome, executionArn } = await startExecution({ client: deps.client, stateMachineArn, name, input, again: 'the schedule delivers again' });
  // A delivery with another deadline is the same work: the name decides.
  if (outcome === 'already-started') deps.report.say('LOAD_I1302', { name });
  else deps.report.say('LOAD_I1301', { name, attempt: attemptId(slot, FIRST_ATTEMPT), deadline });
  return { outcome, slot, name, ...(executionArn === undefined ? {} : { executionArn }) };
}
