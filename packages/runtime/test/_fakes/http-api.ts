import * as http from 'node:http';
import * as https from 'node:https';
import type { AddressInfo, Socket } from 'node:net';

/** What the server answers: a status, headers and a body; an object becomes JSON. */
export interface Answer { readonly status?: number; readonly headers?: Record<string, string>; readonly body?: string | Buffer | object }

export interface Asked {
  readonly method: string;
  readonly url: URL;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
  readonly socket: Socket;
}

export type Handler = (asked: Asked) => Answer | 'cut';

/** A real HTTP or HTTPS server on loopback whose answers a function gives. */
export class HttpApi {
  readonly asked: Asked[] = [];
  private readonly sockets = new Set<Socket>();

  private constructor(private readonly server: http.Server, private readonly scheme: string, public handler: Handler) {}

  /** @param tls makes it an HTTPS server */
  static async start(handler: Handler, tls?: https.ServerOptions): Promise<HttpApi> {
    const server = tls === undefined ? http.createServer() : https.createServer(tls);
    const api = new HttpApi(server, tls === undefined ? 'http' : 'https', handler);
    server.on('connection', (socket: Socket) => {
      api.sockets.add(socket);
      socket.on('close', () => api.sockets.delete(socket));
    });
    server.on('request', (request: http.IncomingMessage, response: http.ServerResponse) => void api.answer(request, response));
    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    return api;
  }

  get origin(): string {
    return `${this.scheme}://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Path and query of each request so far. */
  get paths(): string[] {
    return this.asked.map(({ url }) => url.pathname + url.search);
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => { this.server.close(resolve); });
  }

  private async answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const asked = {
      method: request.method ?? '', url: new URL(request.url ?? '', this.origin), headers: request.headers, body: Buffer.concat(chunks).toString('utf8'), socket: request.socket,
    };
    this.asked.push(asked);
    const answer = this.handler(asked);
    if (answer === 'cut') return void response.socket?.destroy();
    const { status = 200, headers = {}, body = '' } = answer;
    const bytes = typeof body === 'string' || Buffer.isBuffer(body) ? Buffer.from(body) : Buffer.from(JSON.stringify(body));
    response.writeHead(status, { ...(status === 204 ? {} : { 'content-length': String(bytes.length) }), ...headers }).end(status === 204 ? undefined : bytes);
  }
}

/** Records `{"id": n}` of one page, as text. */
export function records(from: number, count: number): object[] {
  return Array.from({ length: Math.max(0, count) }, (_, index) => ({ id: from + index }));
}
