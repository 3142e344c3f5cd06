import { aws_logs as logs, Duration, Size } from 'aws-cdk-lib';
import { checkFargateSize } from './private/stage/fargate-size';
import type { Problems } from './private/stage/fail';

/** A size of your own. What is left out is as in `CurateSize.DEV`. */
export interface CurateSizeProps {
  /**
   * CPU units of one task: 256, 512, 1024, 2048, 4096, 8192, 16384 or 32768; 1024 are one vCPU.
   *
   * @default 1024
   */
  readonly taskCpu?: number;

  /**
   * Memory of one task, in a step that Fargate accepts with `taskCpu`.
   *
   * @default Size.gibibytes(4)
   */
  readonly taskMemory?: Size;

  /**
   * Disk of one task for sorting what memory cannot hold, from 21 to 200 GiB.
   *
   * @default - the 20 GiB that every task has without extra cost
   */
  readonly taskScratch?: Size;

  /**
   * How many tasks run at the same time, from 1 to 1000. A new account may run 6 vCPU of Fargate in all.
   *
   * @default 2
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
   * @default Duration.hours(4)
   */
  readonly executionTimeout?: Duration;

  /**
   * Memory of the functions that plan and publish.
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
export class CurateSize {
  /** Small and short-lived: 2 tasks of 1 vCPU and 4 GiB, an hour each, logs for a week. */
  static readonly DEV = new CurateSize({});

  /** 4 tasks of 2 vCPU and 8 GiB, 3 hours each, logs for a month. */
  static readonly STAGING = new CurateSize({
    taskCpu: 2048,
    taskMemory: Size.gibibytes(8),
    concurrency: 4,
    taskTimeout: Duration.hours(3),
    executionTimeout: Duration.hours(10),
    logRetention: logs.RetentionDays.ONE_MONTH,
  });

  /** 32 tasks of 4 vCPU, 16 GiB and 100 GiB of disk, 8 hours each, logs for a year. Needs a Fargate quota of 128 vCPU. */
  static readonly PROD = new CurateSize({
    taskCpu: 4096,
    taskMemory: Size.gibibytes(16),
    taskScratch: Size.gibibytes(100),
    concurrency: 32,
    taskTimeout: Duration.hours(8),
    executionTimeout: Duration.hours(24),
    functionMemory: Size.mebibytes(1024),
    logRetention: logs.RetentionDays.ONE_YEAR,
  });

  /** A size of your own. */
  static of(props: CurateSizeProps): CurateSize {
    return new CurateSize(props);
  }

  readonly taskCpu: number;
  readonly taskMemory: Size;
  readonly taskScratch?: Size;
  readonly concurrency: number;
  readonly taskTimeout: Duration;
  readonly executionTimeout: Duration;
  readonly functionMemory: Size;
  readonly logRetention: logs.RetentionDays;

  private constructor(props: CurateSizeProps) {
    this.taskCpu = props.taskCpu ?? 1024;
    this.taskMemory = props.taskMemory ?? Size.gibibytes(4);
    this.taskScratch = props.taskScratch;
    this.concurrency = props.concurrency ?? 2;
    this.taskTimeout = props.taskTimeout ?? Duration.hours(1);
    this.executionTimeout = props.executionTimeout ?? Duration.hours(4);
    this.functionMemory = props.functionMemory ?? Size.mebibytes(512);
    this.logRetention = props.logRetention ?? logs.RetentionDays.ONE_WEEK;
  }

  /** @internal */
  _check(problems: Problems): void {
    checkFargateSize(problems, this.taskCpu, this.taskMemory, this.taskScratch);
    if (!Number.isInteger(this.concurrency) || this.concurrency < 1 || this.concurrency > 1000) {
      problems.add(`concurrency must be a whole number from 1 to 1000, got ${this.concurrency}; leave it out for 2`);
    }
  }
}
