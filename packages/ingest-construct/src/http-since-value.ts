import type { Duration } from 'aws-cdk-lib';
import type { CursorNulls } from './cursor-nulls';

/** How the values of records are compared. All comparisons are exact, whatever the size or the number of digits. */
export enum HttpSinceOrder {
  /** Numbers, also those that stand in quotes: `9007199254740993`. */
  NUMBER = 'number',

  /** Times like `2026-01-31T09:00:00.123Z`, `2026-01-31 09:00:00+01:00`, or all of them without zone. Of a zone, the moment counts. */
  TIME = 'time',

  /** Text in the order of its code points, as of identifiers that sort by time. */
  TEXT = 'text',
}

/** From the largest value that records had so far. */
export interface HttpSinceValueProps {
  /** The query parameter that takes the value: `since_id`. */
  readonly parameter: string;

  /** Where the value is in a record, as a JSON pointer such as `/id` or `/meta/updatedAt`. */
  readonly valueAt: string;

  /** How values are compared. */
  readonly order: HttpSinceOrder;

  /**
   * The query parameter that takes the end of a back-fill.
   *
   * @default - back-fills are refused
   */
  readonly untilParameter?: string;

  /**
   * How far back a run reads beyond the largest time; of the order TIME. From 0 to 366 days; longer than the longest transaction behind the API, and
   * also than a run reads where the times have no zone.
   *
   * @default Duration.seconds(0)
   */
  readonly lag?: Duration;

  /**
   * The same of the order NUMBER, where the values are whole numbers. As many as are given out during the longest transaction and one run.
   *
   * @default 0
   */
  readonly lagValues?: number;

  /**
   * What becomes of records whose value is null or absent. They land as they come; FAIL ends the run, FIRST_RUN does so in all runs but the one
   * that begins without a cursor, SKIP lets them pass.
   *
   * @default - CursorNulls.FAIL
   */
  readonly cursorNulls?: CursorNulls;

  /**
   * What the first run asks with, written as the values are.
   *
   * @default - the first run asks without the parameter
   */
  readonly first?: string;
}
