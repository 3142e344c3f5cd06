import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { Crc32, Crc32c, Crc64Nvme } from '@aws-sdk/checksums/crc';

/** Checksum algorithms that S3 takes in headers and trailers, as they end the header's name. */
export const CHECKSUM_NAMES = ['crc32', 'crc32c', 'crc64nvme', 'sha1', 'sha256'] as const;
export type ChecksumName = (typeof CHECKSUM_NAMES)[number];

/** How a multipart object's checksum was made: over its bytes, or over the checksums of its parts. */
export type ChecksumType = 'FULL_OBJECT' | 'COMPOSITE';

/** A checksum as stored and returned; base64, with `-<parts>` when composite. */
export interface Checksum {
  readonly name: ChecksumName;
  readonly value: string;
  readonly type: ChecksumType;
}

export interface RunningChecksum {
  update(bytes: Uint8Array): void;
  /** Base64 of the big-endian value. */
  digest(): Promise<string>;
}

export function isChecksumName(text: string): text is ChecksumName {
  return (CHECKSUM_NAMES as readonly string[]).includes(text);
}

export function startChecksum(name: ChecksumName): RunningChecksum {
  if (name === 'sha1' || name === 'sha256') {
    const hash = createHash(name);
    return { update: (bytes) => void hash.update(bytes), digest: async () => hash.digest('base64') };
  }
  const crc = name === 'crc32' ? new Crc32() : name === 'crc32c' ? new Crc32c() : new Crc64Nvme();
  return {
    update: (bytes) => void crc.update(bytes),
    digest: async () => Buffer.from(await crc.digest()).toString('base64'),
  };
}

export async function checksumOf(name: ChecksumName, ...chunks: Uint8Array[]): Promise<string> {
  const running = startChecksum(name);
  for (const chunk of chunks) running.update(chunk);
  return running.digest();
}

export async function checksumOfFile(name: ChecksumName, path: string): Promise<string> {
  const running = startChecksum(name);
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 }) as AsyncIterable<Buffer>) running.update(chunk);
  return running.digest();
}

/** Name of the element in documents, for example `ChecksumCRC32C`. */
export function checksumElement(name: ChecksumName): string {
  return `Checksum${name.toUpperCase()}`;
}

/** Name of the header, for example `x-amz-checksum-crc32c`. */
export function checksumHeader(name: ChecksumName): string {
  return `x-amz-checksum-${name}`;
}
