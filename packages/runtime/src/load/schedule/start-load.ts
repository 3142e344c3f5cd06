import { ExecutionAlreadyExists, type SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { PipelineError, transientError, userError } from '../../errors/pipeline-error';
import type { Report } from '../../report/report';
import { attemptId, executionName, scheduledSlot } from '../../run/ids';
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

export interface StartDeps {
  readonly client: Pick<SFNClient, 'send'>;
  readonly report: Report;
  readonly now?: () => Date;
}

/** A trigger always starts the first attempt; a further one is an operator's decision. */
const FIRST_ATTEMPT = 1;

const TRANSIENT = new Set(['ThrottlingException', 'TooManyRequestsException', 'ServiceUnavailable', 'InternalServerError', 'InternalFailure', 'TimeoutError', 'ECONNRESET', 'ExecutionLimitExceeded']);

/**
 * Starts the load of a scheduled time, once, however often the schedule delivers.
 *
 * The execution's name says which time it is for, and Step Functions refuses a second one of that name for 90 days. A
 * late delivery is refused outside the window, and inside it the load learns when the window closes.
 */
export async function startLoad(event: unknown, settings: SchedulerSettings, deps: StartDeps): Promise<StartResult> {
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
  try {
    const { executionArn } = await deps.client.send(new StartExecutionCommand({
      stateMachineArn: settings.stateMachineArn, name, input: JSON.stringify(input),
    }));
    deps.report.say('LOAD_I1301', { name, attempt: attemptId(slot, FIRST_ATTEMPT), deadline: input.deadline });
    return { outcome: 'started', slot, name, ...(executionArn === undefined ? {} : { executionArn }) };
  } catch (error) {
    // A delivery with another deadline is the same work: the name decides.
    if (error instanceof ExecutionAlreadyExists || (error as Error).name === 'ExecutionAlreadyExists') {
      deps.report.say('LOAD_I1302', { name });
      return { outcome: 'already-started', slot, name };
    }
    throw startFailure(error as Error, name, settings);
  }
}

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

function startFailure(error: Error, name: string, settings: SchedulerSettings): PipelineError {
  const facts = { name, stateMachineArn: settings.stateMachineArn, error: error.name };
  const text = `execution ${name} could not be started (${error.name}: ${error.message})`;
  return TRANSIENT.has(error.name)
    ? transientError('START', `${text}; the schedule delivers again`, facts, error)
    : new PipelineError('START', `${text}; the function's role needs states:StartExecution on the state machine`, { facts, cause: error });
}
