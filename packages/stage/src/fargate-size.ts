import type { Size } from 'aws-cdk-lib';
import type { Problems } from './fail';

/** Memory in MiB that Fargate accepts with a number of CPU units: from, to, step; or a list. */
const MEMORY: Record<number, { from: number; to: number; step: number } | number[]> = {
  256: [512, 1024, 2048],
  512: { from: 1024, to: 4096, step: 1024 },
  1024: { from: 2048, to: 8192, step: 1024 },
  2048: { from: 4096, to: 16384, step: 1024 },
  4096: { from: 8192, to: 30720, step: 1024 },
  8192: { from: 16384, to: 61440, step: 4096 },
  16384: { from: 32768, to: 122880, step: 8192 },
  32768: [61440, 122880, 249856],
};

/** The most memory that Fargate has. */
export const MOST_MEMORY_MIB = 249_856;

/** A size of a Fargate task. */
export interface FargateRung {
  /** In CPU units: 1024 are one vCPU. */
  readonly cpu: number;
  readonly memoryMiB: number;
}

/**
 * Sizes from one up to a limit of memory, each with about twice the memory of the one before.
 *
 * CPU grows only where Fargate sells the memory with no less. The last step is smaller where the limit allows no doubling.
 */
export function fargateLadder(cpu: number, memoryMiB: number, limitMiB: number): FargateRung[] {
  const ladder: FargateRung[] = [{ cpu, memoryMiB }];
  for (;;) {
    const last = ladder.at(-1)!;
    const larger = sizes(last.cpu).filter(({ memoryMiB: memory }) => memory > last.memoryMiB && memory <= limitMiB);
    const fromDoubling = ({ memoryMiB: memory }: FargateRung): number => Math.abs(memory / last.memoryMiB - 2);
    // Sizes double only nearly: 16, 30, 60, 120, 244 GiB.
    const doubled = larger.filter((size) => fromDoubling(size) <= 0.2).sort((a, b) => a.cpu - b.cpu || fromDoubling(a) - fromDoubling(b))[0];
    const next = doubled ?? larger.sort((a, b) => b.memoryMiB - a.memoryMiB || a.cpu - b.cpu)[0];
    if (next === undefined) return ladder;
    ladder.push(next);
  }
}

/** Every size of Fargate from `cpu` units. */
function sizes(cpu: number): FargateRung[] {
  return Object.entries(MEMORY)
    .filter(([units]) => Number(units) >= cpu)
    .flatMap(([units, allowed]) => listed(allowed).map((memoryMiB) => ({ cpu: Number(units), memoryMiB })));
}

function listed(allowed: { from: number; to: number; step: number } | number[]): number[] {
  if (Array.isArray(allowed)) return allowed;
  return Array.from({ length: (allowed.to - allowed.from) / allowed.step + 1 }, (_, index) => allowed.from + index * allowed.step);
}

/** Fargate refuses a wrong pair only when a task is started, which is too late. */
export function checkFargateSize(problems: Problems, cpu: number, memory: Size, scratch: Size | undefined, at = ''): void {
  const allowed = MEMORY[cpu];
  const mebibytes = memory.toMebibytes();
  if (allowed === undefined) {
    problems.add(`${at}taskCpu must be one of ${Object.keys(MEMORY).join(', ')}, got ${cpu}`);
  } else if (!fits(allowed, mebibytes)) {
    problems.add(`${at}taskMemory must be ${describe(allowed)} MiB with taskCpu ${cpu}, got ${mebibytes}`);
  }
  const gibibytes = scratch?.toGibibytes();
  if (gibibytes !== undefined && (gibibytes < 21 || gibibytes > 200)) {
    problems.add(`${at}taskScratch must be from 21 to 200 GiB, got ${gibibytes}; leave it out for the 20 GiB that every task has`);
  }
}

function fits(allowed: { from: number; to: number; step: number } | number[], memory: number): boolean {
  if (Array.isArray(allowed)) return allowed.includes(memory);
  return memory >= allowed.from && memory <= allowed.to && (memory - allowed.from) % allowed.step === 0;
}

function describe(allowed: { from: number; to: number; step: number } | number[]): string {
  return Array.isArray(allowed) ? allowed.join(', ') : `${allowed.from} to ${allowed.to} in steps of ${allowed.step}`;
}
