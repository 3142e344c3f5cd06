import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AccessNeed } from '../iam/access';
import type { S3Storage } from './storage';
import { renderXml, type XmlTree } from './xml';

/** What happened to an object, in the words of S3's own notifications. */
export interface S3Event {
  readonly name: 'ObjectCreated:Put' | 'ObjectCreated:Copy' | 'ObjectCreated:CompleteMultipartUpload' | 'ObjectRemoved:Delete';
  readonly bucket: string;
  readonly key: string;
  readonly bytes: number;
  readonly etag: string;
  /** ISO 8601. */
  readonly time: string;
}

/** A request being served: its parts, decoded, and the ways to answer it. */
export interface S3Call {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** API operation, for example `PutObject`. */
  readonly operation: string;
  readonly bucket: string;
  readonly key: string;
  readonly query: URLSearchParams;
  /** Lower-case names; includes the `x-amz-*` parameters of a presigned URL. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly storage: S3Storage;
  /** Smallest part but the last that CompleteMultipartUpload takes. */
  readonly minimumPartBytes: number;
  /** Whether the caller has a further permission; used where S3's answer depends on one. */
  may(need: AccessNeed): Promise<{ readonly allowed: boolean; readonly message: string }>;
  emit(event: S3Event): void;
  /** Tells a client that waits for it to send the body. */
  acceptBody(): void;
}

export function answerXml(call: S3Call, root: string, tree: XmlTree, headers: Record<string, string> = {}): void {
  const body = Buffer.from(renderXml(root, tree));
  call.response.writeHead(200, { 'content-type': 'application/xml', 'content-length': body.length, ...headers });
  call.response.end(body);
}

export function answerEmpty(call: S3Call, status: number, headers: Record<string, string> = {}): void {
  call.response.writeHead(status, { ...(status === 204 || status === 304 ? {} : { 'content-length': '0' }), ...headers });
  call.response.end();
}

/** S3 tells times to the second, with a fraction that is always zero. */
export function isoSeconds(time: number): string {
  return `${new Date(time).toISOString().slice(0, 19)}.000Z`;
}

export function bucketArn(bucket: string): string {
  return `arn:aws:s3:::${bucket}`;
}

export function objectArn(bucket: string, key: string): string {
  return `arn:aws:s3:::${bucket}/${key}`;
}
