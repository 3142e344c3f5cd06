import * as http from 'node:http';
import * as https from 'node:https';
import type { Readable } from 'node:stream';
import { userError } from '../../errors/pipeline-error';
import { checkLiteralHost, guardedLookup, type AddressRule } from './address-guard';
import { exchange } from './http-exchange';
import { networkFailure } from './http-failure';
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

/** Sends GET requests: follows redirects, checks addresses, keeps bytes as they are. One per source; close it at the end. */
export class HttpClient {
  private readonly agents = new Map<string, http.Agent>();

  constructor(private readonly timeouts: HttpTimeouts = DEFAULT_TIMEOUTS) {}

  /** @param headers lower case names. Those of the user do not follow a redirect to another origin. */
  async get(url: string, headers: Headers, signal: AbortSignal): Promise<HttpAnswer> {
    let at = new URL(url);
    const { origin, hostname } = at;
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects += 1) {
      const answer = await this.send(at, at.origin === origin ? headers : withoutUserHeaders(headers), at.hostname === hostname ? 'any' : 'public', signal);
      const location = answer.headers.location;
      if (!REDIRECTS.has(answer.status) || location === undefined) return answer;
      answer.body.destroy();
      at = redirectTarget(location, at);
    }
    throw userError('SOURCE_REDIRECTS', `${redactUrl(url)} redirects more than ${MAX_REDIRECTS} times; name the final address as the source`, { url: redactUrl(url) });
  }

  /** Ends all connections. */
  async close(): Promise<void> {
    for (const agent of this.agents.values()) agent.destroy();
  }

  private async send(url: URL, headers: Headers, rule: AddressRule, signal: AbortSignal): Promise<HttpAnswer> {
    checkLiteralHost(url, rule);
    let response: http.IncomingMessage;
    try {
      response = await exchange(url, {
        ...this.timeouts,
        agent: this.agent(url.protocol, rule),
        lookup: guardedLookup(rule),
        signal,
        headers: {
          'user-agent': 'headrace-ingest',
          accept: '*/*',
          ...headers,
          // Raw holds the source's own bytes; a transfer coding would have to be undone, or would land as another file.
          'accept-encoding': 'identity',
        },
      });
    } catch (error) {
      signal.throwIfAborted();
      throw networkFailure(error, url.href, 0);
    }
    // An error after the last reader is gone would end the process.
    response.on('error', () => undefined);
    return { status: response.statusCode ?? 0, headers: single(response.headers), url: url.href, body: response };
  }

  /** Connections of one rule are never lent to another: they were checked when they were made. */
  private agent(protocol: string, rule: AddressRule): http.Agent {
    const name = `${protocol}${rule}`;
    const known = this.agents.get(name);
    if (known !== undefined) return known;
    const agent = new (protocol === 'https:' ? https : http).Agent({ keepAlive: true });
    this.agents.set(name, agent);
    return agent;
  }
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
