import { createHash, randomUUID } from 'node:crypto';
import {
  AbortMultipartUploadCommand, CompleteMultipartUploadCommand, CreateMultipartUploadCommand, HeadObjectCommand, PutObjectCommand, UploadPartCommand,
  type CompletedPart, type S3Client,
} from '@aws-sdk/client-s3';
import { userError } from '../errors/pipeline-error';
import { isGoneUpload, isLostCondition, storeError } from './store-error';
import { leavePayloadUnsigned } from './unsigned-payload';

const MIB = 1024 * 1024;

/** Object metadata that tells an uploader its own object from another's. */
const TOKEN = 'headrace-upload';

/** S3 takes no part smaller than this, except the last. */
const MIN_PART_BYTES = 5 * MIB;

/** S3 takes no more parts than this in one object. */
export const MAX_PARTS = 10_000;

/** The largest part this uploader makes: one in flight and one being filled use up the budget. */
export const MAX_PART_BYTES = 48 * MIB;

/** Bytes that all part buffers together may hold; with the process itself they stay below 256 MiB. */
const BUFFER_BUDGET_BYTES = 96 * MIB;

/** Parts in flight at once, as far as the budget goes. */
const MAX_IN_FLIGHT = 4;

export interface UploadOptions {
  /** Bytes of a part, 5 MiB to 48 MiB. @default - 8 MiB, growing with the part number, or fitted to `totalBytes` */
  readonly partBytes?: number;
  /** The length of the stream where it is known beforehand. Lets the part size fit; the stream is not held to it. */
  readonly totalBytes?: number;
  readonly ifNoneMatch?: '*';
  readonly contentType?: string;
  /** ASCII names and values, at most 2 KB. Read when the upload begins, so that it may be filled from the first answer. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Called when all bytes are sent and none is visible; what it throws undoes the upload. */
  readonly beforeComplete?: (sum: { readonly bytes: number; readonly sha256: string }) => void;
  readonly signal?: AbortSignal;
}

/** What went over the wire. With outcome `lost` the object in place is somebody else's. */
export interface Uploaded {
  readonly outcome: 'written' | 'lost';
  readonly bytes: number;
  /** SHA-256 of all bytes, in hex. */
  readonly sha256: string;
  /** Empty when lost. */
  readonly etag: string;
}

interface Target { readonly bucket: string; readonly key: string }

/** Uploads a stream in parts; see ObjectStore.upload. */
export async function uploadStream(
  client: S3Client, target: Target, source: AsyncIterable<Uint8Array>, options: UploadOptions = {},
): Promise<Uploaded> {
  // Parts in flight are stopped by this signal when any one of them fails, or when the caller aborts.
  const stop = new AbortController();
  const signal = options.signal === undefined ? stop.signal : AbortSignal.any([options.signal, stop.signal]);
  const upload = new PartedUpload(client, target, options, signal);
  // Better now than after hours of sending.
  if ((options.totalBytes ?? 0) > MAX_PARTS * MAX_PART_BYTES) throw upload.tooLarge(options.totalBytes as number);
  const parts = fillParts(source, upload, options);
  try {
    for await (const part of parts) await upload.send(part);
    return await upload.complete();
  } catch (error) {
    // Stopping the parts in flight makes them fail too; the first failure is the cause.
    const cause = upload.failure ?? error;
    stop.abort();
    await upload.discard();
    options.signal?.throwIfAborted();
    throw cause;
  }
}

interface Part { readonly number: number; readonly buffer: Buffer; readonly bytes: number; readonly last: boolean }

/** Cuts a stream into part buffers. Only the last part may be short, and only when the stream ends there. */
async function* fillParts(source: AsyncIterable<Uint8Array>, upload: PartedUpload, options: UploadOptions): AsyncGenerator<Part> {
  let number = 1;
  let buffer = await upload.buffer(number);
  let used = 0;
  for await (const chunk of source) {
    options.signal?.throwIfAborted();
    if (upload.failure !== undefined) throw upload.failure;
    upload.count(chunk);
    let offset = 0;
    while (offset < chunk.length) {
      if (used === buffer.length) {
        yield { number, buffer, bytes: used, last: false };
        number += 1;
        buffer = await upload.buffer(number);
        used = 0;
      }
      const take = Math.min(chunk.length - offset, buffer.length - used);
      buffer.set(chunk.subarray(offset, offset + take), used);
      used += take;
      offset += take;
    }
  }
  options.signal?.throwIfAborted();
  yield { number, buffer, bytes: used, last: true };
}

class PartedUpload {
  failure: unknown;
  private readonly hash = createHash('sha256');
  private bytes = 0;
  private uploadId?: string;
  private single?: Part;
  private readonly completed: CompletedPart[] = [];
  private readonly inFlight = new Set<Promise<void>>();
  private readonly free: Buffer[] = [];
  private readonly token = randomUUID();

  constructor(
    private readonly client: S3Client, private readonly target: Target, private readonly options: UploadOptions, private readonly signal: AbortSignal,
  ) {}

  count(chunk: Uint8Array): void {
    this.hash.update(chunk);
    this.bytes += chunk.length;
  }

  /** A buffer for part `number`; waits until a part in flight gives its own back when the budget is used up. */
  async buffer(number: number): Promise<Buffer> {
    if (number > MAX_PARTS) throw this.tooLarge(this.bytes);
    const size = partSize(number, this.options);
    while (this.inFlight.size >= MAX_IN_FLIGHT || (this.inFlight.size > 0 && (this.inFlight.size + 1) * size > BUFFER_BUDGET_BYTES)) {
      await Promise.race(this.inFlight);
    }
    if (this.failure !== undefined) throw this.failure;
    const reused = this.free.pop();
    if (reused !== undefined && reused.length === size) return reused;
    this.free.length = 0;
    // The slow kind is not cut from the shared pool and is never zeroed: all of it is overwritten before it is sent.
    return Buffer.allocUnsafeSlow(size);
  }

  async send(part: Part): Promise<void> {
    if (part.last && part.number === 1) {
      this.single = part;
      return;
    }
    if (part.last && part.bytes === 0) return;
    this.uploadId ??= await this.begin();
    const sent: Promise<void> = this.sendPart(part)
      .catch((error: unknown) => { this.failure ??= this.failed(error); })
      .finally(() => { this.inFlight.delete(sent); });
    this.inFlight.add(sent);
  }

  async complete(): Promise<Uploaded> {
    const sum = { bytes: this.bytes, sha256: this.hash.digest('hex') };
    this.options.beforeComplete?.(sum);
    try {
      const etag = this.single === undefined ? await this.finish() : await this.putSingle(this.single);
      return { outcome: 'written', ...sum, etag };
    } catch (error) {
      // A request whose answer got lost is repeated by the client, and then meets its own object.
      if (!isLostCondition(error) && !isGoneUpload(error)) throw this.failed(error);
      const own = await this.ownObject();
      if (own !== undefined) return { outcome: 'written', ...sum, etag: own };
      if (!isLostCondition(error)) throw this.failed(error);
      await this.discard();
      return { outcome: 'lost', ...sum, etag: '' };
    }
  }

  /** Removes what was sent. Waits for the parts in flight: S3 keeps a part that arrives after the removal. */
  async discard(): Promise<void> {
    await Promise.allSettled(this.inFlight);
    const UploadId = this.uploadId;
    if (UploadId === undefined) return;
    this.uploadId = undefined;
    // The removal must run although the caller aborted. When it fails too, the bucket's lifecycle rule removes the parts.
    await this.client.send(new AbortMultipartUploadCommand({ ...this.address(), UploadId })).catch(() => undefined);
  }

  /** The version in place, if it is what this upload wrote. */
  private async ownObject(): Promise<string | undefined> {
    const head = await this.client.send(new HeadObjectCommand(this.address()), { abortSignal: this.signal }).catch(() => undefined);
    return head?.Metadata?.[TOKEN] === this.token ? head.ETag ?? '' : undefined;
  }

  tooLarge(bytes: number): Error {
    return userError(
      'UPLOAD_TOO_LARGE', `s3://${this.target.bucket}/${this.target.key} needs more than ${MAX_PARTS} parts of ${MAX_PART_BYTES} bytes; split the source into several files`,
      { ...this.target, bytes },
    );
  }

  private failed(error: unknown): unknown {
    return storeError(error, { action: 's3:PutObject', ...this.target });
  }

  private get metadata(): Record<string, string> {
    return { ...this.options.metadata, [TOKEN]: this.token };
  }

  private async begin(): Promise<string> {
    // No abort signal: an upload that begins unseen could not be removed. One small request is waited for instead.
    const { UploadId } = await this.client.send(new CreateMultipartUploadCommand({
      ...this.address(), ContentType: this.options.contentType, Metadata: this.metadata, ChecksumAlgorithm: 'CRC32',
    })).catch((error: unknown) => { throw this.failed(error); });
    return UploadId!;
  }

  private async sendPart(part: Part): Promise<void> {
    const answer = await this.client.send(leavePayloadUnsigned(new UploadPartCommand({
      ...this.address(), UploadId: this.uploadId, PartNumber: part.number, Body: part.buffer.subarray(0, part.bytes), ContentLength: part.bytes,
      ChecksumAlgorithm: 'CRC32',
    })), { abortSignal: this.signal });
    this.completed.push({ PartNumber: part.number, ETag: answer.ETag, ChecksumCRC32: answer.ChecksumCRC32 });
    this.free.push(part.buffer);
  }

  private async finish(): Promise<string> {
    await Promise.all(this.inFlight);
    if (this.failure !== undefined) throw this.failure;
    this.signal.throwIfAborted();
    this.completed.sort((a, b) => a.PartNumber! - b.PartNumber!);
    const answer = await this.client.send(new CompleteMultipartUploadCommand({
      ...this.address(), UploadId: this.uploadId, MultipartUpload: { Parts: this.completed }, MpuObjectSize: this.bytes,
      IfNoneMatch: this.options.ifNoneMatch,
    }), { abortSignal: this.signal });
    this.uploadId = undefined;
    return answer.ETag ?? '';
  }

  private async putSingle(part: Part): Promise<string> {
    const answer = await this.client.send(new PutObjectCommand({
      ...this.address(), Body: part.buffer.subarray(0, part.bytes), ContentLength: part.bytes, ContentType: this.options.contentType,
      Metadata: this.metadata, IfNoneMatch: this.options.ifNoneMatch,
    }), { abortSignal: this.signal });
    return answer.ETag ?? '';
  }

  private address(): { Bucket: string; Key: string } {
    return { Bucket: this.target.bucket, Key: this.target.key };
  }
}

/**
 * Bytes of part `number`.
 *
 * Small parts start the upload early and keep memory low; they grow because 10,000 of them must hold an object whose
 * length nobody told: 8 MiB up to part 2,000, then 16, 32 and 48 MiB, about 312 GiB in all.
 */
export function partSize(number: number, options: Pick<UploadOptions, 'partBytes' | 'totalBytes'> = {}): number {
  if (options.partBytes !== undefined) return Math.min(MAX_PART_BYTES, Math.max(MIN_PART_BYTES, options.partBytes));
  const grown = number <= 2_000 ? 8 : number <= 4_000 ? 16 : number <= 5_000 ? 32 : 48;
  if (options.totalBytes === undefined) return grown * MIB;
  const fitted = Math.ceil(options.totalBytes / MAX_PARTS / MIB) * MIB;
  return Math.min(MAX_PART_BYTES, Math.max(8 * MIB, fitted));
}
