import { Aws } from 'aws-cdk-lib';
import { jsonata } from './stage/jsonata';
import type { Step } from './stage/step';

/** "Fargate On-Demand vCPU resource count" of the account in the region. */
const FARGATE_VCPUS = { ServiceCode: 'fargate', QuotaCode: 'L-3032A538' };

/** What Plan is told of it; null where nobody knows. */
export const QUOTA = '{"fargateVcpus": $fargateVcpus}';

/**
 * Asks how many vCPU of Fargate the account may run. No answer is no reason to fail: the plan then goes by what the stage may use.
 *
 * Step Functions asks, so that neither a function needs another client nor a task a way to one more endpoint.
 */
export function quotaStep(next: string): Step {
  return {
    state: {
      Type: 'Task',
      Resource: `arn:${Aws.PARTITION}:states:::aws-sdk:servicequotas:getServiceQuota`,
      Arguments: FARGATE_VCPUS,
      Assign: { fargateVcpus: jsonata('$states.result.Quota.Value') },
      Output: jsonata('$states.input'),
      TimeoutSeconds: 30,
      Retry: [{
        ErrorEquals: ['ServiceQuotas.TooManyRequestsException', 'ServiceQuotas.ServiceException', 'ServiceQuotas.SdkClientException'],
        IntervalSeconds: 2, MaxAttempts: 3, BackoffRate: 2, JitterStrategy: 'FULL',
      }],
      // States.ALL does not cover a result that is too large.
      Catch: ['States.DataLimitExceeded', 'States.ALL'].map((error) => ({
        ErrorEquals: [error], Assign: { fargateVcpus: null }, Output: jsonata('$states.input'), Next: next,
      })),
      Next: next,
    },
    allow: [{
      actions: ['servicequotas:GetServiceQuota'], resources: ['*'], wildcardReason: 'reading a quota has no resource-level permission',
    }],
  };
}
