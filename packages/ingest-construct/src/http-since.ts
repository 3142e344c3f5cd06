import { Duration } from 'aws-cdk-lib';
import { CursorNulls } from './cursor-nulls';
import { HttpTimeFormat, type HttpSinceTimeProps } from './http-since-time';
import type { HttpSinceValueProps } from './http-since-value';

/** From a token that the source gave for the next time. */
export interface HttpSinceTokenProps {
  /** The query parameter that takes the token: `syncToken`. */
  readonly parameter: string;

  /**
   * Where a page has it, the last one at least, as a JSON pointer such as `/nextSyncToken`. Of a link, such as
   * `/@odata.deltaLink`, the value of `parameter` counts.
   */
  readonly tokenAt: string;

  /**
   * What the first run asks with.
   *
   * @default - the first run asks without the parameter
   */
  readonly first?: string;
}

/**
 * What an API is asked with, so that it answers with what is new. The cursor moves with the commit alone.
 *
 * Windows and values read their boundary again, so the dataset needs `headraceHistory: changes` and a primary key; tokens also
 * suit `append`. With links the parameters are sent with the first page, else with every page.
 */
export abstract class HttpSince {
  /** By the time of the run. Suits pages of every format, since it does not look into them. */
  static time(props: HttpSinceTimeProps): HttpSince {
    const { parameter, untilParameter, format, lag, first } = props;
    return new SettingsSince({
      by: 'time', parameter, untilParameter, format: format ?? HttpTimeFormat.ISO_8601, lagSeconds: (lag ?? Duration.minutes(10)).toSeconds(), first,
    });
  }

  /** By a value of the records, such as a number from a sequence. Needs `recordsAt`, or NDJSON with paging by link header, offset or page number. */
  static value(props: HttpSinceValueProps): HttpSince {
    const { parameter, untilParameter, valueAt, order, lag, lagValues, cursorNulls, first } = props;
    return new SettingsSince({
      by: 'value', parameter, untilParameter, at: valueAt, order, lagSeconds: lag?.toSeconds(), lagValues, nulls: cursorNulls ?? CursorNulls.FAIL, first,
    });
  }

  /** By a token of the source's own. There are no back-fills. */
  static token(props: HttpSinceTokenProps): HttpSince {
    return new SettingsSince({ by: 'token', parameter: props.parameter, at: props.tokenAt, first: props.first });
  }

  /** @internal */
  abstract get _settings(): Record<string, unknown>;
}

class SettingsSince extends HttpSince {
  constructor(private readonly settings: Record<string, unknown>) {
    super();
  }

  /** @internal */
  get _settings(): Record<string, unknown> {
    return this.settings;
  }
}
