import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import {
  DeleteObjectCommand, DeleteObjectsCommand, GetObjectCommand, HeadObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client,
} from '@aws-sdk/client-s3';
import { userError } from '../errors/pipeline-error';
import { uploadStream, type Uploaded, type UploadOptions } from './multipart-upload';
import { receiveBuffer } from './receive-buffer';
import { isAbsent, isLostCondition, storeError, type StoreCall } from './store-error';

/** One object. */
export interface ObjectRef {
  readonly bucket: string;
  readonly key: string;
}

/** Bytes from `start` up to and including `end`, both counted from 0. */
export interface ByteRange {
  readonly start: number;
  readonly end?: number;
}

export interface Abortable {
  readonly signal?: AbortSignal;
}

/** A write that must not overwrite (`ifNoneMatch`), or must overwrite exactly the version read before (`ifMatch`). */
export interface WriteCondition extends Abortable {
  readonly ifNoneMatch?: '*';
  readonly ifMatch?: string;
}

/** `lost`: the condition did not hold, somebody else wrote first. */
export type WriteOutcome = 'written' | 'lost';

export interface ObjectHead {
  readonly bytes: number;
  readonly etag: string;
  readonly contentType?: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** An object as a listing tells it. */
export interface ListedObject {
  readonly key: string;
  readonly bytes: number;
  readonly modified: Date;
}

/** The only way the runtime reaches S3. Every failure is a PipelineError; an abort rejects with AbortError. */
export class ObjectStore {
  readonly client: S3Client;

  constructor(client?: S3Client) {
    this.client = client ?? defaultClient();
  }

  /** Reads a JSON document; undefined when there is none. */
  async getJson<T>(ref: ObjectRef, options: Abortable = {}): Promise<{ value: T; etag: string } | undefined> {
    const found = await this.getText(ref, options);
    if (found === undefined) return undefined;
    try {
      return { value: JSON.parse(found.value) as T, etag: found.etag };
    } catch (error) {
      throw userError('DOCUMENT', `s3://${ref.bucket}/${ref.key} is not JSON: ${(error as Error).message}`, { ...ref }, error);
    }
  }

  /** Reads a small text; undefined when there is none. */
  async getText(ref: ObjectRef, options: Abortable = {}): Promise<{ value: string; etag: string } | undefined> {
    return this.orAbsent({ action: 's3:GetObject', ...ref }, async () => {
      const answer = await this.client.send(new GetObjectCommand(address(ref)), { abortSignal: options.signal });
      return { value: await answer.Body!.transformToString('utf-8'), etag: answer.ETag ?? '' };
    });
  }

  /** Opens an object, or a range of it. The caller destroys what it does not read to the end. */
  async getStream(ref: ObjectRef, range?: ByteRange, options: Abortable = {}): Promise<Readable> {
    return this.call({ action: 's3:GetObject', ...ref }, async () => {
      const Range = range === undefined ? undefined : `bytes=${range.start}-${range.end ?? ''}`;
      const answer = await this.client.send(new GetObjectCommand({ ...address(ref), Range }), { abortSignal: options.signal });
      return answer.Body as Readable;
    });
  }

  /** Reads a whole object in constant memory. @param options.onChunk may return a promise, which is waited for */
  async digest(
    ref: ObjectRef, options: Abortable & { readonly onChunk?: (chunk: Uint8Array) => void | Promise<void> } = {},
  ): Promise<{ bytes: number; sha256: string }> {
    const hash = createHash('sha256');
    let bytes = 0;
    const stream = await this.getStream(ref, undefined, options);
    try {
      for await (const chunk of stream as AsyncIterable<Uint8Array>) {
        hash.update(chunk);
        bytes += chunk.length;
        const wait = options.onChunk?.(chunk);
        if (wait !== undefined) await wait;
      }
    } catch (error) {
      throw storeError(error, { action: 's3:GetObject', ...ref });
    } finally {
      stream.destroy();
    }
    return { bytes, sha256: hash.digest('hex') };
  }

  /** Size, version and metadata; undefined when there is no such object. */
  async head(ref: ObjectRef, options: Abortable = {}): Promise<ObjectHead | undefined> {
    return this.orAbsent({ action: 's3:HeadObject', ...ref }, async () => {
      const answer = await this.client.send(new HeadObjectCommand(address(ref)), { abortSignal: options.signal });
      return { bytes: answer.ContentLength ?? 0, etag: answer.ETag ?? '', contentType: answer.ContentType, metadata: answer.Metadata ?? {} };
    });
  }

  async putJson(ref: ObjectRef, value: unknown, options: WriteCondition = {}): Promise<WriteOutcome> {
    return this.put(ref, `${JSON.stringify(value)}\n`, 'application/json', options);
  }

  async putText(ref: ObjectRef, text: string, options: WriteCondition & { readonly contentType?: string } = {}): Promise<WriteOutcome> {
    return this.put(ref, text, options.contentType ?? 'text/plain; charset=utf-8', options);
  }

  /** Writes a local file as one object; what is over 8 MiB goes up in parts. */
  async putFile(ref: ObjectRef, path: string, options: Omit<WriteCondition, 'ifMatch'> & { readonly contentType?: string } = {}): Promise<Uploaded> {
    const { size } = await stat(path);
    return this.upload(ref, createReadStream(path, { highWaterMark: FILE_CHUNK_BYTES }), { ...options, totalBytes: size });
  }

  /**
   * Writes a stream of any length as one object, in constant memory: its buffers hold at most 96 MiB.
   *
   * Nothing is visible before the last byte. On failure or abort the parts are removed before this rejects; a
   * failure of `stream` passes through unchanged.
   */
  async upload(ref: ObjectRef, stream: AsyncIterable<Uint8Array>, options: UploadOptions = {}): Promise<Uploaded> {
    return uploadStream(this.client, ref, stream, options);
  }

  /**
   * Lists objects below a prefix in key order.
   *
   * For commit logs and those who remove objects only: readers of data go by manifests.
   */
  async* listKeys(
    bucket: string, prefix: string, options: Abortable & { readonly startAfter?: string } = {},
  ): AsyncIterable<ListedObject> {
    let token: string | undefined;
    do {
      const startAfter = token === undefined ? options.startAfter : undefined;
      const page = await this.call({ action: 's3:ListBucket', bucket, key: prefix }, () => this.client.send(
        new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, StartAfter: startAfter, ContinuationToken: token }),
        { abortSignal: options.signal },
      ));
      for (const item of page.Contents ?? []) yield { key: item.Key!, bytes: item.Size ?? 0, modified: item.LastModified ?? new Date() };
      token = page.IsTruncated ? page.NextContinuationToken : undefined;
    } while (token !== undefined);
  }

  /** Lists the folders right below a prefix that ends with a slash, in order, each with its name alone. */
  async* listFolders(bucket: string, prefix: string, options: Abortable = {}): AsyncIterable<string> {
    let token: string | undefined;
    do {
      const page = await this.call({ action: 's3:ListBucket', bucket, key: prefix }, () => this.client.send(
        new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, Delimiter: '/', ContinuationToken: token }), { abortSignal: options.signal },
      ));
      for (const { Prefix = '' } of page.CommonPrefixes ?? []) yield Prefix.slice(prefix.length, -1);
      token = page.IsTruncated ? page.NextContinuationToken : undefined;
    } while (token !== undefined);
  }

  /** Removes objects, a thousand with one request; removing what is not there is no failure. In a versioned bucket their versions stay. */
  async removeAll(bucket: string, keys: readonly string[], options: Abortable = {}): Promise<void> {
    for (let at = 0; at < keys.length; at += REMOVED_AT_ONCE) {
      const Objects = keys.slice(at, at + REMOVED_AT_ONCE).map((Key) => ({ Key }));
      const key = Objects[0]!.Key;
      await this.call({ action: 's3:DeleteObject', bucket, key }, async () => {
        const command = new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects, Quiet: true } });
        const { Errors = [] } = await this.client.send(command, { abortSignal: options.signal });
        const [first] = Errors;
        // The answer is 200 although some are refused, so each error stands for a request of its own.
        if (first !== undefined) throw Object.assign(new Error(`${first.Key}: ${first.Message ?? first.Code}`), { name: first.Code ?? 'InternalError', $metadata: { httpStatusCode: first.Code === 'AccessDenied' ? 403 : 503 } });
      });
    }
  }

  /** Removes a work document; removing what is not there is no failure. */
  async remove(ref: ObjectRef, options: Abortable = {}): Promise<void> {
    await this.call({ action: 's3:DeleteObject', ...ref }, () => this.client.send(new DeleteObjectCommand(address(ref)), { abortSignal: options.signal }));
  }

  private async put(
    ref: ObjectRef, body: string, contentType: string, options: WriteCondition,
  ): Promise<WriteOutcome> {
    return this.call({ action: 's3:PutObject', ...ref }, async () => {
      try {
        await this.client.send(new PutObjectCommand({
          ...address(ref), Body: body, ContentType: contentType, IfNoneMatch: options.ifNoneMatch, IfMatch: options.ifMatch,
        }), { abortSignal: options.signal });
        return 'written';
      } catch (error) {
        // An If-Match on an object that is gone answers 404, not 412.
        if (isLostCondition(error) || (options.ifMatch !== undefined && isAbsent(error))) return 'lost';
        throw error;
      }
    });
  }

  private async orAbsent<T>(call: StoreCall, send: () => Promise<T>): Promise<T | undefined> {
    return this.call(call, async () => {
      try {
        return await send();
      } catch (error) {
        if (isAbsent(error)) return undefined;
        throw error;
      }
    });
  }

  private async call<T>(call: StoreCall, send: () => Promise<T>): Promise<T> {
    try {
      return await send();
    } catch (error) {
      throw storeError(error, call);
    }
  }
}

/** What one request may remove, by the service. */
const REMOVED_AT_ONCE = 1_000;

/** Large enough that reading costs few system calls, small beside the part buffers. */
const FILE_CHUNK_BYTES = 1024 * 1024;

function address(ref: ObjectRef): { Bucket: string; Key: string } {
  return { Bucket: ref.bucket, Key: ref.key };
}

function defaultClient(): S3Client {
  return new S3Client({
    // Five tries with the client's own jitter: S3 answers 503 while a prefix is being split.
    maxAttempts: 5,
    // A connection that says nothing for five minutes is dead; without a limit it would hold the task until its time-out.
    requestHandler: { connectionTimeout: 5_000, socketTimeout: 300_000, httpAgent: receiveBuffer(), httpsAgent: receiveBuffer() },
  });
}
