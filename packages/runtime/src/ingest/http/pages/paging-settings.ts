import type { Fields } from '../../../run/settings';
import { JSON_POINTER } from '../../../contract/json-pointer';

/** How one page tells of the next. Names ending in `At` are JSON pointers into the page. */
export type PagingSettings =
  | { readonly by: 'linkHeader' }
  | { readonly by: 'nextLink'; readonly at: string }
  | { readonly by: 'cursor'; readonly at: string; readonly parameter: string; readonly moreAt?: string }
  | { readonly by: 'offset'; readonly parameter: string; readonly first: number; readonly sizeParameter?: string; readonly size?: number; readonly totalAt?: string }
  | { readonly by: 'pageNumber'; readonly parameter: string; readonly first: number; readonly sizeParameter?: string; readonly size?: number; readonly totalAt?: string };

const KINDS = ['linkHeader', 'nextLink', 'cursor', 'offset', 'pageNumber'] as const;

export function parsePaging(fields: Fields): PagingSettings {
  const by = fields.choice('by', KINDS);
  switch (by) {
    case 'linkHeader': return { by };
    case 'nextLink': return { by, at: parsePointer(fields, 'at') };
    case 'cursor': {
      const moreAt = parsePointer(fields, 'moreAt', true);
      return { by, at: parsePointer(fields, 'at'), parameter: fields.text('parameter'), ...(moreAt === undefined ? {} : { moreAt }) };
    }
    default: return parseCounted(fields, by);
  }
}

function parseCounted(fields: Fields, by: 'offset' | 'pageNumber'): PagingSettings {
  const size = fields.integer('size', { min: 1, max: 1_000_000, optional: true });
  const sizeParameter = fields.text('sizeParameter', { optional: true });
  const totalAt = parsePointer(fields, 'totalAt', true);
  if ((size === undefined) !== (sizeParameter === undefined)) {
    fields.problem(size === undefined ? 'size' : 'sizeParameter', 'is missing; size and sizeParameter belong together');
  }
  return {
    by, parameter: fields.text('parameter'), first: fields.integer('first', { min: 0, max: Number.MAX_SAFE_INTEGER, optional: true }) ?? (by === 'offset' ? 0 : 1),
    ...(size === undefined || sizeParameter === undefined ? {} : { size, sizeParameter }), ...(totalAt === undefined ? {} : { totalAt }),
  };
}

/** A JSON pointer, with `#` for the empty one. */
export function parsePointer(fields: Fields, key: string): string;
export function parsePointer(fields: Fields, key: string, optional: true): string | undefined;
export function parsePointer(fields: Fields, key: string, optional = false): string | undefined {
  const text = optional ? fields.text(key, { optional: true }) : fields.text(key);
  if (text === undefined || text === '') return text;
  const pointer = text === WHOLE_PAGE ? '' : text;
  if (!JSON_POINTER.test(pointer)) fields.problem(key, `must be a JSON pointer like /links/next, or ${WHOLE_PAGE} for the whole page, got ${JSON.stringify(text)}`);
  return pointer;
}

/** The empty pointer as a URI fragment (RFC 6901, section 6): in settings, empty text counts as missing. */
export const WHOLE_PAGE = '#';

/** The pointers that a page must be read for. */
export function pointersOf(paging: PagingSettings): string[] {
  switch (paging.by) {
    case 'linkHeader': return [];
    case 'nextLink': return [paging.at];
    case 'cursor': return [paging.at, ...(paging.moreAt === undefined ? [] : [paging.moreAt])];
    default: return paging.totalAt === undefined ? [] : [paging.totalAt];
  }
}
