import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** What the source does with one request; `serve` answers as a good server would. */
export type Script = (request: IncomingMessage, response: ServerResponse, serve: (options?: ServeOptions) => void) => void | Promise<void>;

export interface ServeOptions {
  /** Breaks the connection after this many bytes of the answer's body. */
  readonly cutAt?: number;
  /** Ends the body cleanly (chunked) after this many bytes. */
  readonly endAt?: number;
  /** No Content-Length; `chunked` marks the end, `close` leaves it to the end of the connection. */
  readonly framing?: 'length' | 'chunked' | 'close';
  /** Answers the whole file, whatever the Range says. */
  readonly ignoreRange?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface SourceFile { readonly body: Buffer; readonly etag?: string; readonly lastModified?: string; readonly contentType?: string }

/** An HTTP server on loopback with one file, ranges, validators, and faults by script. */
export class HttpSource {
  /** Taken one by one, one per request; when they are used up, the source serves. */
  readonly scripts: Script[] = [];
  readonly requests: { readonly url: string; readonly headers: IncomingMessage['headers'] }[] = [];
  private readonly sockets = new Set<Socket>();

  private constructor(private readonly server: Server, public file: SourceFile) {}

  static async start(file: Partial<Omit<SourceFile, 'body'>> & { readonly body: Buffer | string }): Promise<HttpSource> {
    const server = createServer();
    const source = new HttpSource(server, sourceFile(file.body, file));
    server.on('connection', (socket) => {
      source.sockets.add(socket);
      socket.on('close', () => source.sockets.delete(socket));
    });
    server.on('request', (request, response) => void source.answer(request, response));
    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    return source;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  url(path = '/files/trips.csv'): string {
    return this.origin + path;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => { this.server.close(resolve); });
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.requests.push({ url: request.url ?? '', headers: request.headers });
    const script = this.scripts.shift();
    const serve = (options: ServeOptions = {}): void => this.serve(request, response, options);
    if (script === undefined) return serve();
    await script(request, response, serve);
  }

  private serve(request: IncomingMessage, response: ServerResponse, options: ServeOptions): void {
    const { body, etag, lastModified, contentType } = this.file;
    const validators: Record<string, string> = {
      ...(etag === undefined ? {} : { etag }), ...(lastModified === undefined ? {} : { 'last-modified': lastModified }),
    };
    const wanted = request.headers['if-none-match'];
    const matches = wanted === undefined ? lastModified !== undefined && request.headers['if-modified-since'] === lastModified : wanted === etag;
    if (matches) return void response.writeHead(304, validators).end();

    const range = /^bytes=(\d+)-$/.exec(request.headers.range ?? '');
    const ifRange = request.headers['if-range'];
    const partial = range !== null && options.ignoreRange !== true && (ifRange === undefined || ifRange === etag);
    const start = partial ? Number(range[1]) : 0;
    if (partial && start >= body.length) return void response.writeHead(416, { 'content-range': `bytes */${body.length}` }).end();
    const rest = body.subarray(start);
    const framing = options.framing ?? 'length';
    response.writeHead(partial ? 206 : 200, {
      ...validators, 'content-type': contentType ?? 'text/csv',
      ...(framing === 'length' ? { 'content-length': String(rest.length) } : {}),
      ...(framing === 'close' ? { connection: 'close', 'transfer-encoding': 'identity' } : {}),
      ...(partial ? { 'content-range': `bytes ${start}-${body.length - 1}/${body.length}` } : {}),
      ...options.headers,
    });
    if (options.cutAt !== undefined) return void response.write(rest.subarray(0, options.cutAt), () => response.socket?.destroy());
    response.end(rest.subarray(0, options.endAt ?? rest.length));
  }
}

export function sourceFile(body: Buffer | string, rest: Partial<Omit<SourceFile, 'body'>> = {}): SourceFile {
  const bytes = Buffer.from(body);
  const etag = 'etag' in rest ? rest.etag : `"${createHash('sha256').update(bytes).digest('hex').slice(0, 16)}"`;
  return { ...rest, body: bytes, etag };
}

/** A script that answers a status, with headers. */
export function status(code: number, headers: Record<string, string> = {}): Script {
  return (_, response) => void response.writeHead(code, headers).end(`status ${code}`);
}
