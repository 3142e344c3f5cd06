import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AccessNeed, Authorize } from '../iam/access';
import type { S3Call, S3Event } from './s3-call';
import { createBucket, deleteBucket, getBucketLocation, headBucket, listBuckets } from './operations/bucket-operations';
import { completeMultipartUpload } from './operations/complete-multipart';
import { copyObject } from './operations/copy-object';
import { deleteObjects } from './operations/delete-objects';
import { listObjects, listObjectsV2 } from './operations/list-objects';
import {
  abortMultipartUpload, createMultipartUpload, listMultipartUploads, listParts, uploadPart, uploadPartCopy,
} from './operations/multipart';
import { getObject, headObject } from './operations/read-object';
import { deleteObject, putObject } from './operations/write-object';
import { neededPermissions } from './permissions';
import { presignedUntil, readCredential } from '../gateway/request-credential';
import { routeRequest, type Route } from './route';
import { S3Error } from './s3-error';
import { S3Storage } from './storage';
import { renderXml } from './xml';

/** A request as hooks see it. */
export interface S3RequestInfo extends Route { readonly method: string; readonly accessKeyId?: string }

/** A request that has been answered. */
export interface S3Served extends S3RequestInfo {
  readonly status: number;
  readonly errorCode?: string;
  readonly durationMs: number;
  /** Sizes of the bodies as transferred, in bytes; what the client announced, and what was answered. */
  readonly receivedBytes: number;
  readonly sentBytes: number;
}

/** A fault to play instead of, or before, serving a request. */
export interface S3Fault {
  /** Waits this long first, in milliseconds. */
  readonly delayMs?: number;
  /** Answers this error, for example `{ status: 503, code: 'SlowDown' }`, and does not serve the request. */
  readonly error?: { readonly status: number; readonly code: string; readonly message?: string };
  /** Closes the connection without an answer. */
  readonly reset?: boolean;
  /** Closes the connection after so many bytes of the answer's body. */
  readonly cutAfterBytes?: number;
}

export interface S3ServiceOptions {
  /** Folder of the data; made when missing, kept over restarts. */
  readonly dir: string;
  /** Buckets to make at the start when they are missing. */
  readonly buckets?: readonly string[];
  /** Decides each request. Default: everything is allowed. */
  readonly authorize?: Authorize;
  /** Asked before each request is served. */
  readonly fault?: (request: S3RequestInfo) => S3Fault | undefined | Promise<S3Fault | undefined>;
  /** Called after an object was created or removed; what it throws is not the client's concern and is dropped. */
  readonly onEvent?: (event: S3Event) => void;
  readonly onRequest?: (served: S3Served) => void;
  /** Smallest part but the last, in bytes. Default: S3's own 5 MiB. */
  readonly minimumPartBytes?: number;
  /** Milliseconds since 1970, for object times and the end of presigned URLs. */
  readonly clock?: () => number;
}

const DEFAULT_MINIMUM_PART_BYTES = 5 * 1024 * 1024;

const OPERATIONS: Record<string, (call: S3Call) => Promise<void>> = {
  ListBuckets: listBuckets, CreateBucket: createBucket, DeleteBucket: deleteBucket, HeadBucket: headBucket,
  GetBucketLocation: getBucketLocation, ListObjectsV2: listObjectsV2, ListObjects: listObjects, DeleteObjects: deleteObjects,
  GetObject: getObject, HeadObject: headObject, PutObject: putObject, DeleteObject: deleteObject, CopyObject: copyObject,
  CreateMultipartUpload: createMultipartUpload, UploadPart: uploadPart, UploadPartCopy: uploadPartCopy,
  CompleteMultipartUpload: completeMultipartUpload, AbortMultipartUpload: abortMultipartUpload, ListParts: listParts,
  ListMultipartUploads: listMultipartUploads,
};

/** S3 without its listener: the same object answers on an endpoint of its own and behind the gateway. */
export class S3Service {
  readonly storage: S3Storage;

  constructor(private readonly options: S3ServiceOptions) {
    this.storage = new S3Storage(options.dir, options.clock);
    for (const bucket of options.buckets ?? []) this.storage.createBucket(bucket);
  }

  /**
   * Serves one request. Never rejects: what goes wrong is answered, or ends the connection.
   *
   * @param acceptBody tells a client that sent `Expect: 100-continue` to go on; called only when its body is wanted
   */
  async handle(request: IncomingMessage, response: ServerResponse, acceptBody: () => void = () => undefined): Promise<void> {
    const requestId = randomBytes(8).toString('hex').toUpperCase();
    response.setHeader('x-amz-request-id', requestId);
    response.setHeader('x-amz-id-2', randomBytes(24).toString('base64'));
    const url = request.url ?? '/';
    const mark = url.indexOf('?');
    const query = new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1));
    const headers = readHeaders(request, query);
    const served = watch(request, response, this.options.onRequest);
    try {
      const route = routeRequest(request.method ?? 'GET', mark < 0 ? url : url.slice(0, mark), query, headers);
      const credential = readCredential(headers, query);
      const info: S3RequestInfo = { ...route, method: request.method ?? 'GET', accessKeyId: credential?.accessKeyId };
      served.info = info;
      if (await this.playFault(info, response)) return;
      this.refuseExpired(query);
      const call = this.createCall(request, response, info, query, headers, acceptBody);
      await this.serve(call, info, neededPermissions(route, query, headers));
    } catch (error) {
      served.errorCode = answerError(request, response, error, requestId, url);
    }
  }

  private async serve(call: S3Call, info: S3RequestInfo, needs: readonly AccessNeed[]): Promise<void> {
    const operation = OPERATIONS[info.operation];
    if (operation === undefined) {
      throw new S3Error(501, 'NotImplemented', `headrace does not serve s3:${info.operation} locally`);
    }
    await this.require(info, needs);
    await operation(call);
  }

  private createCall(
    request: IncomingMessage, response: ServerResponse, info: S3RequestInfo, query: URLSearchParams,
    headers: S3Call['headers'], acceptBody: () => void,
  ): S3Call {
    return {
      request, response, query, headers, acceptBody,
      operation: info.operation, bucket: info.bucket, key: info.key,
      storage: this.storage,
      minimumPartBytes: this.options.minimumPartBytes ?? DEFAULT_MINIMUM_PART_BYTES,
      may: async (need) => {
        const decision = await this.decide(info, [need]);
        return decision.allowed ? { allowed: true, message: '' } : { allowed: false, message: decision.message };
      },
      emit: (event) => {
        try {
          this.options.onEvent?.(event);
        } catch {
          // The object is stored: a listener's failure must not turn the answer into an error.
        }
      },
    };
  }

  private async require(info: S3RequestInfo, needs: readonly AccessNeed[]): Promise<void> {
    const decision = await this.decide(info, needs);
    if (!decision.allowed) throw new S3Error(403, decision.code, decision.message);
  }

  private async decide(info: S3RequestInfo, needs: readonly AccessNeed[]) {
    if (this.options.authorize === undefined) return { allowed: true as const };
    return this.options.authorize({ accessKeyId: info.accessKeyId, service: 's3', operation: info.operation, needs });
  }

  private refuseExpired(query: URLSearchParams): void {
    const until = presignedUntil(query);
    const now = (this.options.clock ?? Date.now)();
    if (until !== undefined && until < now) {
      throw new S3Error(403, 'AccessDenied', 'Request has expired', {
        Expires: new Date(until).toISOString(), ServerTime: new Date(now).toISOString(),
      });
    }
  }

  /** @returns true when the fault is the answer */
  private async playFault(info: S3RequestInfo, response: ServerResponse): Promise<boolean> {
    const fault = await this.options.fault?.(info);
    if (fault === undefined) return false;
    if (fault.delayMs !== undefined) await new Promise((resolve) => setTimeout(resolve, fault.delayMs));
    if (fault.reset) {
      response.destroy();
      return true;
    }
    if (fault.error) {
      throw new S3Error(fault.error.status, fault.error.code, fault.error.message ?? 'Please reduce your request rate.');
    }
    if (fault.cutAfterBytes !== undefined) cutAfter(response, fault.cutAfterBytes);
    return false;
  }
}

function readHeaders(request: IncomingMessage, query: URLSearchParams): Record<string, string | undefined> {
  const headers: Record<string, string | undefined> = {};
  if (query.has('X-Amz-Signature')) {
    for (const [name, value] of query) if (isMovedHeader(name)) headers[name.toLowerCase()] = value;
  }
  for (const [name, value] of Object.entries(request.headers)) headers[name] = Array.isArray(value) ? value.join(',') : value;
  return headers;
}

/**
 * Signers move headers into a presigned URL's query, where S3 takes them just the same. Checksums it ignores there,
 * which matters: the SDK for JavaScript puts the checksum of an empty body into every URL for a PUT.
 */
function isMovedHeader(name: string): boolean {
  return /^x-amz-(?!algorithm|credential|date|expires|signature|signedheaders|security-token|checksum-|sdk-checksum-)/i.test(name);
}

function answerError(request: IncomingMessage, response: ServerResponse, error: unknown, requestId: string, url: string): string {
  const known = error instanceof S3Error
    ? error
    : new S3Error(500, 'InternalError', `We encountered an internal error: ${error instanceof Error ? error.message : String(error)}`);
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return known.code;
  }
  const tree = {
    Code: known.code, Message: known.message, ...known.details, Resource: url.split('?')[0], RequestId: requestId,
    HostId: String(response.getHeader('x-amz-id-2')),
  };
  const body = Buffer.from(renderXml('Error', tree, null));
  const withBody = request.method !== 'HEAD' && known.status !== 304;
  response.writeHead(known.status, { 'content-type': 'application/xml', ...(withBody ? { 'content-length': body.length } : {}) });
  response.end(withBody ? body : undefined);
  return known.code;
}

/** Ends the connection when the answer's body has reached a size, in the middle of it. */
function cutAfter(response: ServerResponse, limit: number): void {
  const write = response.write.bind(response) as (chunk: Buffer, done?: () => void) => boolean;
  // A response that ends lets go of its connection, which must be cut all the same.
  const { socket } = response;
  let sent = 0;
  response.write = ((chunk: Buffer | string, done?: () => void) => {
    const bytes = Buffer.from(chunk as Buffer).subarray(0, limit - sent);
    sent += bytes.length;
    const more = bytes.length === 0 || write(bytes, done);
    if (sent >= limit) setImmediate(() => socket?.destroy());
    return more;
  }) as ServerResponse['write'];
}

interface Watched { info?: S3RequestInfo; errorCode?: string }

function watch(request: IncomingMessage, response: ServerResponse, onRequest: S3ServiceOptions['onRequest']): Watched {
  const watched: Watched = {};
  if (onRequest === undefined) return watched;
  const started = performance.now();
  response.once('close', () => {
    if (watched.info === undefined) return;
    onRequest({
      ...watched.info,
      status: response.statusCode,
      ...(watched.errorCode === undefined ? {} : { errorCode: watched.errorCode }),
      durationMs: performance.now() - started,
      receivedBytes: Number(request.headers['x-amz-decoded-content-length'] ?? request.headers['content-length'] ?? 0),
      sentBytes: Number(response.getHeader('content-length') ?? 0),
    });
  });
  return watched;
}
