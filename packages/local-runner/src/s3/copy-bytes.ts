import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import type { ByteRange } from './byte-range';
import { startChecksum, type ChecksumName } from './checksum';
import type { ReceivedBody } from './receive-body';

const COPY_BYTES = 1024 * 1024;

/** A file, or an open one, to take bytes from; an open one is not closed. */
export interface CopySource { readonly path?: string; readonly descriptor?: number; readonly range?: ByteRange }

export interface CopyOptions {
  readonly checksum?: ChecksumName;
  /** Leaves out the MD5 where nobody asks for it: at a fifth of a second for 128 MiB it is most of the work. */
  readonly withoutMd5?: boolean;
}

/** Writes the sources one after the other into a new file, and hashes what it writes. */
export async function copyBytes(sources: readonly CopySource[], path: string, options: CopyOptions = {}): Promise<ReceivedBody> {
  const checksumName = options.checksum;
  const md5 = options.withoutMd5 ? undefined : createHash('md5');
  const checksum = checksumName === undefined ? undefined : startChecksum(checksumName);
  const target = await open(path, 'wx');
  let bytes = 0;
  try {
    for (const source of sources) {
      const input = createReadStream(source.path ?? '', {
        fd: source.descriptor, autoClose: source.descriptor === undefined,
        start: source.range?.start ?? 0, end: source.range?.end, highWaterMark: COPY_BYTES,
      });
      for await (const chunk of input as AsyncIterable<Buffer>) {
        md5?.update(chunk);
        checksum?.update(chunk);
        bytes += chunk.length;
        await target.writeFile(chunk);
      }
    }
    await target.close();
  } catch (error) {
    await target.close();
    await rm(path, { force: true });
    throw error;
  }
  const value = await checksum?.digest();
  return {
    path, bytes, md5: md5?.digest() ?? Buffer.alloc(0),
    checksum: checksumName === undefined || value === undefined ? undefined : { name: checksumName, value, type: 'FULL_OBJECT' },
  };
}
