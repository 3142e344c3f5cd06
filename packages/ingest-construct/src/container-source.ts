import type { aws_ecs as ecs, Size } from 'aws-cdk-lib';

/**
 * Any image in any language, which reads a source and leaves files. Its contract is in the README: it finds its work in `HEADRACE_SHARD`, writes
 * into the folder `HEADRACE_OUT`, and ends with 0.
 */
export interface ContainerSourceProps {
  /**
   * The image. It must be built for `cpuArchitecture`, and run as a user that may write into `/headrace/out`.
   */
  readonly image: ecs.ContainerImage;

  /**
   * Arguments, in place of the image's CMD.
   *
   * @default - the image's own
   */
  readonly command?: string[];

  /**
   * Environment of the container. It stands in the template and holds no secrets; names that begin with `HEADRACE_` are the stage's.
   *
   * @default - the image's own
   */
  readonly environment?: { [name: string]: string };

  /**
   * Secrets that ECS puts into the environment when the container starts. Only their ARNs stand in the template.
   *
   * @default - no secrets
   */
  readonly secrets?: { [name: string]: ecs.Secret };

  /**
   * What every task is told, beside what `shards` tell each. It stands in the template and in work documents: no secrets.
   *
   * @default - no parameters
   */
  readonly parameters?: { [name: string]: string };

  /**
   * Parameters of each task: as many tasks as entries, at most 10,000, `concurrency` of them at the same time. Parameters of one task have
   * at most 4,000 characters of JSON.
   *
   * @default - one task
   */
  readonly shards?: { [name: string]: string }[];

  /**
   * CPU units of one task: 256, 512, 1024, 2048, 4096, 8192, 16384 or 32768; 1024 are one vCPU.
   *
   * @default - as the stage's size says
   */
  readonly taskCpu?: number;

  /**
   * Memory of one task, in a step that Fargate accepts with `taskCpu`. The container has it for itself: Headrace's own begins when it has ended.
   *
   * @default - as the stage's size says
   */
  readonly taskMemory?: Size;

  /**
   * Up to which memory a task is started again when its memory was too small, each time with about twice as much. The size that
   * was needed is remembered. How much of it the container takes cannot be seen, so after three runs the smaller size is tried; where it is still
   * too small, after twice as many the next time, at most 48.
   *
   * @default - eight times `taskMemory`, at most 244 GiB
   */
  readonly taskMemoryLimit?: Size;

  /**
   * Disk of one task for the files that the container leaves, from 21 to 200 GiB. What is above 20 GiB costs while a task runs.
   *
   * @default - the 20 GiB that every task has
   */
  readonly taskScratch?: Size;

  /**
   * Processor that the image is built for.
   *
   * @default - as the stage's tasks have
   */
  readonly cpuArchitecture?: ecs.CpuArchitecture;

  /**
   * The smallest number of records that a batch may have. A batch with fewer fails and is not committed, so a broken
   * source cannot empty a target.
   *
   * @default 0
   */
  readonly minRows?: number;

  /**
   * By how many percent a batch may be smaller than the last one, from 0 to 100; by records, or by bytes where they cannot be counted. A smaller
   * one fails and is not committed.
   *
   * @default - no guard
   */
  readonly maxShrink?: number;
}
