import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import type { RecordFormat } from '../../../contract/contract';
import { userError } from '../../../errors/pipeline-error';
import type { PartCompression } from '../../../run/manifest';
import type { ByteRange, ObjectRef, ObjectStore } from '../../../stores/object-store';
import { PackedFault } from './packed-fault';
import { openZipMember } from './zip-member';
import { openZstd } from './zstd-frames';

export interface PackedSource {
  readonly store: ObjectStore;
  readonly ref: ObjectRef;
  /** Of the object. */
  readonly bytes: number;
  readonly compression: PartCompression;
  /** What is read of one that is not packed. @default - all */
  readonly range?: ByteRange;
  /** Names it in errors. */
  readonly source: string;
  readonly signal?: AbortSignal;
}

/** What opens a part: what the contract says, else its first bytes as ingest saw them, else its name. */
export function compressionOf({ compression }: Pick<RecordFormat, 'compression'>, part: { readonly key: string; readonly compression: PartCompression }): PartCompression {
  if (compression !== 'auto') return compression;
  return part.compression === 'none' ? NAMES.find(([end]) => part.key.endsWith(end))?.[1] ?? 'none' : part.compression;
}

const NAMES: ReadonlyArray<readonly [string, PartCompression]> = [['.gz', 'gzip'], ['.zst', 'zstd'], ['.zip', 'zip']];

/** Hands on the bytes of a part, unpacked. Throws a failure that names the archive when it is not whole: nothing of it may be used then. */
export async function readPacked(packed: PackedSource, read: (chunks: AsyncIterable<Uint8Array>) => Promise<void>): Promise<void> {
  const { store, ref, bytes, compression, range, source, signal } = packed;
  try {
    if (compression === 'zip') {
      await read(bounded(openZipMember(packed), bytes));
      return;
    }
    const stream = await store.getStream(ref, compression === 'none' ? range : undefined, { signal });
    if (compression === 'none') await pipeline(stream, read, { signal });
    else if (compression === 'gzip') {
      const gunzip = createGunzip({ chunkSize: GUNZIP_CHUNK_BYTES });
      const end = { data: 0 };
      await pipeline(stream, (chunks: AsyncIterable<Uint8Array>) => watched(chunks, end), gunzip, read, { signal });
      // The library passes over everything behind a zero byte, and only padding may be passed over.
      if (end.data > gunzip.bytesWritten) throw new PackedFault(`something else follows the archive at byte ${gunzip.bytesWritten}`);
    }
    else await pipeline(stream, (chunks: AsyncIterable<Uint8Array>) => bounded(openZstd(chunks), bytes), read, { signal });
  } catch (error) {
    const { code, message } = error as { code?: string; message?: string };
    if (error instanceof PackedFault) {
      throw userError(compression.toUpperCase(), `${source} is not a whole ${compression} file: ${error.reason}; ${error.cure}, or declare headraceRecord.compression: none if these bytes are the data`, { source, reason: error.reason }, error);
    }
    if (typeof code !== 'string' || !code.startsWith('Z_')) throw error;
    throw userError('GZIP', `${source} is not a whole gzip file: ${message}; fetch it again, or declare headraceRecord.compression: none`, { source, reason: code }, error);
  }
}

/** Notes where the last byte is that is not zero. */
async function* watched(chunks: AsyncIterable<Uint8Array>, end: { data: number }): AsyncGenerator<Uint8Array> {
  let passed = 0;
  for await (const chunk of chunks) {
    let last = chunk.length;
    while (last > 0 && chunk[last - 1] === 0) last--;
    if (last > 0) end.data = passed + last;
    passed += chunk.length;
    yield chunk;
  }
}

/** Ends what grows beyond all that tables do when they are packed: an archive that was made to fill a disk. */
export async function* bounded(chunks: AsyncIterable<Uint8Array>, packedBytes: number): AsyncGenerator<Uint8Array> {
  const most = Math.max(ALWAYS_BYTES, packedBytes * LARGEST_RATIO);
  let total = 0;
  for await (const chunk of chunks) {
    total += chunk.length;
    if (total > most) {
      throw new PackedFault(`its ${packedBytes} bytes hold more than ${most}, and at most ${LARGEST_RATIO} times an archive's bytes are opened`, undefined, 'if it is data, have the source pack it with gzip');
    }
    yield chunk;
  }
}

const LARGEST_RATIO = 1_000;
/** Opened whatever the ratio is. */
const ALWAYS_BYTES = 64 * 1024 * 1024;

/** Larger than the default of 16 KiB: each chunk costs a turn of the event loop. */
const GUNZIP_CHUNK_BYTES = 256 * 1024;
