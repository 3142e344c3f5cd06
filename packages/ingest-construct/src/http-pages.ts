import type { HttpPaging } from './http-paging';
import type { HttpRequestProps } from './http-request-props';
import type { HttpSince } from './http-since';

/** An API that answers in pages. Each page becomes one part, as it came. */
export interface HttpPagesSourceProps extends HttpRequestProps {
  /** The first page, `https:` or `http:`, without what the paging adds. It must not hold credentials. */
  readonly url: string;

  /** How a page tells of the next one. */
  readonly paging: HttpPaging;

  /**
   * Where the list of records is in a page, as a JSON pointer such as `/data/items`; `#` is a page that is a list itself.
   *
   * @default - the lines of a page are its records, or nobody counts them where the paging reads JSON
   */
  readonly recordsAt?: string;

  /**
   * How the API is asked for what is new since the last commit.
   *
   * @default - each run reads everything
   */
  readonly since?: HttpSince;

  /**
   * Whether a page without records is the last one, even if it tells of a next one.
   *
   * @default - true for offsets and page numbers, which have no other end; false otherwise
   */
  readonly emptyPageEnds?: boolean;

  /**
   * More pages than this fail, from 1 to 99,999.
   *
   * @default 10000
   */
  readonly maxPages?: number;

  /**
   * Host names beside that of `url` that a page may name as the place of the next one, without port. They get neither
   * headers nor credentials.
   *
   * @default - the next page is on the same origin
   */
  readonly allowedHosts?: string[];
}
