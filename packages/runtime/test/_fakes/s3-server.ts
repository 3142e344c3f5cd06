import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { S3Client } from '@aws-sdk/client-s3';

/** What a request wants, as far as faults need to tell requests apart. */
export interface S3Request {
  readonly action: 'GetObject' | 'HeadObject' | 'PutObject' | 'DeleteObject' | 'DeleteObjects' | 'ListObjectsV2'
    | 'CreateMultipartUpload' | 'UploadPart' | 'CompleteMultipartUpload' | 'AbortMultipartUpload';
  readonly bucket: string;
  readonly key: string;
  /** How many requests of this action came before. */
  readonly nth: number;
  /** Who says to pay. */
  readonly payer?: string;
}

/** What to do instead of serving: a status, a broken connection, or serving and then losing the answer, what was sent, or the truth of it. */
export type S3Fault =
  | { readonly status: number; readonly code?: string } | { readonly cutAfter: number } | { readonly after: number } | 'reset' | 'lose-answer' | 'lose-body' | undefined;

interface StoredObject { body: Buffer; readonly bytes: number; readonly etag: string; readonly headers: Record<string, string> }
interface Upload { readonly path: string; readonly headers: Record<string, string>; readonly parts: Map<number, ReceivedBody> }

/**
 * An S3 in memory on loopback: the few actions that the store uses, with conditions, ranges and multipart uploads.
 *
 * See s3-server.md for what it does not do.
 */
export class FakeS3 {
  readonly objects = new Map<string, StoredObject>();
  readonly uploads = new Map<string, Upload>();
  readonly requests: S3Request[] = [];
  fault: (request: S3Request) => S3Fault | Promise<S3Fault> = () => undefined;
  /** Of all objects. */
  lastModified = '2026-01-05T00:00:00.000Z';
  /** Keeps lengths and not bytes of uploaded parts, for objects larger than memory. */
  discardBodies = false;
  private readonly clients: S3Client[] = [];

  private constructor(private readonly server: Server) {}

  static async start(): Promise<FakeS3> {
    const server = createServer();
    const fake = new FakeS3(server);
    server.on('request', (request, response) => {
      fake.serve(request, response).catch((error: unknown) => fail(response, 500, 'InternalError', String(error)));
    });
    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    return fake;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  client(options: { maxAttempts?: number } = {}): S3Client {
    const client = new S3Client({
      endpoint: this.url, region: 'us-east-1', forcePathStyle: true, credentials: { accessKeyId: 'local', secretAccessKey: 'local' }, maxAttempts: options.maxAttempts ?? 2,
    });
    this.clients.push(client);
    return client;
  }

  async close(): Promise<void> {
    for (const client of this.clients) client.destroy();
    this.server.closeAllConnections();
    await new Promise((resolve) => { this.server.close(resolve); });
  }

  put(bucket: string, key: string, body: string | Buffer, headers: Record<string, string> = {}): void {
    const bytes = Buffer.from(body);
    this.objects.set(`${bucket}/${key}`, { body: bytes, bytes: bytes.length, etag: md5(bytes), headers });
  }

  json(bucket: string, key: string): any {
    return JSON.parse(this.text(bucket, key));
  }

  text(bucket: string, key: string): string {
    const found = this.objects.get(`${bucket}/${key}`);
    if (found === undefined) throw new Error(`no object ${bucket}/${key}; there are ${[...this.objects.keys()].join(', ')}`);
    return found.body.toString('utf8');
  }

  keys(bucket: string, prefix = ''): string[] {
    const start = `${bucket}/${prefix}`;
    return [...this.objects.keys()].filter((path) => path.startsWith(start)).map((path) => path.slice(bucket.length + 1)).sort();
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.url);
    const [, bucket = '', ...rest] = url.pathname.split('/');
    const key = decodeURIComponent(rest.join('/'));
    const action = actionOf(request.method ?? '', key, url.searchParams);
    const described = { action, bucket, key, nth: this.requests.filter((one) => one.action === action).length, payer: request.headers['x-amz-request-payer']?.toString() };
    this.requests.push(described);
    const fault = await this.fault(described);
    if (fault === 'reset') return void request.socket.destroy();
    const body = await readBody(request, this.discardBodies && action === 'UploadPart');
    if (typeof fault === 'object' && 'status' in fault) return fail(response, fault.status, fault.code ?? 'InternalError', 'injected');
    // What a part was is forgotten, and its number is too.
    if (fault === 'lose-body') return void response.writeHead(200, { etag: body.etag }).end();
    const answer = this.act(action, `${bucket}/${key}`, request, url.searchParams, body);
    if (typeof fault === 'object' && 'after' in fault) return fail(response, fault.after, 'InternalError', 'injected');
    if (fault === 'lose-answer') return void request.socket.destroy();
    response.writeHead(answer.status, { 'x-amz-request-id': 'local', ...answer.headers });
    if (typeof fault === 'object' && 'cutAfter' in fault) return void response.write(answer.body?.slice(0, fault.cutAfter), () => { request.socket.destroy(); });
    response.end(request.method === 'HEAD' ? undefined : answer.body);
  }

  private act(action: S3Request['action'], path: string, request: IncomingMessage, query: URLSearchParams, body: ReceivedBody): Answer {
    switch (action) {
      case 'ListObjectsV2': return this.list(path.split('/')[0] as string, query);
      case 'GetObject': case 'HeadObject': return this.get(path, request);
      case 'DeleteObject': this.objects.delete(path); return { status: 204 };
      case 'DeleteObjects': {
        const keys = [...body.body.toString('utf8').matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key]) => key!);
        if (keys.length > 1_000) return error(400, 'MalformedXML');
        for (const key of keys) this.objects.delete(`${path.split('/')[0]}/${key}`);
        return xml('<DeleteResult/>');
      }
      case 'PutObject': return this.conditional(path, request) ?? this.store(path, body, keptHeaders(request));
      case 'CreateMultipartUpload': {
        const id = `upload-${this.requests.length}`;
        this.uploads.set(id, { path, headers: keptHeaders(request), parts: new Map() });
        return xml(`<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`);
      }
      case 'UploadPart': {
        const upload = this.uploads.get(query.get('uploadId') ?? '');
        if (upload === undefined) return error(404, 'NoSuchUpload');
        upload.parts.set(Number(query.get('partNumber')), { body: body.body, bytes: body.bytes, etag: body.etag });
        return { status: 200, headers: { etag: body.etag } };
      }
      case 'AbortMultipartUpload': return this.uploads.delete(query.get('uploadId') ?? '') ? { status: 204 } : error(404, 'NoSuchUpload');
      case 'CompleteMultipartUpload': return this.complete(path, request, query.get('uploadId') ?? '', body.body.toString('utf8'));
    }
  }

  private get(path: string, request: IncomingMessage): Answer {
    const found = this.objects.get(path);
    if (found === undefined) return error(404, 'NoSuchKey');
    const headers = { ...found.headers, etag: found.etag };
    const match = request.headers['if-match'];
    if (match !== undefined && match !== found.etag) return error(412, 'PreconditionFailed');
    if (request.headers['if-none-match'] === found.etag) return { status: 304, headers: { etag: found.etag } };
    const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
    if (range === null) return { status: 200, headers: { ...headers, 'content-length': String(found.bytes) }, body: found.body };
    const start = Number(range[1]);
    if (start >= found.bytes) return error(416, 'InvalidRange');
    const end = range[2] === '' ? found.bytes - 1 : Math.min(Number(range[2]), found.bytes - 1);
    return { status: 206, headers: { ...headers, 'content-range': `bytes ${start}-${end}/${found.bytes}` }, body: found.body.subarray(start, end + 1) };
  }

  private list(bucket: string, query: URLSearchParams): Answer {
    const after = query.get('continuation-token') ?? query.get('start-after') ?? '';
    const prefix = query.get('prefix') ?? '';
    if (query.get('delimiter') === '/') {
      const folders = new Set(this.keys(bucket, prefix).flatMap((key) => (key.indexOf('/', prefix.length) < 0 ? [] : [key.slice(0, key.indexOf('/', prefix.length) + 1)])));
      return xml(`<ListBucketResult><IsTruncated>false</IsTruncated>${[...folders].map((folder) => `<CommonPrefixes><Prefix>${folder}</Prefix></CommonPrefixes>`).join('')}</ListBucketResult>`);
    }
    const keys = this.keys(bucket, prefix).filter((key) => key > after);
    const page = keys.slice(0, Number(query.get('max-keys') ?? 1_000));
    const items = page.map((key) => `<Contents><Key>${key}</Key><Size>${this.objects.get(`${bucket}/${key}`)!.bytes}</Size><ETag>${this.objects.get(`${bucket}/${key}`)!.etag.replace(/"/g, '&quot;')}</ETag><LastModified>${this.lastModified}</LastModified></Contents>`).join('');
    const more = page.length < keys.length;
    return xml(`<ListBucketResult><IsTruncated>${more}</IsTruncated>${more ? `<NextContinuationToken>${page.at(-1)}</NextContinuationToken>` : ''}${items}</ListBucketResult>`);
  }

  private complete(path: string, request: IncomingMessage, id: string, document: string): Answer {
    const upload = this.uploads.get(id);
    if (upload === undefined) return error(404, 'NoSuchUpload');
    const refused = this.conditional(path, request);
    if (refused !== undefined) return refused;
    const numbers = [...document.matchAll(/<PartNumber>(\d+)<\/PartNumber>/g)].map((match) => Number(match[1]));
    const parts = numbers.map((number) => upload.parts.get(number));
    if (numbers.length === 0 || parts.includes(undefined) || numbers.some((number, index) => index > 0 && number <= (numbers[index - 1] as number))) return error(400, 'InvalidPart');
    if (parts.slice(0, -1).some((part) => part!.bytes < 5 * 1024 * 1024)) return error(400, 'EntityTooSmall');
    const bytes = parts.reduce((sum, part) => sum + part!.bytes, 0);
    const told = request.headers['x-amz-mp-object-size'];
    if (told !== undefined && Number(told) !== bytes) return error(400, 'InvalidRequest');
    this.uploads.delete(id);
    const etag = `"${createHash('md5').update(parts.map((part) => part!.etag).join()).digest('hex')}-${parts.length}"`;
    this.objects.set(path, { body: Buffer.concat(parts.map((part) => part!.body)), bytes, etag, headers: upload.headers });
    return xml(`<CompleteMultipartUploadResult><ETag>${etag.replace(/"/g, '&quot;')}</ETag></CompleteMultipartUploadResult>`);
  }

  private store(path: string, body: ReceivedBody, headers: Record<string, string>): Answer {
    this.objects.set(path, { body: body.body, bytes: body.bytes, etag: body.etag, headers });
    return { status: 200, headers: { etag: body.etag } };
  }

  private conditional(path: string, request: IncomingMessage): Answer | undefined {
    const found = this.objects.get(path);
    if (request.headers['if-none-match'] === '*' && found !== undefined) return error(412, 'PreconditionFailed');
    const match = request.headers['if-match'];
    if (match === undefined) return undefined;
    if (found === undefined) return error(404, 'NoSuchKey');
    return found.etag === match ? undefined : error(412, 'PreconditionFailed');
  }
}

interface Answer { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string | Buffer }
interface ReceivedBody { readonly body: Buffer; readonly bytes: number; readonly etag: string }

function actionOf(method: string, key: string, query: URLSearchParams): S3Request['action'] {
  if (method === 'GET') return key === '' ? 'ListObjectsV2' : 'GetObject';
  if (method === 'HEAD') return 'HeadObject';
  if (method === 'DELETE') return query.has('uploadId') ? 'AbortMultipartUpload' : 'DeleteObject';
  if (method === 'PUT') return query.has('partNumber') ? 'UploadPart' : 'PutObject';
  if (query.has('delete')) return 'DeleteObjects';
  return query.has('uploads') ? 'CreateMultipartUpload' : 'CompleteMultipartUpload';
}

async function readBody(request: IncomingMessage, discard: boolean): Promise<ReceivedBody> {
  const hash = createHash('md5');
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    if (!discard) {
      chunks.push(chunk);
      hash.update(chunk);
    }
    bytes += chunk.length;
  }
  return { body: Buffer.concat(chunks), bytes, etag: `"${hash.digest('hex')}"` };
}

function keptHeaders(request: IncomingMessage): Record<string, string> {
  return Object.fromEntries(Object.entries(request.headers).filter(([name]) => name.startsWith('x-amz-meta-') || name === 'content-type')) as Record<string, string>;
}

function md5(body: Buffer): string {
  return `"${createHash('md5').update(body).digest('hex')}"`;
}

function xml(body: string): Answer {
  return { status: 200, headers: { 'content-type': 'application/xml' }, body: `<?xml version="1.0"?>${body}` };
}

function error(status: number, code: string): Answer {
  return { ...xml(`<Error><Code>${code}</Code><Message>${code} from the fake</Message></Error>`), status };
}

function fail(response: ServerResponse, status: number, code: string, message: string): void {
  const answer = error(status, code);
  response.writeHead(status, answer.headers);
  response.end(String(answer.body).replace(`${code} from the fake`, message));
}
