import { userError } from '../errors/pipeline-error';
import type { TaskSize } from './estimate';

/** How wide the pulls may be. */
export interface Width {
  /** Tasks that run at once. */
  readonly concurrency: number;
  /** vCPU of Fargate that the account may run, where they are what limits. */
  readonly quotaVcpus?: number;
}

/** CPU units of one vCPU. */
const VCPU = 1024;

/**
 * Reads what the Quota state learned.
 *
 * @returns vCPU, undefined where nobody knows
 */
export function fargateVcpus(previous: unknown): number | undefined {
  const { fargateVcpus: vcpus } = (previous ?? {}) as { fargateVcpus?: unknown };
  return typeof vcpus === 'number' && vcpus > 0 ? vcpus : undefined;
}

/**
 * Tasks that run at once within the account's Fargate quota. What else the account runs is not known, and is not taken off.
 *
 * @param sizes of the tasks; the largest counts, since any of them may run together
 * @throws PipelineError `FARGATE_QUOTA` where not even one task fits
 */
export function widthWithin(vcpus: number | undefined, concurrency: number, sizes: readonly TaskSize[]): Width {
  const cpu = Math.max(0, ...sizes.map((size) => size.cpu));
  if (vcpus === undefined || (concurrency * cpu) / VCPU <= vcpus) return { concurrency };
  const fits = Math.floor((vcpus * VCPU) / cpu);
  if (fits === 0) {
    throw userError(
      'FARGATE_QUOTA', `one task needs ${cpu / VCPU} vCPU, and the account may run ${vcpus} vCPU of Fargate in this region; ask for more of the quota "Fargate On-Demand vCPU resource count" `
        + '(L-3032A538 in Service Quotas), or give the stage a smaller taskCpu. Nothing was pulled',
      { vcpusNeeded: cpu / VCPU, vcpus },
    );
  }
  return { concurrency: fits, quotaVcpus: vcpus };
}
