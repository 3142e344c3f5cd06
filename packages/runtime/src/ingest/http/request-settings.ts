import type { Fields } from '../../run/settings';
import type { SourceDeps } from '../source/source-kind';
import { ClientCertificate } from './auth/client-certificate';
import { parseAuth, parseSecretArn, type AuthSettings, type CertificateSettings } from './auth/auth-settings';
import { httpAuth } from './auth/http-auth';
import { DEFAULT_TIMEOUTS, HttpClient, type ClientOptions } from './http-request';
import { RateBudget } from './rate-budget';
import { checkHeaders } from './check-headers';
import { parseUrl } from './redact-url';

/** How a source is asked, over HTTP. Holds no secrets: those are named by ARN. */
export interface RequestSettings {
  /** Lower case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly auth?: AuthSettings;
  readonly certificate?: CertificateSettings;
  /** Certificates of authorities beside the well-known ones, PEM. */
  readonly trusted?: string;
  readonly requestsPerMinute?: number;
  /** Of one file, or of all pages together. */
  readonly maxBytes?: number;
}

export function parseRequest(fields: Fields): RequestSettings {
  const headers = parseHeaders(fields);
  const auth = fields.child('auth', parseAuth, { optional: true });
  const certificate = fields.child('certificate', (child) => ({ secretArn: parseSecretArn(child) }), { optional: true });
  const trusted = fields.text('trusted', { pattern: /-----BEGIN CERTIFICATE-----/, rule: 'must be certificates in PEM', optional: true });
  const requestsPerMinute = fields.integer('requestsPerMinute', { min: 1, max: 60_000, optional: true });
  const maxBytes = fields.integer('maxBytes', { min: 1, max: Number.MAX_SAFE_INTEGER, optional: true });
  return {
    headers, ...(auth === undefined ? {} : { auth }), ...(certificate === undefined ? {} : { certificate }),
    ...(trusted === undefined ? {} : { trusted }),
    ...(requestsPerMinute === undefined ? {} : { requestsPerMinute }), ...(maxBytes === undefined ? {} : { maxBytes }),
  };
}

/** An address in the settings. Its text is not shown: it may hold the very password that makes it wrong. */
export function checkAddressText(fields: Fields, key: string, text: string): void {
  const url = parseUrl(text);
  if (text === '') return;
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:')) fields.problem(key, 'must be an http or https address, like https://example.com/trips.csv.gz');
  else if (url.username !== '' || url.password !== '') fields.problem(key, 'must not hold a user or password; settings are no place for secrets, auth is');
}

/** The client that all requests of a source go through. */
export function clientFor(
  settings: RequestSettings, deps: SourceDeps, options: Pick<ClientOptions, 'home' | 'hosts'> = {}, sleep?: (ms: number, signal: AbortSignal) => Promise<void>,
): HttpClient {
  const { auth, certificate, trusted, requestsPerMinute } = settings;
  const client: HttpClient = new HttpClient(DEFAULT_TIMEOUTS, {
    ...options, trusted,
    auth: httpAuth(auth, { ...deps, post: (url, headers, body, signal) => client.post(url, headers, body, signal) }),
    certificate: certificate === undefined ? undefined : new ClientCertificate(certificate, deps),
    budget: requestsPerMinute === undefined ? undefined : new RateBudget(requestsPerMinute, sleep),
  });
  return client;
}

function parseHeaders(fields: Fields): Record<string, string> {
  const given = fields.texts('headers', { optional: true, names: /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/ });
  const problems = checkHeaders(given);
  for (const [name, problem] of problems) fields.problem(`headers.${name}`, problem);
  const wrong = new Set(problems.map(([name]) => name));
  return Object.fromEntries(Object.entries(given).filter(([name]) => !wrong.has(name)).map(([name, value]) => [name.toLowerCase(), value]));
}
