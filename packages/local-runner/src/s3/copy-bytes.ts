import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import type { ByteRange } from './byte-range';
import { startChecksum, type ChecksumName } from './checksum';
import type { ReceivedBody } from './receive-body';

const COPY_BYTES = 1024 * 1024;

/** A file, or an open one, to take bytes from; an open one is not closed. */
export interface CopySource { readonly path?: string; readonly descriptor?: number; readonly range?: ByteRange }

/** Writes the sources one after the other into a new file, and hashes what it writes. */
export async function copyBytes(sources: readonly CopySource[], path: string, checksumName?: ChecksumName): Promise<ReceivedBody> {
  const md5 = createHash('md5');
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
        md5.update(chunk);
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
    path, bytes, md5: md5.digest(),
    checksum: checksumName === undefined || value === undefined ? undefined : { name: checksumName, value, type: 'FULL_OBJECT' },
  };
}
