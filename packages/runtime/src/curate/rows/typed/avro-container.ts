import { crc32, inflateRawSync } from 'node:zlib';
import { uncompress } from 'snappyjs';
import { userError } from '../../../errors/pipeline-error';
import { ByteQueue } from '../packed/byte-queue';
import { openZstd } from '../packed/zstd-frames';

const MAGIC = Buffer.from('Obj\x01', 'latin1');
const SYNC_BYTES = 16;
/** A block is held whole, packed and unpacked; writers make them of some 16 KiB to some MiB. */
const LARGEST_BLOCK = 256 * 1024 * 1024;

/** A block of an Avro object container file. */
export interface AvroBlock {
  readonly records: number;
  /** Unpacked. */
  readonly bytes: Buffer;
  /** Of its first byte in the source. */
  readonly at: number;
}

/** Reads the framing of an Avro object container file: header, blocks and the marks between them. */
export class AvroContainer {
  /** Text of the writer's schema. */
  readonly schema: string;

  private constructor(
    private readonly queue: ByteQueue, meta: ReadonlyMap<string, Buffer>, private readonly sync: Buffer, private readonly source: string,
  ) {
    this.schema = meta.get('avro.schema')?.toString() ?? '';
    this.codec = meta.get('avro.codec')?.toString() ?? 'null';
    if (!CODECS.includes(this.codec)) throw avroError(source, `its blocks are packed with ${JSON.stringify(this.codec)}, and ${CODECS.join(', ')} are read`);
  }

  private readonly codec: string;

  static async open(chunks: AsyncIterable<Uint8Array>, source: string): Promise<AvroContainer> {
    const queue = new ByteQueue(chunks, (what, at) => avroError(source, `it ends in ${what}, at byte ${at}`));
    if (!await queue.has(MAGIC.length) || !queue.take(MAGIC.length).equals(MAGIC)) throw avroError(source, 'it does not begin as an Avro object container file');
    const meta = new Map<string, Buffer>();
    for (;;) {
      const count = await size(queue, source, 'the header');
      if (count === 0) break;
      // A negative count is followed by the bytes of its entries.
      if (count < 0) await size(queue, source, 'the header');
      for (let entry = Math.abs(count); entry > 0; entry--) meta.set((await field(queue, source)).toString(), await field(queue, source));
    }
    await queue.need(SYNC_BYTES, 'the header');
    return new AvroContainer(queue, meta, Buffer.from(queue.take(SYNC_BYTES)), source);
  }

  async *blocks(): AsyncGenerator<AvroBlock> {
    const { queue, source, sync } = this;
    while (await queue.has(1)) {
      const { at } = queue;
      const records = await size(queue, source, 'a block');
      const bytes = await size(queue, source, 'a block');
      if (records < 0 || bytes < 0 || bytes > LARGEST_BLOCK) throw avroError(source, `the block at byte ${at} has ${records} records in ${bytes} bytes, and at most ${LARGEST_BLOCK} bytes are held`);
      await queue.need(bytes + SYNC_BYTES, `the block that begins at byte ${at}`);
      const packed = Buffer.from(queue.take(bytes));
      if (!queue.take(SYNC_BYTES).equals(sync)) throw avroError(source, `the mark after the block at byte ${at} is not that of the file`);
      yield { records, at, bytes: await this.unpack(packed, at) };
    }
  }

  private async unpack(packed: Buffer, at: number): Promise<Buffer> {
    try {
      switch (this.codec) {
        case 'deflate': return inflateRawSync(packed, { maxOutputLength: LARGEST_BLOCK });
        case 'snappy': return unsnap(packed);
        case 'zstandard': return await collect(openZstd(once(packed)));
        default: return packed;
      }
    } catch (error) {
      throw avroError(this.source, `the block at byte ${at} cannot be unpacked: ${(error as Error).message}`, error);
    }
  }
}

const CODECS = ['null', 'deflate', 'snappy', 'zstandard'];

/** The checksum of what is unpacked stands behind it. */
function unsnap(packed: Buffer): Buffer {
  const bytes = Buffer.from(uncompress(new Uint8Array(packed.subarray(0, -4)), LARGEST_BLOCK));
  if (crc32(bytes) !== packed.readUInt32BE(packed.length - 4)) throw new Error('its checksum does not fit');
  return bytes;
}

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const found: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > LARGEST_BLOCK) throw new Error(`it has more than ${LARGEST_BLOCK} bytes`);
    found.push(chunk);
  }
  return Buffer.concat(found);
}

async function* once(bytes: Buffer): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes);
}

async function field(queue: ByteQueue, source: string): Promise<Buffer> {
  const length = await size(queue, source, 'the header');
  if (length < 0 || length > LARGEST_BLOCK) throw avroError(source, `a field of the header has ${length} bytes`);
  await queue.need(length, 'the header');
  return Buffer.from(queue.take(length));
}

/** A number in zigzag, seven bits a byte, of those that a size can have. */
async function size(queue: ByteQueue, source: string, what: string): Promise<number> {
  let [value, scale] = [0, 1];
  for (let byte = 0; byte < 8; byte++) {
    const [next] = await queue.need(1, what);
    queue.take(1);
    value += (next! & 0x7f) * scale;
    if (next! < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    scale *= 128;
  }
  throw avroError(source, `a size before byte ${queue.at} is too large`);
}

export function avroError(source: string, reason: string, cause?: unknown): Error {
  return userError('AVRO', `${source} is not a whole Avro file: ${reason}; fetch it again, or have the source write it anew`, { source, reason }, cause);
}
