import { Decompress } from 'fzstd';
import { createXXHash64 } from 'hash-wasm';
import { ByteQueue } from './byte-queue';
import { PackedFault } from './packed-fault';

const MAGIC = 0xfd2fb528;
const [SKIPPABLE, SKIPPABLE_MASK] = [0x184d2a50, 0xfffffff0];
const BLOCK_HEADER = 3;
const LARGEST_BLOCK = 128 * 1024;
/** What the command line tool of zstd opens without being asked. */
const LARGEST_WINDOW = 128 * 1024 * 1024;
/** The library goes over the whole window for each block. Bytes of windows that are always gone over, and how many for each byte that comes out. */
const [ALWAYS_WINDOWS, WINDOWS_PER_BYTE] = [8 * 1024 ** 3, 65_536];

interface FrameHeader { readonly length: number; readonly checksum: boolean; readonly contentBytes?: bigint; readonly windowBytes: number }

/**
 * Opens a stream of Zstandard frames (RFC 8878), one block at a time, so that memory stays within a window and a block.
 *
 * The library opens blocks; lengths, checksums and the end of frames are looked at here, because it does not.
 * Throws {@link PackedFault} where the frames are not whole.
 */
export async function* openZstd(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const hash = await createXXHash64();
  let [windows, out] = [0, 0];
  const input = new ByteQueue(chunks, (what, at) => new PackedFault(`it ends in ${what}, at byte ${at}`));
  while (await input.has(1)) {
    const magic = (await input.need(4, 'the magic number')).readUInt32LE(0);
    if (((magic & SKIPPABLE_MASK) >>> 0) === SKIPPABLE) {
      const bytes = (await input.need(8, 'a skippable frame')).readUInt32LE(4);
      await input.skip(8 + bytes, 'a skippable frame');
      continue;
    }
    if (magic !== MAGIC) throw new PackedFault(`no frame begins at byte ${input.at}`);
    const header = await readHeader(input);
    hash.init();
    let opened: Uint8Array[] = [];
    const frame = new Decompress((bytes) => { if (bytes.length > 0) opened.push(bytes); });
    let pushed: Buffer = Buffer.from(input.take(header.length));
    let length = 0n;
    const hand = function* (): Generator<Uint8Array> {
      const blocks = opened;
      opened = [];
      for (const bytes of blocks) {
        hash.update(bytes);
        length += BigInt(bytes.length);
        out += bytes.length;
        yield bytes;
      }
    };
    const push = (bytes: Buffer, last = false): void => {
      try {
        frame.push(bytes, last);
      } catch (error) {
        throw new PackedFault(`the frame cannot be read before byte ${input.at}: ${(error as Error).message}`, error);
      }
    };
    for (let last = false; !last;) {
      const block = (await input.need(BLOCK_HEADER, 'a block')).readUIntLE(0, BLOCK_HEADER);
      last = (block & 1) === 1;
      windows += header.windowBytes;
      if (windows > ALWAYS_WINDOWS && windows > out * WINDOWS_PER_BYTE) throw new PackedFault(`its blocks before byte ${input.at} hold too little for a window of ${header.windowBytes} bytes, so that opening them would not end; pack it with a smaller one`);
      const [type, size] = [(block >> 1) & 3, block >> 3];
      if (type === 3 || size > LARGEST_BLOCK) throw new PackedFault(`the block at byte ${input.at} is of no kind that there is`);
      const whole = BLOCK_HEADER + (type === 1 ? 1 : size);
      await input.need(whole, 'a block');
      // The library keeps what it is given, so it gets bytes of its own.
      push(Buffer.concat([pushed, input.take(whole)]));
      pushed = Buffer.alloc(0);
      yield* hand();
    }
    const declared = header.checksum ? Buffer.from((await input.need(4, 'a checksum')).subarray(0, 4)) : Buffer.alloc(0);
    input.take(declared.length);
    push(declared);
    push(Buffer.alloc(0), true);
    yield* hand();
    if (header.contentBytes !== undefined && header.contentBytes !== length) throw new PackedFault(`a frame says that it holds ${header.contentBytes} bytes, and holds ${length}`);
    if (header.checksum && Buffer.from(hash.digest('binary')).readUInt32BE(4) !== declared.readUInt32LE(0)) throw new PackedFault('the checksum of a frame does not fit its bytes');
  }
}

async function readHeader(input: ByteQueue): Promise<FrameHeader> {
  const descriptor = (await input.need(5, 'a frame header'))[4]!;
  const [single, dictionary, size] = [(descriptor & 32) !== 0, [0, 1, 2, 4][descriptor & 3]!, descriptor >> 6];
  const window = single ? 0 : 1;
  const sizeBytes = size === 0 ? (single ? 1 : 0) : 1 << size;
  const length = 5 + window + dictionary + sizeBytes;
  const header = await input.need(length, 'a frame header');
  if (dictionary > 0 && header.readUIntLE(5 + window, dictionary) !== 0) throw new PackedFault('it needs a dictionary, which is not part of it');
  const at = length - sizeBytes;
  const contentBytes = sizeBytes === 0 ? undefined
    : sizeBytes === 8 ? header.readBigUInt64LE(at) : BigInt(header.readUIntLE(at, sizeBytes) + (sizeBytes === 2 ? 256 : 0));
  const base = 2 ** (10 + (header[5]! >> 3));
  const needed = single ? Number(contentBytes) : base + (base / 8) * (header[5]! & 7);
  if (needed > LARGEST_WINDOW) throw new PackedFault(`it needs a window of ${needed} bytes, and at most ${LARGEST_WINDOW} are held; pack it without --long, or with a smaller one`);
  return { length, checksum: (descriptor & 4) !== 0, contentBytes, windowBytes: needed };
}
