import type { aws_ec2 as ec2, aws_kms as kms, aws_s3 as s3, Size } from 'aws-cdk-lib';
import type { DmsCapacity } from './dms-capacity';

/**
 * Who makes the two roles with fixed names that DMS wants once in an account: `dms-vpc-role` and `dms-cloudwatch-logs-role`.
 *
 * There can be one of each in an account, so one stack at most makes them.
 */
export enum DmsAccountRoles {
  /** They are there: the DMS console made them, or another stack. */
  EXISTING = 'existing',

  /** This stage makes them. A second stage of the account must not. */
  CREATE = 'create',
}

/** How long a replication task lives. */
export enum DmsTask {
  /** Each load makes one and deletes it: nothing of an earlier load can matter. */
  PER_LOAD = 'perLoad',

  /**
   * The first load makes one that stays; the others give it their tables and load by `reload-target`. Saves making and deleting a task, a minute or
   * two of each load, and rests on what AWS has not documented for S3 sources. Delete the task before the stack: it holds the endpoints.
   */
  STANDING = 'standing',
}

/** How `LoadEngine.dms` works. */
export interface DmsEngineProps {
  /**
   * Who makes the roles that DMS wants once in an account. There is no default, because either choice fails in some accounts.
   */
  readonly accountRoles: DmsAccountRoles;

  /**
   * How long a replication task lives. Serverless replications live for one load.
   *
   * @default DmsTask.PER_LOAD
   */
  readonly task?: DmsTask;

  /**
   * What the replications run on.
   *
   * @default - DmsCapacity.instance(): one instance of class dms.t3.medium, which costs while it is idle
   */
  readonly capacity?: DmsCapacity;

  /**
   * Identifier of a replication subnet group for the stage's own capacity.
   *
   * @default - a new one of the subnets of the stage's tasks, which must lie in two Availability Zones
   */
  readonly replicationSubnetGroup?: string;

  /**
   * Security groups of the stage's own capacity.
   *
   * @default - a new one without ingress
   */
  readonly securityGroups?: ec2.ISecurityGroup[];

  /**
   * Key that encrypts the disk of the stage's own capacity, and the settings of its endpoints.
   *
   * @default - the key `aws/dms` of the account
   */
  readonly encryptionKey?: kms.IKey;

  /**
   * Bucket for the files that DMS reads; in the same Region, and without versions, which DMS wants no bucket to have. The stage empties its folder.
   *
   * @default - a new bucket, whose objects expire after a day
   */
  readonly handOffBucket?: s3.IBucket;

  /**
   * How many commits of one dataset a replication task loads, from 1 to 49. Each needs a source table of its own; further commits wait for the
   * next task of the same load. Datasets times lanes must not exceed 100.
   *
   * @default 4
   */
  readonly lanes?: number;

  /**
   * Longest text in a column that the contract gives no length, in whole kibibytes up to 100 MiB. DMS keeps memory for it in every row, and a longer
   * text fails the load before DMS sees it.
   *
   * @default Size.kibibytes(64)
   */
  readonly maxTextSize?: Size;

  /**
   * ARN of a DMS certificate (`AWS::DMS::Certificate`) with the authorities that may sign the database's certificate.
   *
   * @default - the connection is encrypted, and DMS does not check whom it talks to
   */
  readonly certificateArn?: string;

  /**
   * Whether replication tasks write a log to CloudWatch. It names the record that stopped a task.
   *
   * @default true
   */
  readonly logging?: boolean;
}
