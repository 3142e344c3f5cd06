import { SFNClient } from '@aws-sdk/client-sfn';
import { PipelineError, userError } from '../errors/pipeline-error';
import { parseSchedulerSettings } from '../load/schedule/scheduler-settings';
import { startLoad, type StartResult } from '../load/schedule/start-load';
import { Report } from '../report/report';
import { TRANSIENT_ERROR } from '../run/function-handler';

// One client for all invocations of a warm sandbox.
let client: SFNClient | undefined;

/** The scheduler function of the load stage: settings from HEADRACE_SETTINGS, event from EventBridge Scheduler. */
export async function handler(event: unknown): Promise<StartResult> {
  const report = new Report();
  try {
    client ??= new SFNClient({});
    return await startLoad(event, parseSchedulerSettings(settings()), { client, report });
  } catch (thrown) {
    const error = PipelineError.from(thrown);
    report.say('FUNCTION_E0001', { error: error.code, kind: error.kind, fault: error.fault, reason: error.message, facts: error.facts });
    const named = new Error(error.message);
    named.name = error.kind === 'transient' ? TRANSIENT_ERROR : `Headrace.${error.code}`;
    throw named;
  }
}

function settings(): unknown {
  const text = process.env.HEADRACE_SETTINGS ?? '';
  try {
    return JSON.parse(text);
  } catch {
    throw userError('CONFIG', `HEADRACE_SETTINGS ${text === '' ? 'is missing' : 'must be JSON'}`);
  }
}
