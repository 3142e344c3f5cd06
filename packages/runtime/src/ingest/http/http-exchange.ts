import * as http from 'node:http';
import * as https from 'node:https';
import type { LookupFunction, Socket } from 'node:net';

export interface ExchangeOptions {
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly lookup: LookupFunction;
  readonly agent: http.Agent;
  readonly signal: AbortSignal;
  readonly connectMs: number;
  readonly headersMs: number;
  readonly bodyIdleMs: number;
  /** What is sent along; makes it a POST. */
  readonly body?: string;
}

/** How often a silent body is looked at, as a part of the time it may be silent, and at most. */
const CHECKS_PER_TIMEOUT = 4;
const LONGEST_CHECK_MS = 1_000;

/** A time-out that names what was waited for; the code is what the failure is recognized by. */
class ExchangeTimeout extends Error {
  public constructor(public readonly code: string, message: string) {
    super(message);
    this.name = 'ExchangeTimeout';
  }
}

/**
 * One GET, or a POST where there is something to send, from connecting to the answer's headers. The body goes on under
 * the limit for silence, and ends with an error when it is shorter than announced.
 *
 * It rejects with the signal's reason, a system error, or a time-out whose code holds `TIMEOUT`.
 */
export function exchange(url: URL, options: ExchangeOptions): Promise<http.IncomingMessage> {
  const { headers, lookup, agent, signal, connectMs, headersMs, bodyIdleMs, body } = options;
  return new Promise((resolve, reject) => {
    const method = body === undefined ? 'GET' : 'POST';
    const request = (url.protocol === 'https:' ? https : http).request(url, { method, agent, lookup, signal, headers: defined(headers) });
    const stop = (code: string, message: string) => request.destroy(new ExchangeTimeout(code, message));
    const connecting = setTimeout(stop, connectMs, 'CONNECT_TIMEOUT', `no connection within ${connectMs} ms`);
    const waiting = setTimeout(stop, connectMs + headersMs, 'HEADERS_TIMEOUT', `no answer within ${headersMs} ms`);
    const connected = () => clearTimeout(connecting);
    request.once('socket', (socket: Socket) => {
      if (socket.connecting) socket.once(url.protocol === 'https:' ? 'secureConnect' : 'connect', connected);
      else connected();
    });
    request.once('close', () => {
      clearTimeout(connecting);
      clearTimeout(waiting);
    });
    request.once('error', reject);
    request.once('response', (response) => {
      connected();
      clearTimeout(waiting);
      limitSilence(response, bodyIdleMs);
      resolve(response);
    });
    request.end(body);
  });
}

/**
 * Ends a body that is silent for too long. A body that is full because its reader is busy is not silent: only time in
 * which nothing waits to be read and nothing comes is counted.
 */
function limitSilence(response: http.IncomingMessage, bodyIdleMs: number): void {
  const every = Math.min(LONGEST_CHECK_MS, bodyIdleMs / CHECKS_PER_TIMEOUT);
  let seen = -1;
  let silentMs = 0;
  const timer = setInterval(() => {
    const { bytesRead } = response.socket;
    silentMs = response.readableLength === 0 && bytesRead === seen ? silentMs + every : 0;
    seen = bytesRead;
    if (silentMs >= bodyIdleMs) response.destroy(new ExchangeTimeout('BODY_TIMEOUT', `nothing came for ${bodyIdleMs} ms`));
  }, every);
  response.once('close', () => clearInterval(timer));
}

function defined(headers: ExchangeOptions['headers']): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== undefined));
}
