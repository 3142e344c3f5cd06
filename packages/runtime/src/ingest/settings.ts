import { IDENTIFIER } from '../run/ids';
import { readSettings, type Fields } from '../run/settings';
import type { ObjectRef } from '../stores/object-store';
import { parseUrl } from './redact-url';

/** Where a dataset comes from, over HTTP. Holds no secrets. */
export interface HttpSourceSettings {
  readonly kind: 'http';
  readonly url: string;
  /** Lower case names. */
  readonly headers: Readonly<Record<string, string>>;
  /** For the whole download, with its retries. */
  readonly timeoutSeconds: number;
  /** Tries after the first. */
  readonly retries: number;
  /** A file with fewer records is not committed. */
  readonly minRows: number;
}

export interface IngestSettings {
  readonly pipeline: string;
  readonly rawBucket: string;
  readonly workPrefix: string;
  readonly contract: ObjectRef;
  readonly codeVersion: string;
  readonly sources: Readonly<Record<string, HttpSourceSettings>>;
}

export const DEFAULT_TIMEOUT_SECONDS = 3_600;
export const DEFAULT_RETRIES = 4;

/** Headers that this stage sets itself, or that would change what the bytes are. */
const RESERVED_HEADERS = new Set([
  'accept-encoding', 'connection', 'content-length', 'expect', 'host', 'if-match', 'if-modified-since', 'if-none-match', 'if-range', 'if-unmodified-since',
  'keep-alive', 'range', 'te', 'trailer', 'transfer-encoding', 'upgrade',
]);

/** Headers that hold secrets; settings are readable by everybody who may read the stack. */
const SECRET_HEADERS = /^(authorization|proxy-authorization|cookie)$|token|secret|api-?key/;

/** Reads the settings of the ingest stage; throws PipelineError `CONFIG` with every problem. */
export function parseIngestSettings(json: unknown): IngestSettings {
  return readSettings(json, 'ingest settings', (fields) => {
    const settings: IngestSettings = {
      pipeline: fields.identifier('pipeline'),
      rawBucket: fields.text('rawBucket'),
      workPrefix: fields.text('workPrefix'),
      contract: fields.child('contract', (contract) => ({ bucket: contract.text('bucket'), key: contract.text('key') })),
      codeVersion: fields.text('codeVersion'),
      sources: fields.record('sources', parseSource, { names: IDENTIFIER }),
    };
    if (settings.workPrefix !== '' && !settings.workPrefix.startsWith(`${settings.pipeline}/`)) {
      fields.problem('workPrefix', `must begin with the pipeline's prefix ${settings.pipeline}/, got ${JSON.stringify(settings.workPrefix)}`);
    }
    if (fields.has('sources') && Object.keys(settings.sources).length === 0) fields.problem('sources', 'must name at least one dataset');
    return settings;
  });
}

function parseSource(fields: Fields): HttpSourceSettings {
  fields.choice('kind', ['http']);
  return {
    kind: 'http',
    url: parseSourceUrl(fields),
    headers: parseHeaders(fields),
    timeoutSeconds: fields.integer('timeoutSeconds', { min: 1, max: 86_400, optional: true }) ?? DEFAULT_TIMEOUT_SECONDS,
    retries: fields.integer('retries', { min: 0, max: 20, optional: true }) ?? DEFAULT_RETRIES,
    minRows: fields.integer('minRows', { min: 0, max: Number.MAX_SAFE_INTEGER, optional: true }) ?? 0,
  };
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
