import { askStep } from './stage/ask-step';
import type { Step } from './stage/step';

/** "Fargate On-Demand vCPU resource count" of the account in the region. */
const FARGATE_VCPUS = { ServiceCode: 'fargate', QuotaCode: 'L-3032A538' };

/** What Plan is told of it; null where nobody knows. */
export const QUOTA = '{"fargateVcpus": $fargateVcpus}';

/** Asks how many vCPU of Fargate the account may run; where nobody knows, the plan goes by what the stage may use. */
export function quotaStep(next: string): Step {
  return askStep({
    call: 'servicequotas:getServiceQuota',
    arguments: FARGATE_VCPUS,
    variable: 'fargateVcpus',
    figure: '$states.result.Quota.Value',
    passing: ['ServiceQuotas.TooManyRequestsException', 'ServiceQuotas.ServiceException', 'ServiceQuotas.SdkClientException'],
    allow: { actions: ['servicequotas:GetServiceQuota'], resources: ['*'], wildcardReason: 'reading a quota has no resource-level permission' },
  }, next);
}
