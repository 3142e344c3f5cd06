import type { Fields } from '../../run/settings';
import type { SourceSettings } from '../source/source-kind';
import { parseDates, type DateSettings } from './files/date-settings';
import { checkTemplate } from './files/url-template';
import { parseUrl } from './redact-url';
import { checkAddressText, parseRequest, type RequestSettings } from './request-settings';

/** Files behind HTTP: one, a list, or one for each step of a calendar. */
export interface HttpSourceSettings extends SourceSettings, RequestSettings {
  readonly kind: 'http';
  /** One file, or with `dates` the template of their addresses. Exactly one of `url` and `urls` is there. */
  readonly url?: string;
  readonly urls?: readonly string[];
  readonly dates?: DateSettings;
}

/** More addresses make settings that no template can hold. */
const MAX_URLS = 1_000;

export function parseHttpSource(fields: Fields, common: Omit<SourceSettings, 'kind'>): HttpSourceSettings {
  const request = parseRequest(fields);
  const dates = fields.child('dates', parseDates, { optional: true });
  const urls = parseUrls(fields);
  if (urls !== undefined) {
    if (fields.has('url')) fields.problem('url', 'cannot stand beside urls; leave one of them out');
    if (dates !== undefined) fields.problem('dates', 'needs one template in url; leave urls out');
    const origins = new Set(urls.map((url) => parseUrl(url)?.origin));
    if ((request.auth !== undefined || request.certificate !== undefined) && origins.size > 1) {
      fields.problem('urls', 'must all be on one origin when there is auth or a certificate, so that credentials stay there; make the others a source of their own');
    }
    fields.any('url');
    return { kind: 'http', urls, ...request, ...common };
  }
  const url = fields.text('url');
  // A template's braces are no matter to the parser of addresses.
  checkAddressText(fields, 'url', url);
  if (dates !== undefined) for (const problem of checkTemplate(url, dates.step)) fields.problem('url', problem);
  return { kind: 'http', url, ...(dates === undefined ? {} : { dates }), ...request, ...common };
}

function parseUrls(fields: Fields): string[] | undefined {
  const value = fields.any('urls');
  if (value === undefined || value === null || value === '') return undefined;
  if (!Array.isArray(value) || value.length === 0 || value.length > MAX_URLS || !value.every((each) => typeof each === 'string' && each !== '')) {
    fields.problem('urls', `must be a list of 1 to ${MAX_URLS} addresses`);
    return [];
  }
  const urls = value as string[];
  urls.forEach((url, index) => checkAddressText(fields, `urls[${index}]`, url));
  if (new Set(urls).size < urls.length) fields.problem('urls', 'names an address twice; leave one out, or its records count twice');
  return urls;
}
