import { TaskFailure, type TaskHandler } from '../asl';
import type { Deployment } from '../stack/deployment';
import type { ExecutionScope } from '../stack/execution-scope';

/** vCPU of Fargate that a laptop "may run": what AWS gives an account that has asked for more. */
export const DEFAULT_FARGATE_VCPUS = 4_000;

const FARGATE_VCPUS = 'fargate/L-3032A538';

/** `aws-sdk:servicequotas:getServiceQuota`: there is no account to ask, so the answer is a setting of the stack. */
export function getServiceQuota({ region, account }: Deployment, scope: ExecutionScope, fargateVcpus: number): TaskHandler {
  return async ({ arguments: input }) => {
    const { ServiceCode, QuotaCode } = input as { ServiceCode: string; QuotaCode: string };
    const quota = `${ServiceCode}/${QuotaCode}`;
    scope.authorize({ action: 'servicequotas:GetServiceQuota', resource: '*' });
    if (quota !== FARGATE_VCPUS) throw new TaskFailure('ServiceQuotas.NoSuchResourceException', `the local runner knows no quota ${quota}; it knows ${FARGATE_VCPUS}`);
    return {
      Quota: {
        ServiceCode, QuotaCode, QuotaArn: `arn:aws:servicequotas:${region}:${account}:${quota}`,
        QuotaName: 'Fargate On-Demand vCPU resource count', Value: fargateVcpus, Adjustable: true, GlobalQuota: false,
      },
    };
  };
}
