import type { aws_secretsmanager as secretsmanager, Duration } from 'aws-cdk-lib';
import type { FileOrder } from './file-order';

/** Files in a folder of an SFTP server. */
export interface SftpSourceProps {
  /** Name or address of the server. The stage's tasks must reach it; see `connections` of the stage for a VPC of your own. */
  readonly host: string;

  /**
   * Port of the server, from 1 to 65535.
   *
   * @default 22
   */
  readonly port?: number;

  /**
   * A JSON object with `password`, or `privateKey` (PEM or OpenSSH form) and its `passphrase` if it has one; and `username`
   * where the prop is left out. It is read again for each connection.
   */
  readonly secret: secretsmanager.ISecret;

  /**
   * Who logs in.
   *
   * @default - `username` of the secret
   */
  readonly username?: string;

  /**
   * Fingerprints of the server's host keys, `SHA256:…`, one of which it must show: ask its owner, and compare with
   * `ssh-keyscan <host> | ssh-keygen -lf -`. Name the new one beside the old before a server changes its key.
   */
  readonly hostKeys: string[];

  /** The folder, absolute or relative to that of the login. */
  readonly path: string;

  /**
   * Pattern of names below the folder, like `*.csv`; with a slash or `**` it leads into folders. Links to folders are not followed.
   *
   * @default - every file in the folder itself
   */
  readonly glob?: string;

  /**
   * What a name must end with.
   *
   * @default - any end
   */
  readonly suffix?: string;

  /**
   * Names that end with one of these are left out, since they are still being written.
   *
   * @default - `.part`, `.partial`, `.filepart` and `.tmp`
   */
  readonly ignoreSuffixes?: string[];

  /**
   * The order of files in a batch.
   *
   * @default - by name
   */
  readonly order?: FileOrder;

  /**
   * Age below which a file may still be written to, and waits for the next run. From 0 to 24 hours; the clocks of server and
   * task are compared.
   *
   * @default Duration.seconds(60)
   */
  readonly settle?: Duration;

  /**
   * The most files of one run, from 1 to 99999. The first in order; the rest waits for the next run. A snapshot with more fails.
   *
   * @default 10000
   */
  readonly maxFiles?: number;

  /**
   * How long reading one file may take, with its retries. From 1 second to 24 hours.
   *
   * @default Duration.hours(1)
   */
  readonly timeout?: Duration;

  /**
   * How often a failed read is repeated within one task, from 0 to 20; it goes on at the byte reached.
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
