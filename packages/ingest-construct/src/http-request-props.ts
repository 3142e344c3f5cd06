import type { aws_secretsmanager as secretsmanager, Duration, Size } from 'aws-cdk-lib';
import type { HttpAuth } from './http-auth';

/** How a source is asked, over HTTP. */
export interface HttpRequestProps {
  /**
   * Headers of each request. They stand in the template: a header that would hold a secret is refused.
   *
   * @default - the client's own
   */
  readonly headers?: { [name: string]: string };

  /**
   * Who asks. Credentials are read from Secrets Manager when they are needed, and again when the source refuses them; they
   * go to the origin of the URL alone, and follow no redirect to another. An `http:` URL is refused with them, but for one on
   * the own machine.
   *
   * @default - the source needs no credentials
   */
  readonly auth?: HttpAuth;

  /**
   * The certificate that the client shows, for mutual TLS: JSON with the texts `certificate` and `privateKey`, both PEM, and
   * `passphrase` where the key has one.
   *
   * @default - no certificate is shown
   */
  readonly clientCertificate?: secretsmanager.ISecret;

  /**
   * Certificates of further authorities that the source may be signed by, PEM. They stand in the template.
   *
   * @default - the well-known authorities
   */
  readonly trustedCertificates?: string;

  /**
   * Requests in a minute, from 1 to 60,000, evenly spaced. All files of such a source are read by one task, so that tasks
   * need not share the budget.
   *
   * @default - no limit
   */
  readonly requestsPerMinute?: number;

  /**
   * The largest size of one file, or of all pages together. What is larger fails, and nothing of it is committed.
   *
   * @default - no limit
   */
  readonly maxSize?: Size;

  /**
   * How long a file, or all pages, may take with their retries. From 1 second to 24 hours.
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

  /**
   * How many tasks may read the source at the same time, from 1 to 1000.
   *
   * @default - as many as the size of the stage has
   */
  readonly maxConcurrency?: number;
}
