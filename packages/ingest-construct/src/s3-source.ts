import type { aws_iam as iam, aws_s3 as s3, Duration } from 'aws-cdk-lib';

/** Objects of another bucket or prefix, in this account or another, in this region or another. */
export interface S3SourceProps {
  /**
   * Where the objects are. One of another account is named by `Bucket.fromBucketName` or `fromBucketArn`; its policy must let
   * the stage's roles in, unless `role` is given.
   */
  readonly bucket: s3.IBucket;

  /**
   * What every key begins with. The stage may list and read below it and nothing else.
   *
   * @default - the whole bucket
   */
  readonly prefix?: string;

  /**
   * Pattern of names below the prefix, like `*.csv` or `2026/**`.
   *
   * @default - every name
   */
  readonly glob?: string;

  /**
   * What a name must end with.
   *
   * @default - any end
   */
  readonly suffix?: string;

  /**
   * Names that end with one of these are left out.
   *
   * @default - no name is
   */
  readonly ignoreSuffixes?: string[];

  /**
   * Key of an object that lists what a run reads, instead of listing the prefix. `{slot}` stands for the run's slot and
   * `{date}` for its date in UTC as `yyyy-MM-dd`.
   *
   * A JSON list of keys, the JSON that databases write beside their exports, S3 Inventory over CSV, or CSV of
   * `bucket,key[,versionId]`, plain or gzip. Keys that do not begin with the prefix are left out.
   *
   * @default - the prefix is listed
   */
  readonly manifestKey?: string;

  /**
   * Where the manifest is.
   *
   * @default - the bucket of the objects
   */
  readonly manifestBucket?: s3.IBucket;

  /**
   * A role that is assumed to read, for a bucket whose owner gives one. Its trust policy must name the stage's roles, and all
   * permissions on the bucket are then this role's.
   *
   * @default - the stage's own roles read
   */
  readonly role?: iam.IRole;

  /**
   * What the owner of `role` asks for when it is assumed.
   *
   * @default - no external id
   */
  readonly externalId?: string;

  /**
   * Whether this account pays for requests and transfer, as a bucket with requester pays asks for.
   *
   * @default false
   */
  readonly requesterPays?: boolean;

  /**
   * The most objects of one run, from 1 to 99999. In the order of keys; the rest waits for the next run. A snapshot with more
   * fails.
   *
   * @default 10000
   */
  readonly maxFiles?: number;

  /**
   * How long reading one object may take, with its retries. From 1 second to 24 hours.
   *
   * @default Duration.hours(1)
   */
  readonly timeout?: Duration;

  /**
   * How often a failed read is repeated within one task, from 0 to 20.
   *
   * @default 4
   */
  readonly retries?: number;

  /**
   * The smallest number of records that a batch may have; a batch with fewer fails and is not committed.
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
