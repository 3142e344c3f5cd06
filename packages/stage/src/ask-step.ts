import { Aws } from 'aws-cdk-lib';
import { jsonata } from './jsonata';
import type { Permission } from './permission';
import { goOnAnyway, type Step } from './step';

/** A question to AWS whose answer helps, and is not needed. */
export interface Question {
  /** Service and action of the SDK integration, as in `servicequotas:getServiceQuota`. */
  readonly call: string;
  readonly arguments: object;
  /** Variable of the machine that gets the figure; null where nobody knows it. */
  readonly variable: string;
  /** JSONata that gives the figure, of the answer in `$states.result`. */
  readonly figure: string;
  /** Errors that may pass by themselves. */
  readonly passing: readonly string[];
  readonly allow: Permission;
}

/**
 * Asks for a figure before the work begins. No answer is no reason to fail: what reads the variable then goes by what it knows.
 *
 * Step Functions asks, so that neither a function needs another client nor a task a way to one more endpoint.
 */
export function askStep({ call, arguments: given, variable, figure, passing, allow }: Question, next: string): Step {
  return {
    state: {
      Type: 'Task',
      Resource: `arn:${Aws.PARTITION}:states:::aws-sdk:${call}`,
      Arguments: given,
      Assign: { [variable]: jsonata(figure) },
      Output: jsonata('$states.input'),
      TimeoutSeconds: 30,
      Retry: [{ ErrorEquals: passing, IntervalSeconds: 2, MaxAttempts: 3, BackoffRate: 2, JitterStrategy: 'FULL' }],
      Catch: goOnAnyway(next, { Assign: { [variable]: null } }),
      Next: next,
    },
    allow: [allow],
  };
}
