import type { Fields } from '../../run/settings';
import type { SourceSettings } from '../source/source-kind';
import { parseUrl } from './redact-url';

/** Where a dataset comes from, over HTTP. Holds no secrets. */
export interface HttpSourceSettings extends SourceSettings {
  readonly kind: 'http';
  readonly url: string;
  /** Lower case names. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Headers that this stage sets itself, or that would change what the bytes are. */
const RESERVED_HEADERS = new Set([
  'accept-encoding', 'connection', 'content-length', 'expect', 'host', 'if-match', 'if-modified-since', 'if-none-match', 'if-range', 'if-unmodified-since',
  'keep-alive', 'range', 'te', 'trailer', 'transfer-encoding', 'upgrade',
]);

/** Headers that hold secrets; settings are readable by everybody who may read the stack. */
const SECRET_HEADERS = /^(authorization|proxy-authorization|cookie)$|token|secret|api-?key/;

export function parseHttpSource(fields: Fields, common: Omit<SourceSettings, 'kind'>): HttpSourceSettings {
  return { kind: 'http', url: parseSourceUrl(fields), headers: parseHeaders(fields), ...common };
}

function parseSourceUrl(fields: Fields): string {
  const text = fields.text('url');
  if (text === '') return text;
  const url = parseUrl(text);
  // The text is not shown: it may hold the very password that makes it wrong.
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:')) fields.problem('url', 'must be an http or https address, like https://example.com/trips.csv.gz');
  else if (url.username !== '' || url.password !== '') fields.problem('url', 'must not hold a user or password; settings are no place for secrets');
  return text;
}

function parseHeaders(fields: Fields): Record<string, string> {
  const given = fields.texts('headers', { optional: true, names: /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/ });
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(given)) {
    const lower = name.toLowerCase();
    if (RESERVED_HEADERS.has(lower)) fields.problem(`headers.${name}`, 'is set by the stage itself; leave it out');
    else if (SECRET_HEADERS.test(lower)) fields.problem(`headers.${name}`, 'would put a secret into the settings; sources that need one are not supported yet');
    else if (lower in headers) fields.problem(`headers.${name}`, 'is given twice');
    else if (typeof value === 'string' && /[\r\n\0]/.test(value)) fields.problem(`headers.${name}`, 'must be one line');
    else headers[lower] = value;
  }
  return headers;
}
