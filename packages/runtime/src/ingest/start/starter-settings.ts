import { readSettings } from '../../run/settings';

/** What the starter of an ingest stage finds in its environment variable HEADRACE_SETTINGS. */
export interface StarterSettings {
  readonly pipeline: string;
  readonly stateMachineArn: string;
  /** Length of the windows whose events start one run. Of a starter of events only. */
  readonly gatherSeconds?: number;
}

/** Of SQS, which holds messages back for the length of a window. */
const MOST_GATHER_SECONDS = 900;

/** Throws one PipelineError `CONFIG` that lists every problem. */
export function parseStarterSettings(json: unknown): StarterSettings {
  return readSettings(json, 'starter settings', (fields) => {
    const gatherSeconds = fields.integer('gatherSeconds', { min: 1, max: MOST_GATHER_SECONDS, optional: true });
    return {
      pipeline: fields.identifier('pipeline'),
      stateMachineArn: fields.text('stateMachineArn', { pattern: /^arn:[^:]+:states:/, rule: 'must be the ARN of a state machine' }),
      ...(gatherSeconds === undefined ? {} : { gatherSeconds }),
    };
  });
}
