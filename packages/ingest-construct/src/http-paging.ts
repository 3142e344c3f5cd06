/** A page tells the next one by a token in its body. */
export interface HttpCursorPagingProps {
  /** Where the cursor is in a page, as a JSON pointer such as `/meta/next_cursor`. Null, false, empty or absent ends. */
  readonly cursorAt: string;

  /** The query parameter that takes it. */
  readonly parameter: string;

  /**
   * Where a page says whether there is more; false ends, whatever the cursor is.
   *
   * @default - the cursor alone tells
   */
  readonly moreAt?: string;
}

/** Pages are counted by a number in the query. */
export interface HttpCountedPagingProps {
  /** The query parameter that counts. */
  readonly parameter: string;

  /**
   * Its value for the first page, from 0.
   *
   * @default - 0 for offsets, 1 for page numbers
   */
  readonly first?: number;

  /**
   * The query parameter that asks for a number of records; needs `pageSize`.
   *
   * @default - the source decides
   */
  readonly sizeParameter?: string;

  /**
   * Records to ask for in each page, from 1 to 1,000,000. A source may send fewer: only an empty page, or the total, ends.
   *
   * @default - the source decides
   */
  readonly pageSize?: number;

  /**
   * Where a page tells the number of all records, as a JSON pointer; saves asking for the empty page. Needs `recordsAt`.
   *
   * @default - the first page without records is the last
   */
  readonly totalAt?: string;
}

/**
 * How a page tells of the next one. Prefer links and cursors: offsets and page numbers can miss records where records
 * before them are deleted while pages are read.
 */
export abstract class HttpPaging {
  /** A `Link` header with `rel="next"` (RFC 8288). */
  static linkHeader(): HttpPaging {
    return new SettingsPaging({ by: 'linkHeader' });
  }

  /**
   * An address in the body; null, false, empty or absent ends.
   *
   * @param linkAt where it is, as a JSON pointer such as `/links/next`
   */
  static nextLink(linkAt: string): HttpPaging {
    return new SettingsPaging({ by: 'nextLink', at: linkAt });
  }

  /** A token in the body, which goes into the query of the next request. */
  static cursor(props: HttpCursorPagingProps): HttpPaging {
    return new SettingsPaging({ by: 'cursor', at: props.cursorAt, parameter: props.parameter, moreAt: props.moreAt });
  }

  /** The number of records that were read so far. */
  static offset(props: HttpCountedPagingProps): HttpPaging {
    return new SettingsPaging(counted('offset', props));
  }

  /** The number of the page. */
  static pageNumber(props: HttpCountedPagingProps): HttpPaging {
    return new SettingsPaging(counted('pageNumber', props));
  }

  /** @internal */
  abstract get _settings(): Record<string, unknown>;
}

class SettingsPaging extends HttpPaging {
  constructor(private readonly settings: Record<string, unknown>) {
    super();
  }

  /** @internal */
  get _settings(): Record<string, unknown> {
    return this.settings;
  }
}

function counted(by: string, { parameter, first, sizeParameter, pageSize, totalAt }: HttpCountedPagingProps): Record<string, unknown> {
  return { by, parameter, first, sizeParameter, size: pageSize, totalAt };
}
