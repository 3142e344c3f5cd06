import { SFNClient } from '@aws-sdk/client-sfn';
import { PipelineError, userError } from '../errors/pipeline-error';
import { Report } from '../report/report';
import { functionFailure } from './function-failure';

/** A trigger always starts the first attempt; a further one is an operator's decision. */
export const FIRST_ATTEMPT = 1;

export interface StartDeps {
  readonly client: Pick<SFNClient, 'send'>;
  readonly report: Report;
}

/**
 * Makes the handler of a function that starts executions: the event is that of a trigger, and settings are in HEADRACE_SETTINGS.
 *
 * The environment and not the event, because anybody who may invoke the function can send one.
 */
export function starterHandler<O>(start: (event: unknown, settings: unknown, deps: StartDeps) => Promise<O>): (event: unknown) => Promise<O> {
  // One client for all invocations of a warm sandbox.
  let client: SFNClient | undefined;
  return async (event) => {
    const report = new Report();
    try {
      client ??= new SFNClient({});
      return await start(event, settings(), { client, report });
    } catch (thrown) {
      throw functionFailure(PipelineError.from(thrown), report);
    }
  };
}

function settings(): unknown {
  const text = process.env.HEADRACE_SETTINGS ?? '';
  try {
    return JSON.parse(text);
  } catch {
    throw userError('CONFIG', `HEADRACE_SETTINGS ${text === '' ? 'is missing' : 'must be JSON'}`);
  }
}
