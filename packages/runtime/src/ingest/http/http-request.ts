import * as http from 'node:http';
import * as https from 'node:https';
import type { Readable } from 'node:stream';
import { rootCertificates } from 'node:tls';
import { userError } from '../../errors/pipeline-error';
import { receiveBuffer } from '../../stores/receive-buffer';
import { parseRetryAfterMs } from '../retry-policy';
import { checkLiteralHost, guardedLookup, type AddressRule } from './address-guard';
import type { ClientCertificate } from './auth/client-certificate';
import type { HttpAuth } from './auth/http-auth';
import { exchange } from './http-exchange';
import { networkFailure } from './http-failure';
import type { RateBudget } from './rate-budget';
import { redactUrl } from './redact-url';

/** Limits of one request, in milliseconds. */
export interface HttpTimeouts {
  readonly connectMs: number;
  /** From the request to the answer's headers. */
  readonly headersMs: number;
  /** Between two pieces of the body. Time that we spend on writing does not count. */
  readonly bodyIdleMs: number;
}

export const DEFAULT_TIMEOUTS: HttpTimeouts = { connectMs: 10_000, headersMs: 60_000, bodyIdleMs: 60_000 };

/** More than this is a loop or a maze. */
const MAX_REDIRECTS = 5;

const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** Of these a repeated header is a fault. */
export type Headers = Readonly<Record<string, string | undefined>>;

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** Where the redirects ended. */
  readonly url: string;
  readonly body: Readable;
}

/** What all requests to one source share. */
export interface ClientOptions {
  /** Where requests may carry the user's headers and the credentials. @default - the origin of each URL asked for */
  readonly home?: string;
  /** Host names that the source itself names, beside that of the URL asked for; they may be at private addresses. */
  readonly hosts?: readonly string[];
  readonly auth?: HttpAuth;
  readonly certificate?: ClientCertificate;
  /** Certificates of further authorities, PEM. */
  readonly trusted?: string;
  readonly budget?: RateBudget;
}

/** The answer of a token server; more is none. */
const MAX_FORM_ANSWER_BYTES = 1024 * 1024;

/**
 * Sends GET requests: follows redirects, checks addresses, keeps bytes as they are. One per source; close it at the end.
 *
 * A request that is refused for its credentials is sent once more when reading the secret again may help.
 */
export class HttpClient {
  private readonly agents = new Map<string, http.Agent>();

  constructor(private readonly timeouts: HttpTimeouts = DEFAULT_TIMEOUTS, private readonly options: ClientOptions = {}) {}

  /** @param headers lower case names. Those of the user do not follow a redirect to another origin. */
  async get(url: string, headers: Headers, signal: AbortSignal): Promise<HttpAnswer> {
    for (let renewed = false; ; renewed = true) {
      const { answer, own } = await this.follow(url, headers, signal, renewed);
      if (answer === undefined) continue;
      const refused = own && (answer.status === 401 || answer.status === 403);
      if (!refused || renewed || !(await this.renew(signal))) return answer;
      answer.body.destroy();
    }
  }

  /** Sends a form, without the source's credentials, and follows nothing. */
  async post(url: string, headers: Headers, body: string, signal: AbortSignal): Promise<{ status: number; text: string; retryAfterMs?: number }> {
    const at = new URL(url);
    const answer = await this.exchange(at, headers, 'any', true, signal, body);
    try {
      const chunks: Buffer[] = [];
      let bytes = 0;
      for await (const chunk of answer.body as AsyncIterable<Buffer>) {
        bytes += chunk.length;
        if (bytes > MAX_FORM_ANSWER_BYTES) throw userError('SOURCE_TOKEN', `${redactUrl(url)} answered more than ${MAX_FORM_ANSWER_BYTES} bytes; it is no token server`, { url: redactUrl(url) });
        chunks.push(chunk);
      }
      return { status: answer.status, text: Buffer.concat(chunks).toString('utf8'), retryAfterMs: parseRetryAfterMs(answer.headers['retry-after'], answer.headers.date, new Date()) };
    } catch (error) {
      signal.throwIfAborted();
      throw networkFailure(error, url, 0);
    } finally {
      answer.body.destroy();
    }
  }

  /** Ends all connections. */
  async close(): Promise<void> {
    for (const agent of this.agents.values()) agent.destroy();
    this.agents.clear();
  }

  /** The answer at the end of the redirects, and whether credentials went there; none after a handshake that a new certificate may mend. */
  private async follow(url: string, headers: Headers, signal: AbortSignal, renewed: boolean): Promise<{ answer?: HttpAnswer; own: boolean }> {
    let at = new URL(url);
    const named = new Set([at.hostname, ...(this.options.hosts ?? [])]);
    const home = this.options.home ?? at.origin;
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects += 1) {
      const own = at.origin === home;
      let answer: HttpAnswer;
      try {
        answer = await this.send(at, headers, own, named.has(at.hostname) ? 'any' : 'public', signal);
      } catch (error) {
        if (!own || renewed || !isHandshakeFailure(error) || this.options.certificate === undefined || !(await this.renew(signal))) throw error;
        return { own };
      }
      const location = answer.headers.location;
      if (!REDIRECTS.has(answer.status) || location === undefined) return { answer, own };
      answer.body.destroy();
      at = this.withoutCredential(redirectTarget(location, at));
    }
    throw userError('SOURCE_REDIRECTS', `${redactUrl(url)} redirects more than ${MAX_REDIRECTS} times; name the final address as the source`, { url: redactUrl(url) });
  }

  private async send(url: URL, headers: Headers, own: boolean, rule: AddressRule, signal: AbortSignal): Promise<HttpAnswer> {
    const { auth, budget } = this.options;
    const whole: Headers = {
      'user-agent': 'headrace-ingest',
      accept: '*/*',
      ...(own ? headers : withoutUserHeaders(headers)),
      // Raw holds the source's own bytes; a transfer coding would have to be undone, or would land as another file.
      'accept-encoding': 'identity',
    };
    const outgoing = own && auth !== undefined ? await auth.apply({ url, headers: whole }, signal) : { url, headers: whole };
    await budget?.take(signal);
    // The address that errors and commits show is the one without credentials.
    return { ...await this.exchange(outgoing.url, outgoing.headers, rule, own, signal), url: url.href };
  }

  private async exchange(url: URL, headers: Headers, rule: AddressRule, own: boolean, signal: AbortSignal, body?: string): Promise<HttpAnswer> {
    checkLiteralHost(url, rule);
    const agent = await this.agent(url.protocol, rule, own, signal);
    let response: http.IncomingMessage;
    try {
      response = await exchange(url, { ...this.timeouts, agent, lookup: guardedLookup(rule), signal, headers, body });
    } catch (error) {
      signal.throwIfAborted();
      throw networkFailure(error, this.withoutCredential(url).href, 0);
    }
    // An error after the last reader is gone would end the process.
    response.on('error', () => undefined);
    return { status: response.statusCode ?? 0, headers: single(response.headers), url: url.href, body: response };
  }

  /** Reads secrets anew; whether one changed, so that asking again makes sense. */
  private async renew(signal: AbortSignal): Promise<boolean> {
    const { auth, certificate } = this.options;
    const auths = await auth?.renew(signal) ?? false;
    const certificates = await certificate?.renew(signal) ?? false;
    // Connections keep the certificate that they were made with.
    if (certificates) await this.close();
    return auths || certificates;
  }

  private withoutCredential(url: URL): URL {
    const { parameter } = this.options.auth ?? {};
    if (parameter === undefined || !url.searchParams.has(parameter)) return url;
    const clean = new URL(url);
    clean.searchParams.delete(parameter);
    return clean;
  }

  /** Connections of one rule are never lent to another: they were checked when they were made. Certificates stay at home. */
  private async agent(protocol: string, rule: AddressRule, own: boolean, signal: AbortSignal): Promise<http.Agent> {
    const { certificate, trusted } = this.options;
    const shown = own && protocol === 'https:' ? certificate : undefined;
    const name = `${protocol}${rule}${shown === undefined ? '' : ' with certificate'}`;
    const known = this.agents.get(name);
    if (known !== undefined) return known;
    const identity = await shown?.options(signal);
    const options = { keepAlive: true, ...receiveBuffer() };
    const agent = protocol === 'https:'
      ? new https.Agent({ ...options, ...identity, ...(trusted === undefined ? {} : { ca: [...rootCertificates, trusted] }) })
      : new http.Agent(options);
    this.agents.set(name, agent);
    return agent;
  }
}

/** A server that dislikes a certificate ends the handshake, or the connection right after it. */
function isHandshakeFailure(error: unknown): boolean {
  const { network } = (error as { facts?: { network?: string } }).facts ?? {};
  return network !== undefined && /^(EPROTO|ECONNRESET|ERR_SSL_)/.test(network);
}

const OWN_HEADERS = new Set(['range', 'if-range', 'if-none-match', 'if-modified-since']);

function withoutUserHeaders(headers: Headers): Headers {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => OWN_HEADERS.has(name)));
}

function redirectTarget(location: string, from: URL): URL {
  const target = URL.canParse(location, from.href) ? new URL(location, from.href) : undefined;
  if (target === undefined || (target.protocol !== 'http:' && target.protocol !== 'https:')) {
    throw userError('SOURCE_REDIRECTS', `${redactUrl(from.href)} redirects to something that is no http or https address`, { url: redactUrl(from.href) });
  }
  if (from.protocol === 'https:' && target.protocol === 'http:') {
    throw userError('SOURCE_REDIRECTS', `${redactUrl(from.href)} redirects from https to http; name ${redactUrl(target.href)} as the source if that is meant`, { url: redactUrl(from.href) });
  }
  return target;
}

function single(headers: Record<string, string | string[] | undefined>): Headers {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), Array.isArray(value) ? value[0] : value]));
}
