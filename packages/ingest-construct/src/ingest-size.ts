import { aws_logs as logs, Duration, Size } from 'aws-cdk-lib';
import { checkFargateSize, fargateLadder, type FargateRung, MOST_MEMORY_MIB } from './private/stage/fargate-size';
import type { Problems } from './private/stage/fail';

/** A size of your own. What is left out is as in `IngestSize.DEV`. */
export interface IngestSizeProps {
  /**
   * CPU units of one task: 256, 512, 1024, 2048, 4096, 8192, 16384 or 32768; 1024 are one vCPU.
   *
   * @default 256
   */
  readonly taskCpu?: number;

  /**
   * Memory of one task, in a step that Fargate accepts with `taskCpu`. Pulling streams: 512 MiB carry any size.
   *
   * @default Size.mebibytes(512)
   */
  readonly taskMemory?: Size;

  /**
   * Up to which memory a task is started again when its memory was too small, each time with about twice as much. The size that
   * a dataset needed is remembered, and becomes smaller again after three runs that needed less.
   *
   * @default - eight times `taskMemory`, at most 244 GiB
   */
  readonly taskMemoryLimit?: Size;

  /**
   * How many tasks pull at the same time, from 1 to 1000. A new account may run 6 vCPU of Fargate in all; a run is no wider than the
   * quota of the account.
   *
   * @default 4
   */
  readonly concurrency?: number;

  /**
   * How long one task may take.
   *
   * @default Duration.hours(1)
   */
  readonly taskTimeout?: Duration;

  /**
   * How long one execution may take.
   *
   * @default Duration.hours(3)
   */
  readonly executionTimeout?: Duration;

  /**
   * Memory of the functions that plan and commit.
   *
   * @default Size.mebibytes(512)
   */
  readonly functionMemory?: Size;

  /**
   * How long logs are kept.
   *
   * @default RetentionDays.ONE_WEEK
   */
  readonly logRetention?: logs.RetentionDays;
}

/** How much a stage may use. Nothing of it costs while no execution runs. */
export class IngestSize {
  /** Small and short-lived: 4 tasks of 0.25 vCPU and 512 MiB, an hour each, logs for a week. */
  static readonly DEV = new IngestSize({});

  /** 8 tasks of 0.5 vCPU and 1 GiB, 3 hours each, logs for a month. */
  static readonly STAGING = new IngestSize({
    taskCpu: 512,
    taskMemory: Size.gibibytes(1),
    concurrency: 8,
    taskTimeout: Duration.hours(3),
    executionTimeout: Duration.hours(8),
    logRetention: logs.RetentionDays.ONE_MONTH,
  });

  /** 40 tasks of 1 vCPU and 2 GiB, 8 hours each, logs for a year. Needs a Fargate quota of 40 vCPU. */
  static readonly PROD = new IngestSize({
    taskCpu: 1024,
    taskMemory: Size.gibibytes(2),
    concurrency: 40,
    taskTimeout: Duration.hours(8),
    executionTimeout: Duration.hours(24),
    functionMemory: Size.mebibytes(1024),
    logRetention: logs.RetentionDays.ONE_YEAR,
  });

  /** A size of your own. */
  static of(props: IngestSizeProps): IngestSize {
    return new IngestSize(props);
  }

  readonly taskCpu: number;
  readonly taskMemory: Size;
  readonly taskMemoryLimit: Size;
  readonly concurrency: number;
  readonly taskTimeout: Duration;
  readonly executionTimeout: Duration;
  readonly functionMemory: Size;
  readonly logRetention: logs.RetentionDays;

  private constructor(props: IngestSizeProps) {
    this.taskCpu = props.taskCpu ?? 256;
    this.taskMemory = props.taskMemory ?? Size.mebibytes(512);
    this.taskMemoryLimit = props.taskMemoryLimit ?? Size.mebibytes(Math.min(8 * this.taskMemory.toMebibytes(), MOST_MEMORY_MIB));
    this.concurrency = props.concurrency ?? 4;
    this.taskTimeout = props.taskTimeout ?? Duration.hours(1);
    this.executionTimeout = props.executionTimeout ?? Duration.hours(3);
    this.functionMemory = props.functionMemory ?? Size.mebibytes(512);
    this.logRetention = props.logRetention ?? logs.RetentionDays.ONE_WEEK;
  }

  /**
   * From the size of a task to the largest that the limit allows.
   *
   * @internal
   */
  get _ladder(): FargateRung[] {
    return fargateLadder(this.taskCpu, this.taskMemory.toMebibytes(), this.taskMemoryLimit.toMebibytes());
  }

  /** @internal */
  _check(problems: Problems): void {
    checkFargateSize(problems, this.taskCpu, this.taskMemory, undefined);
    const limit = this.taskMemoryLimit.toMebibytes();
    if (limit < this.taskMemory.toMebibytes() || limit > MOST_MEMORY_MIB) {
      problems.add(`taskMemoryLimit must be from taskMemory (${this.taskMemory.toMebibytes()} MiB) to ${MOST_MEMORY_MIB} MiB, got ${limit}; leave it out for eight times taskMemory`);
    }
    if (!Number.isInteger(this.concurrency) || this.concurrency < 1 || this.concurrency > 1000) {
      problems.add(`concurrency must be a whole number from 1 to 1000, got ${this.concurrency}; leave it out for 4`);
    }
  }
}
