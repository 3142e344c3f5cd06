import type { PageFacts } from './page-scan';
import type { PagingSettings } from './paging-settings';

export interface PageSoFar {
  readonly facts: PageFacts;
  /** The address that a Link header named. */
  readonly link?: string;
  /** Records of all pages up to this one, and how many pages these are. */
  readonly records: number;
  readonly pages: number;
  readonly emptyPageEnds: boolean;
}

/**
 * The address of the first page: the given one, with what counts the pages where it has not been said.
 *
 * @param more further parameters of the query; the pages that are counted, or go on by a cursor, have them too
 */
export function firstPage(url: string, paging: PagingSettings, more: Readonly<Record<string, string>> = {}): URL {
  const at = new URL(url);
  for (const [name, value] of Object.entries(more)) at.searchParams.set(name, value);
  if (paging.by !== 'offset' && paging.by !== 'pageNumber') return at;
  if (!at.searchParams.has(paging.parameter)) at.searchParams.set(paging.parameter, String(paging.first));
  if (paging.sizeParameter !== undefined) at.searchParams.set(paging.sizeParameter, String(paging.size));
  return at;
}

/** The address of the next page; undefined after the last. Throws an Error with a reason for a page that contradicts itself. */
export function nextPage(paging: PagingSettings, start: URL, current: URL, page: PageSoFar): URL | undefined {
  const { facts } = page;
  if (page.emptyPageEnds && facts.records === 0) return undefined;
  switch (paging.by) {
    case 'linkHeader': return page.link === undefined ? undefined : resolve(page.link, current);
    case 'nextLink': {
      const link = tokenAt(facts, paging.at);
      return link === undefined ? undefined : resolve(link, current);
    }
    case 'cursor': {
      const cursor = tokenAt(facts, paging.at);
      const more = paging.moreAt === undefined ? undefined : facts.value(paging.moreAt);
      if (more === false || (cursor === undefined && more !== true)) return undefined;
      if (cursor === undefined) throw new Error(`it says at ${paging.moreAt} that there is more, and has no cursor at ${paging.at}`);
      return withParameter(start, paging.parameter, cursor);
    }
    case 'offset': {
      if (totalReached(facts, paging.totalAt, page.records)) return undefined;
      // By the records that came, not by those asked for: some sources send fewer than that.
      return withParameter(current, paging.parameter, String(numberOf(start, paging.parameter) + page.records));
    }
    case 'pageNumber': {
      if (totalReached(facts, paging.totalAt, page.records)) return undefined;
      return withParameter(current, paging.parameter, String(numberOf(start, paging.parameter) + page.pages));
    }
  }
}

function totalReached(facts: PageFacts, totalAt: string | undefined, records: number): boolean {
  if (totalAt === undefined) return false;
  const total = facts.value(totalAt);
  if (typeof total !== 'string' || !/^\d{1,15}$/.test(total)) throw new Error(`at totalAt ${totalAt} there is no whole number`);
  return records >= Number(total);
}

/** Text or number; null, false and empty text mean that there is no more. */
function tokenAt(facts: PageFacts, pointer: string): string | undefined {
  const value = facts.value(pointer);
  if (value === undefined || value === null || value === false || value === '') return undefined;
  if (typeof value === 'string') return value;
  throw new Error(`at ${pointer} there is neither text nor a number`);
}

function resolve(link: string, current: URL): URL {
  if (!URL.canParse(link, current.href)) throw new Error('the address of its next page cannot be read');
  return new URL(link, current.href);
}

function withParameter(url: URL, name: string, value: string): URL {
  const next = new URL(url);
  next.searchParams.set(name, value);
  return next;
}

function numberOf(start: URL, parameter: string): number {
  return Number(start.searchParams.get(parameter));
}
