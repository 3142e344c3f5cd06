import { type aws_ec2 as ec2, type aws_iam as iam, type aws_s3 as s3, type aws_secretsmanager as secretsmanager, type Duration, Token } from 'aws-cdk-lib';
import type { ContainerSourceProps } from '../container-source';
import type { DatasetView } from './stage/contract-file';
import type { Problems } from './stage/fail';

/** What a source is told when it becomes part of a stage. */
export interface SourceBinding {
  /** `sources.<dataset>`: how its problems begin. */
  readonly prop: string;
  readonly problems: Problems;
  /** What the contract says of it. @default - the contract has no such dataset, which is a problem already */
  readonly dataset?: DatasetView;
}

/** Which objects, when they arrive, are something new to read. */
export interface Arrivals {
  readonly bucket: s3.IBucket;
  /** What their keys begin with, or the one key where `isWhole`. */
  readonly prefix: string;
  /** What their keys end with; empty where that is open. */
  readonly suffix: string;
  readonly isWhole: boolean;
}

/** A source as a stage uses it. */
export interface BoundSource {
  /** For the run time; stands in the template, so it holds no secret. */
  readonly settings: Record<string, unknown>;
  /** Whether planning must connect to the source. Then it runs in a task: functions have no way into the network. */
  readonly plansInTask?: boolean;
  /** Read by the task, and by the function that plans, at run time. */
  readonly secrets?: secretsmanager.ISecret[];
  /** Whether planning needs neither the secrets nor what `grantRead` allows, because it asks nobody. */
  readonly secretsInTaskOnly?: boolean;
  /** Lets a role do what reading the source takes beyond network and secrets. */
  readonly grantRead?: (role: iam.IRole) => void;
  /** Of a source that objects arrive at. */
  readonly arrivals?: Arrivals;
  /** Prop whose value names what is read by the run's slot; such a run must not be named after anything but its own time. */
  readonly namesBySlot?: string;
  /** A container that reads the source, in a task of its own kind. */
  readonly container?: ContainerSourceProps;
  /** Gets the role of that task. */
  readonly useRole?: (role: iam.IRole) => void;
  /** Opens the way from the tasks to the source. */
  readonly open?: (tasks: ec2.IConnectable) => void;
}

/** What every kind of source takes. */
export interface CommonSourceProps {
  readonly timeout?: Duration;
  readonly retries?: number;
  readonly minRows?: number;
  readonly maxConcurrency?: number;
  readonly maxShrink?: number;
}

/** The settings that every kind of source has. */
export function commonSettings(props: CommonSourceProps, { prop, problems }: SourceBinding): Record<string, unknown> {
  const { timeout, retries, minRows, maxConcurrency, maxShrink } = props;
  checkWhole(problems, `${prop}.retries`, retries, 0, 20);
  checkWhole(problems, `${prop}.minRows`, minRows, 0, Number.MAX_SAFE_INTEGER);
  checkWhole(problems, `${prop}.maxConcurrency`, maxConcurrency, 1, 1_000);
  checkWhole(problems, `${prop}.maxShrink`, maxShrink, 0, 100);
  checkWhole(problems, `${prop}.timeout in seconds`, timeout?.toSeconds(), 1, 86_400);
  return { timeoutSeconds: timeout?.toSeconds() ?? 3600, retries: retries ?? 4, minRows: minRows ?? 0, maxConcurrency, maxShrinkPercent: maxShrink };
}

/** Notes a problem unless the value is left out, a token, or a whole number in the range. */
export function checkWhole(problems: Problems, prop: string, value: number | undefined, from: number, to: number): void {
  if (value === undefined || Token.isUnresolved(value)) return;
  if (!Number.isInteger(value) || value < from || value > to) {
    problems.add(`${prop} must be a whole number from ${from} to ${to}, got ${value}`);
  }
}
