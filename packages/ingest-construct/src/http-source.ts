import type { Duration } from 'aws-cdk-lib';

/** One file or endpoint that is fetched by HTTP GET. */
export interface HttpSourceProps {
  /**
   * What is fetched, `https:` or `http:`.
   *
   * Its bytes land as they are; `.gz` at the end of the path tells a compressed file. A URL must not hold credentials:
   * it is recorded in each commit.
   */
  readonly url: string;

  /**
   * Headers of the request. They stand in the template: a header that would hold a secret is refused when the stage runs.
   *
   * @default - the client's own
   */
  readonly headers?: { [name: string]: string };

  /**
   * How long the download may take, with its retries. From 1 second to 24 hours.
   *
   * @default Duration.hours(1)
   */
  readonly timeout?: Duration;

  /**
   * How often a failed request is repeated within one task, from 0 to 20; `Retry-After` is honoured.
   *
   * @default 4
   */
  readonly retries?: number;

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
