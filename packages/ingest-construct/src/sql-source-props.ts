import type { Duration, Size } from 'aws-cdk-lib';
import type { CursorNulls } from './cursor-nulls';
import type { SourceDatabase } from './source-database';

/** What is read of a database, of whichever engine, and how. */
export interface SqlSourceProps {
  /**
   * The server.
   */
  readonly database: SourceDatabase;

  /**
   * Name of a table or view, in its own upper and lower case. Only the columns that the contract names are read.
   *
   * @default - what query gives
   */
  readonly table?: string;

  /**
   * One query, without `;` and comments, whose columns have the names of the contract's fields. It runs in a read-only transaction.
   *
   * @default - the table is read
   */
  readonly query?: string;

  /**
   * Key whose ranges are read as shards, each one part of the batch: a column with an index, best the primary key.
   *
   * @default - one shard
   */
  readonly shardBy?: string;

  /**
   * Number of shards, from 1 to 1,000.
   *
   * @default - by shardSize
   */
  readonly shards?: number;

  /**
   * About how much one shard holds, as the server estimates it, from 1 MiB to 1 TiB.
   *
   * @default Size.gibibytes(1)
   */
  readonly shardSize?: Size;

  /**
   * Whether all shards are of one moment. Then one task reads them, one after the other, in one transaction, and an attempt whose
   * connection is lost in between fails. Otherwise each shard is of its own moment, and as many tasks as the size allows read them side by side.
   *
   * @default true
   */
  readonly sharedSnapshot?: boolean;

  /**
   * Column that only grows, such as a time of the last change or a number from a sequence: a run reads what is new by it.
   * The boundary is read again, so the dataset needs `headraceHistory: changes` and a primary key.
   *
   * @default - each run reads everything
   */
  readonly cursorColumn?: string;

  /**
   * How far back a run reads beyond the last cursor, for rows that were committed late; of a cursor in time, up to 366 days.
   * Longer than the longest transaction that writes to the table.
   *
   * @default Duration.seconds(0)
   */
  readonly lag?: Duration;

  /**
   * The same of a cursor in numbers.
   *
   * @default 0
   */
  readonly lagValues?: number;

  /**
   * What becomes of rows whose cursor is NULL.
   *
   * @default - CursorNulls.FAIL
   */
  readonly cursorNulls?: CursorNulls;

  /**
   * Longest wait for a lock of somebody else. From 1 second to 1 hour.
   *
   * @default Duration.seconds(60)
   */
  readonly lockTimeout?: Duration;

  /**
   * How long one shard may take, with its retries; also the longest statement. From 1 second to 24 hours.
   *
   * @default Duration.hours(1)
   */
  readonly timeout?: Duration;

  /**
   * How often a failed export is begun again within one task, from 0 to 20.
   *
   * @default 4
   */
  readonly retries?: number;

  /**
   * The smallest number of records that a batch may have. A batch with fewer fails and is not committed.
   *
   * @default 0
   */
  readonly minRows?: number;

  /**
   * By how many percent a batch may have fewer records than the last one, from 0 to 100. One with fewer fails and is not committed.
   *
   * @default - no guard
   */
  readonly maxShrink?: number;
}
