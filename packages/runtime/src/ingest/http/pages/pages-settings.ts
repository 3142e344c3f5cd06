import type { Fields } from '../../../run/settings';
import type { SourceSettings } from '../../source/source-kind';
import { checkAddressText, parseRequest, type RequestSettings } from '../request-settings';
import { parsePaging, parsePointer, pointersOf, type PagingSettings } from './paging-settings';

/** An API that answers in pages. */
export interface HttpPagesSettings extends SourceSettings, RequestSettings {
  readonly kind: 'httpPages';
  /** The first page. */
  readonly url: string;
  readonly paging: PagingSettings;
  /** Where the list of records is in a page of JSON; undefined where the lines of a page are the records. */
  readonly recordsAt?: string;
  /** Whether a page without records is the last one, even if it tells of a next one. */
  readonly emptyPageEnds: boolean;
  readonly maxPages: number;
  /** Hosts beside that of `url` that a page may name as the place of the next one. */
  readonly allowedHosts: readonly string[];
}

export const DEFAULT_MAX_PAGES = 10_000;

export function parseHttpPages(fields: Fields, common: Omit<SourceSettings, 'kind'>): HttpPagesSettings {
  const url = fields.text('url');
  checkAddressText(fields, 'url', url);
  const request = parseRequest(fields);
  const paging = fields.child('paging', parsePaging);
  const recordsAt = parsePointer(fields, 'recordsAt', true);
  const counted = paging?.by === 'offset' || paging?.by === 'pageNumber';
  if (counted && recordsAt === undefined && pointersOf(paging).length > 0) fields.problem('recordsAt', 'is missing; with paging.totalAt a page is JSON, and its records must be counted');
  return {
    kind: 'httpPages', url, ...request, paging, ...(recordsAt === undefined ? {} : { recordsAt }),
    emptyPageEnds: fields.boolean('emptyPageEnds', { optional: true }) ?? counted,
    // A part has five digits for its page.
    maxPages: fields.integer('maxPages', { min: 1, max: 99_999, optional: true }) ?? DEFAULT_MAX_PAGES,
    allowedHosts: parseHosts(fields),
    ...common,
  };
}

function parseHosts(fields: Fields): string[] {
  const value = fields.any('allowedHosts');
  if (value === undefined || value === null) return [];
  if (Array.isArray(value) && value.every((each) => typeof each === 'string' && /^[a-z0-9.-]+$/.test(each))) return value as string[];
  fields.problem('allowedHosts', `must be a list of host names in lower case, without port, got ${JSON.stringify(value)}`);
  return [];
}
