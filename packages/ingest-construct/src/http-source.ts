import type { Duration } from 'aws-cdk-lib';
import type { HttpRequestProps } from './http-request-props';

/** One file or endpoint that is fetched by HTTP GET. */
export interface HttpSourceProps extends HttpRequestProps {
  /**
   * What is fetched, `https:` or `http:`.
   *
   * Its bytes land as they are; `.gz` at the end of the path tells a compressed file. A URL must not hold credentials:
   * it is recorded in each commit.
   */
  readonly url: string;
}

/** Several files that are fetched by HTTP GET. */
export interface HttpFilesSourceProps extends HttpRequestProps {
  /**
   * The files, 1 to 1,000, in the order of the data; each becomes one part. With credentials all are on one origin.
   */
  readonly urls: string[];
}

/** How often there is a new file. */
export enum HttpDateStep {
  /** One file an hour. */
  HOUR = 'hour',

  /** One file a day. */
  DAY = 'day',

  /** One file a month. */
  MONTH = 'month',
}

/** What it means that a file is not there. */
export enum HttpMissingFile {
  /** The run fails, and the next attempt looks again. */
  FAIL = 'fail',

  /** The file is left out, with a warning in the log. The cursor never moves past the last file that is there. */
  SKIP = 'skip',
}

/** Files of which there is one for each hour, day or month. */
export interface HttpDatesSourceProps extends HttpRequestProps {
  /**
   * The address of each file, with the parts of its date in braces: `yyyy` or `yy`, `MM` or `M`, `dd` or `d`, `HH` or `H`,
   * alone or together: `https://example.com/{yyyy}/{MM}/trips-{yyyy-MM-dd}.csv.gz`.
   */
  readonly urlTemplate: string;

  /** How often there is a new file. */
  readonly step: HttpDateStep;

  /**
   * The first file there is: `2026-01-31` for days, `2026-01` for months, `2026-01-31T09Z` for hours.
   *
   * The first run reads from here, each further run from where the last commit ended, up to the scheduled time of its slot.
   * A dataset with `history: snapshot` reads the newest file alone.
   */
  readonly firstDate: string;

  /**
   * IANA name of the zone whose dates and hours the addresses show.
   *
   * @default 'UTC'
   */
  readonly timeZone?: string;

  /**
   * From the beginning of a step until its file is there, from 0 to 366 days. `Duration.hours(0)` reads today's file today,
   * `Duration.hours(26)` a day's file two hours after the day.
   *
   * @default - until the step has ended
   */
  readonly availableAfter?: Duration;

  /**
   * Files before the newest one of the last commit that are asked again, in case they changed or came late; from 0 to
   * 10,000. Files that did not change are not fetched; one that changed lands again as a whole, so a dataset of history
   * `append` is refused: write `headraceHistory: changes` with a primary key.
   *
   * @default 0
   */
  readonly lag?: number;

  /**
   * What it means that a file is not there (404 or 410).
   *
   * @default HttpMissingFile.FAIL
   */
  readonly missingFile?: HttpMissingFile;
}
