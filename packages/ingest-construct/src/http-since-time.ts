import type { Duration } from 'aws-cdk-lib';

/** How times are written in the query. All are in UTC. */
export enum HttpTimeFormat {
  /** `2026-01-31T09:00:00Z`. */
  ISO_8601 = 'iso',

  /** Seconds since 1970. */
  EPOCH_SECONDS = 'seconds',

  /** Milliseconds since 1970. */
  EPOCH_MILLIS = 'millis',

  /** `2026-01-31`. The day of the last cursor is read again. */
  DATE = 'date',
}

/** A window of time: from the end of the last commit's, less the lag, to the time of the run. */
export interface HttpSinceTimeProps {
  /** The query parameter that takes the beginning: `updated_since`. */
  readonly parameter: string;

  /**
   * The query parameter that takes the end. A back-fill needs it.
   *
   * @default - the source sends all up to now; the window ends at the time of the run all the same, and what is younger comes again
   */
  readonly untilParameter?: string;

  /**
   * How times are written.
   *
   * @default - HttpTimeFormat.ISO_8601
   */
  readonly format?: HttpTimeFormat;

  /**
   * How far back a run reads beyond the last window, for records that are seen a while after their time, and for clocks that differ. From 0 to
   * 366 days; longer than the longest transaction behind the API.
   *
   * @default Duration.minutes(10)
   */
  readonly lag?: Duration;

  /**
   * Where the first run begins: a date or a time with zone, like `2026-01-31` or `2026-01-31T09:00:00Z`.
   *
   * @default - the first run asks without the parameter
   */
  readonly first?: string;
}
