import type { Fields } from '../../../run/settings';
import type { SourceSettings } from '../../source/source-kind';
import { checkAddressText, parseRequest, type RequestSettings } from '../request-settings';
import { parsePaging, parsePointer, pointersOf, type PagingSettings } from './paging-settings';
import { checkParameters, parseSince, type SinceSettings } from './since-settings';

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
  /** What is asked for beyond what earlier commits have. @default - each run asks for everything */
  readonly since?: SinceSettings;
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
  const since = fields.child('since', parseSince, { optional: true });
  if (since !== undefined && paging !== undefined) checkParameters(fields, url, since, paging, request.auth?.by === 'apiKeyQuery' ? request.auth.name : undefined);
  return {
    kind: 'httpPages', url, ...request, paging, ...(recordsAt === undefined ? {} : { recordsAt }),
    emptyPageEnds: fields.boolean('emptyPageEnds', { optional: true }) ?? counted,
    // A part has five digits for its page.
    maxPages: fields.integer('maxPages', { min: 1, max: 99_999, optional: true }) ?? DEFAULT_MAX_PAGES,
    allowedHosts: parseHosts(fields), ...(since === undefined ? {} : { since }),
    ...common,
  };
}

/** What is looked up in every page, as JSON pointers. */
export function pagePointers({ paging, since }: Pick<HttpPagesSettings, 'paging' | 'since'>): string[] {
  return [...pointersOf(paging), ...(since?.by === 'token' ? [since.at] : [])];
}

function parseHosts(fields: Fields): string[] {
  const value = fields.any('allowedHosts');
  if (value === undefined || value === null) return [];
  if (Array.isArray(value) && value.every((each) => typeof each === 'string' && /^[a-z0-9.-]+$/.test(each))) return value as string[];
  fields.problem('allowedHosts', `must be a list of host names in lower case, without port, got ${JSON.stringify(value)}`);
  return [];
}
