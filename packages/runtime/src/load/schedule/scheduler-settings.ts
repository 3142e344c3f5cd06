import { readSettings } from '../../run/settings';
import type { LoadWindow } from './load-window';
import { readWindow } from './window-settings';

/** What the scheduler function finds in its environment variable HEADRACE_SETTINGS. */
export interface SchedulerSettings {
  readonly pipeline: string;
  readonly stateMachineArn: string;
  /** Without one, every time is a good time and the load has no deadline. */
  readonly window?: LoadWindow;
}

/** Parses HEADRACE_SETTINGS of the scheduler function; throws one PipelineError `CONFIG` that lists every problem. */
export function parseSchedulerSettings(json: unknown): SchedulerSettings {
  return readSettings(json, 'scheduler settings', (fields) => {
    const pipeline = fields.identifier('pipeline');
    const stateMachineArn = fields.text('stateMachineArn', { pattern: /^arn:[^:]+:states:/, rule: 'must be the ARN of a state machine' });
    const window = fields.child('window', readWindow, { optional: true });
    return { pipeline, stateMachineArn, ...(window === undefined ? {} : { window }) };
  });
}
