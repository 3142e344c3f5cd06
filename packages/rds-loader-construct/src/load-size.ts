import { aws_logs as logs, Duration, Size } from 'aws-cdk-lib';
import { checkFargateSize } from './private/stage/fargate-size';
import type { Problems } from './private/stage/fail';

/** A size of your own. What is left out is as in `LoadSize.DEV`. */
export interface LoadSizeProps {
  /**
   * CPU units of one task: 256, 512, 1024, 2048, 4096, 8192, 16384 or 32768; 1024 are one vCPU.
   *
   * @default 512
   */
  readonly taskCpu?: number;

  /**
   * Memory of one task, in a step that Fargate accepts with `taskCpu`.
   *
   * @default Size.gibibytes(2)
   */
  readonly taskMemory?: Size;

  /**
   * Disk of one task for the files in hand, from 21 to 200 GiB.
   *
   * @default - the 20 GiB that every task has without extra cost
   */
  readonly taskScratch?: Size;

  /**
   * How many parts are copied at the same time, each by a task with a connection of its own, from 1 to 40.
   *
   * @default 2
   */
  readonly connections?: number;

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
   * How long logs are kept.
   *
   * @default RetentionDays.ONE_WEEK
   */
  readonly logRetention?: logs.RetentionDays;
}

/** How much a stage may use. Nothing of it costs while no execution runs. */
export class LoadSize {
  /** Small and short-lived: 2 tasks of 0.5 vCPU and 2 GiB, an hour each, logs for a week. */
  static readonly DEV = new LoadSize({});

  /** 4 tasks of 1 vCPU and 4 GiB, 3 hours each, logs for a month. */
  static readonly STAGING = new LoadSize({
    taskCpu: 1024,
    taskMemory: Size.gibibytes(4),
    connections: 4,
    taskTimeout: Duration.hours(3),
    executionTimeout: Duration.hours(8),
    logRetention: logs.RetentionDays.ONE_MONTH,
  });

  /** 8 tasks of 2 vCPU, 8 GiB and 50 GiB of disk, 6 hours each, logs for a year. Needs a Fargate quota of 16 vCPU. */
  static readonly PROD = new LoadSize({
    taskCpu: 2048,
    taskMemory: Size.gibibytes(8),
    taskScratch: Size.gibibytes(50),
    connections: 8,
    taskTimeout: Duration.hours(6),
    executionTimeout: Duration.hours(12),
    logRetention: logs.RetentionDays.ONE_YEAR,
  });

  /** A size of your own. */
  static of(props: LoadSizeProps): LoadSize {
    return new LoadSize(props);
  }

  readonly taskCpu: number;
  readonly taskMemory: Size;
  readonly taskScratch?: Size;
  readonly connections: number;
  readonly taskTimeout: Duration;
  readonly executionTimeout: Duration;
  readonly logRetention: logs.RetentionDays;

  private constructor(props: LoadSizeProps) {
    this.taskCpu = props.taskCpu ?? 512;
    this.taskMemory = props.taskMemory ?? Size.gibibytes(2);
    this.taskScratch = props.taskScratch;
    this.connections = props.connections ?? 2;
    this.taskTimeout = props.taskTimeout ?? Duration.hours(1);
    this.executionTimeout = props.executionTimeout ?? Duration.hours(4);
    this.logRetention = props.logRetention ?? logs.RetentionDays.ONE_WEEK;
  }

  /** @internal */
  _check(problems: Problems): void {
    checkFargateSize(problems, this.taskCpu, this.taskMemory, this.taskScratch);
    if (!Number.isInteger(this.connections) || this.connections < 1 || this.connections > 40) {
      problems.add(`connections must be a whole number from 1 to 40, got ${this.connections}; leave it out for 2`);
    }
  }
}
