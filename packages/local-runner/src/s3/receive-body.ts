import { createHash, type Hash } from 'node:crypto';
import { constants } from 'node:fs';
import { open, rm, type FileHandle } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { AwsChunkedDecoder, isStreamingPayload } from './aws-chunked';
import {
  CHECKSUM_NAMES, checksumHeader, isChecksumName, startChecksum, type Checksum, type ChecksumName, type RunningChecksum,
} from './checksum';
import { invalidArgument, S3Error } from './s3-error';

/** Bytes gathered before a write: large enough that file calls do not count, small enough to stay in the cache. */
const WRITE_BYTES = 1024 * 1024;

/** S3 refuses more in one request. */
const MAX_PUT_BYTES = 5 * 1024 ** 3;

/** A body on disk whose length, hashes and checksums have been verified. */
export interface ReceivedBody {
  readonly path: string;
  readonly bytes: number;
  readonly md5: Buffer;
  readonly checksum?: Checksum;
}

type Headers = Readonly<Record<string, string | undefined>>;

/** What the request says about its body, checked before a byte is read. */
interface Announcement {
  readonly chunked: boolean;
  readonly bytes: number;
  readonly sha256?: string;
  readonly md5?: string;
  readonly checksum?: ChecksumName;
}

/**
 * Streams a request's body into a new file and verifies everything the client said about it. Nothing is left behind
 * when the client goes away or anything differs.
 *
 * @throws S3Error BadDigest, IncompleteBody, XAmzContentSHA256Mismatch and the like
 */
export async function receiveBody(source: Readable, headers: Headers, path: string): Promise<ReceivedBody> {
  try {
    return await receiveInto(source, headers, path, 'wx', 0);
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  }
}

/** As {@link receiveBody}, into a region of a file that others write to as well; after a failure the region is unspecified. */
export async function receiveBodyAt(source: Readable, headers: Headers, path: string, offset: number): Promise<ReceivedBody> {
  return receiveInto(source, headers, path, constants.O_RDWR | constants.O_CREAT, offset);
}

/** Size of the body that a request announces, before its framing. */
export function announcedBytes(headers: Headers): number {
  return readAnnouncement(headers).bytes;
}

async function receiveInto(
  source: Readable, headers: Headers, path: string, flags: string | number, offset: number,
): Promise<ReceivedBody> {
  const said = readAnnouncement(headers);
  const file = await open(path, flags);
  try {
    const receiver = new Receiver(file, said, offset);
    await receiver.readAll(source);
    return await receiver.verify(headers, path);
  } finally {
    await file.close();
  }
}

/** Reads a small body, such as an XML document, into memory with the same checks. */
export async function receiveText(source: Readable, headers: Headers, maxBytes: number): Promise<string> {
  const said = readAnnouncement({ 'content-length': '0', ...headers });
  const decoder = said.chunked ? new AwsChunkedDecoder() : undefined;
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of source as AsyncIterable<Buffer>) {
    for (const data of decoder ? decoder.push(chunk) : [chunk]) {
      bytes += data.length;
      if (bytes > maxBytes) throw new S3Error(400, 'MaxMessageLengthExceeded', 'Your request was too big.');
      pieces.push(data);
    }
  }
  decoder?.end();
  const body = Buffer.concat(pieces);
  if (said.md5 !== undefined && createHash('md5').update(body).digest('base64') !== said.md5) {
    throw badDigest('Content-MD5 you specified did not match what we received');
  }
  return body.toString('utf8');
}

class Receiver {
  private readonly md5 = createHash('md5');
  private readonly sha256: Hash | undefined;
  private readonly checksum: RunningChecksum | undefined;
  private readonly decoder: AwsChunkedDecoder | undefined;
  private batch: Buffer[] = [];
  private batchBytes = 0;
  private bytes = 0;
  private writing: Promise<unknown> = Promise.resolve();

  constructor(private readonly file: FileHandle, private readonly said: Announcement, private position: number) {
    this.sha256 = said.sha256 === undefined ? undefined : createHash('sha256');
    this.checksum = said.checksum === undefined ? undefined : startChecksum(said.checksum);
    this.decoder = said.chunked ? new AwsChunkedDecoder() : undefined;
  }

  async readAll(source: Readable): Promise<void> {
    try {
      for await (const chunk of source as AsyncIterable<Buffer>) {
        for (const data of this.decoder ? this.decoder.push(chunk) : [chunk]) this.take(data);
        if (this.batchBytes >= WRITE_BYTES) await this.flush();
      }
      this.decoder?.end();
      await this.flush();
      await this.writing;
    } finally {
      await this.writing.catch(() => undefined);
    }
  }

  async verify(headers: Headers, path: string): Promise<ReceivedBody> {
    if (this.bytes !== this.said.bytes) {
      throw new S3Error(400, 'IncompleteBody', 'You did not provide the number of bytes specified by the Content-Length HTTP header');
    }
    if (this.sha256 !== undefined && this.sha256.digest('hex') !== this.said.sha256) {
      throw new S3Error(
        400, 'XAmzContentSHA256Mismatch', "The provided 'x-amz-content-sha256' header does not match what was computed.",
      );
    }
    const md5 = this.md5.digest();
    if (this.said.md5 !== undefined && md5.toString('base64') !== this.said.md5) {
      throw badDigest('Content-MD5 you specified did not match what we received');
    }
    return { path, bytes: this.bytes, md5, checksum: await this.verifyChecksum(headers) };
  }

  private async verifyChecksum(headers: Headers): Promise<Checksum | undefined> {
    const name = this.said.checksum;
    if (name === undefined || this.checksum === undefined) return undefined;
    const value = await this.checksum.digest();
    const expected = headers[checksumHeader(name)] ?? this.decoder?.trailers[checksumHeader(name)];
    if (expected === undefined && headers['x-amz-trailer'] !== undefined) {
      throw new S3Error(400, 'MalformedTrailerError', `The request announced the trailer ${checksumHeader(name)} but did not send it.`);
    }
    if (expected !== undefined && expected !== value) {
      throw badDigest(`${name.toUpperCase()} you specified did not match the calculated checksum`);
    }
    return { name, value, type: 'FULL_OBJECT' };
  }

  private take(data: Buffer): void {
    this.bytes += data.length;
    if (this.bytes > this.said.bytes) {
      throw new S3Error(400, 'IncompleteBody', 'The request body is longer than announced');
    }
    this.md5.update(data);
    this.sha256?.update(data);
    this.checksum?.update(data);
    this.batch.push(data);
    this.batchBytes += data.length;
  }

  /** Starts writing what has gathered, once the batch before it is written: hashing overlaps with the disk. */
  private async flush(): Promise<void> {
    const batch = this.batch;
    this.batch = [];
    this.batchBytes = 0;
    await this.writing;
    if (batch.length === 0) return;
    const position = this.position;
    this.position += batch.reduce((sum, piece) => sum + piece.length, 0);
    this.writing = writeFully(this.file, batch, position);
    // The rejection is seen by the next await; without this it would count as unhandled until then.
    this.writing.catch(() => undefined);
  }
}

async function writeFully(file: FileHandle, batch: Buffer[], position: number): Promise<void> {
  const total = batch.reduce((sum, piece) => sum + piece.length, 0);
  let { bytesWritten } = await file.writev(batch, position);
  const rest = bytesWritten < total ? Buffer.concat(batch) : Buffer.alloc(0);
  while (bytesWritten < total) {
    bytesWritten += (await file.write(rest, bytesWritten, total - bytesWritten, position + bytesWritten)).bytesWritten;
  }
}

function readAnnouncement(headers: Headers): Announcement {
  const contentSha256 = headers['x-amz-content-sha256'];
  const chunked = isStreamingPayload(contentSha256);
  const length = chunked ? headers['x-amz-decoded-content-length'] : headers['content-length'];
  if (length === undefined || !/^\d{1,15}$/.test(length)) {
    throw new S3Error(411, 'MissingContentLength', 'You must provide the Content-Length HTTP header.');
  }
  const bytes = Number(length);
  if (bytes > MAX_PUT_BYTES) {
    throw new S3Error(400, 'EntityTooLarge', 'Your proposed upload exceeds the maximum allowed size', {
      ProposedSize: length, MaxSizeAllowed: String(MAX_PUT_BYTES),
    });
  }
  const md5 = headers['content-md5'];
  if (md5 !== undefined && Buffer.from(md5, 'base64').length !== 16) {
    throw new S3Error(400, 'InvalidDigest', 'The Content-MD5 you specified was invalid.', { 'Content-MD5': md5 });
  }
  return { chunked, bytes, md5, sha256: readSha256(contentSha256, chunked), checksum: readChecksumName(headers) };
}

function readSha256(value: string | undefined, chunked: boolean): string | undefined {
  if (value === undefined || chunked || value === 'UNSIGNED-PAYLOAD') return undefined;
  if (!/^[0-9a-f]{64}$/.test(value)) {
    throw invalidArgument(
      'x-amz-content-sha256 must be UNSIGNED-PAYLOAD, a STREAMING-* payload kind, or a valid sha256 value.',
      'x-amz-content-sha256', value,
    );
  }
  return value;
}

function readChecksumName(headers: Headers): ChecksumName | undefined {
  const sent = CHECKSUM_NAMES.filter((name) => headers[checksumHeader(name)] !== undefined);
  if (sent.length > 1) {
    throw new S3Error(400, 'InvalidRequest', 'Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.');
  }
  const trailer = headers['x-amz-trailer']?.toLowerCase().replace('x-amz-checksum-', '').trim();
  const asked: string | undefined = sent[0] ?? trailer ?? headers['x-amz-sdk-checksum-algorithm']?.toLowerCase();
  if (asked === undefined || asked === '') return undefined;
  if (!isChecksumName(asked)) {
    throw new S3Error(400, 'InvalidRequest', `The checksum algorithm ${JSON.stringify(asked)} is not one of ${CHECKSUM_NAMES.join(', ')}.`);
  }
  return asked;
}

function badDigest(what: string): S3Error {
  return new S3Error(400, 'BadDigest', `The ${what}.`);
}
