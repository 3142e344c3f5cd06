import { PassThrough, type Readable } from 'node:stream';
import { crc32 } from 'node:zlib';
import { fromRandomAccessReader, RandomAccessReader, type Entry, type ZipFile } from 'yauzl';
import { PipelineError } from '../../../errors/pipeline-error';
import type { ObjectRef, ObjectStore } from '../../../stores/object-store';
import { PackedFault } from './packed-fault';

/** Members that an error names. */
const NAMED = 10;

export interface ZipSource {
  readonly store: Pick<ObjectStore, 'getStream'>;
  readonly ref: ObjectRef;
  /** Of the object. */
  readonly bytes: number;
  readonly signal?: AbortSignal;
}

/**
 * The bytes of the only member of a ZIP archive, read from the store as they are asked for: its directory is at its end.
 *
 * Throws {@link PackedFault} for another number of members, one that is encrypted, and bytes that do not fit the directory.
 */
export async function* openZipMember(source: ZipSource): AsyncGenerator<Uint8Array> {
  const archive = new ZipArchive(source);
  try {
    yield* archive.content(onlyMember(await archive.members(NAMED)));
  } finally {
    archive.close();
  }
}

/** A ZIP archive in the store, of which only what is asked for is read. Throws {@link PackedFault}. */
export class ZipArchive {
  private readonly reader: StoreReader;
  private zip?: ZipFile;

  constructor(private readonly source: ZipSource) {
    this.reader = new StoreReader(source);
  }

  /** @param most how many members are wanted; all are counted */
  async members(most: number): Promise<Members> {
    try {
      this.zip ??= await openZip(this.reader, this.source.bytes);
      return await members(this.zip, most);
    } catch (error) {
      throw this.fault(error);
    }
  }

  /** The bytes of a member, which fit the directory. */
  async *content(member: Entry): AsyncGenerator<Uint8Array> {
    try {
      let [sum, bytes] = [0, 0];
      for await (const chunk of (await content(this.zip!, member)) as AsyncIterable<Uint8Array>) {
        sum = crc32(chunk, sum);
        bytes += chunk.length;
        yield chunk;
      }
      if (bytes !== member.uncompressedSize) throw new PackedFault(`member ${JSON.stringify(member.fileName)} has ${bytes} bytes, and the archive's directory says ${member.uncompressedSize}`);
      if (sum !== member.crc32) throw new PackedFault(`the checksum of member ${JSON.stringify(member.fileName)} does not fit its bytes`);
    } catch (error) {
      throw this.fault(error);
    }
  }

  close(): void {
    this.zip?.close();
  }

  private fault(error: unknown): unknown {
    if (this.reader.failure !== undefined) return this.reader.failure;
    if (error instanceof PackedFault || PipelineError.is(error)) return error;
    const { signal } = this.source;
    return signal?.aborted ? signal.reason : new PackedFault((error as Error).message, error);
  }
}

function openZip(reader: StoreReader, bytes: number): Promise<ZipFile> {
  return new Promise((resolve, reject) => {
    fromRandomAccessReader(reader, bytes, { lazyEntries: true, autoClose: false }, (error, file) => {
      if (error) reject(error);
      else resolve(file);
    });
  });
}

function onlyMember({ count, first }: Members): Entry {
  const [member] = first;
  const cure = 'have the source pack one file into each archive';
  if (member === undefined) throw new PackedFault('it has no member', undefined, cure);
  if (count > 1) {
    const named = first.map(({ fileName }) => JSON.stringify(fileName)).join(', ');
    throw new PackedFault(`it has ${count} members, ${named}${count > first.length ? ' and others' : ''}, and must have exactly one`, undefined, cure);
  }
  if (member.isEncrypted()) throw new PackedFault(`member ${JSON.stringify(member.fileName)} is encrypted`, undefined, 'have the source pack it without a password');
  return member;
}

/** Of all but directories, which hold nothing. */
export interface Members {
  readonly count: number;
  /** As many as were asked for: a directory may have millions. */
  readonly first: readonly Entry[];
}

function members(zip: ZipFile, most: number): Promise<Members> {
  return new Promise((resolve, reject) => {
    const first: Entry[] = [];
    let count = 0;
    zip.on('entry', (entry: Entry) => {
      if (!entry.fileName.endsWith('/')) {
        count += 1;
        if (count <= most) first.push(entry);
      }
      zip.readEntry();
    });
    zip.once('end', () => { resolve({ count, first }); });
    zip.once('error', reject);
    zip.readEntry();
  });
}

function content(zip: ZipFile, member: Entry): Promise<Readable> {
  return new Promise((resolve, reject) => {
    zip.openReadStream(member, (error, stream) => { if (error) reject(error); else resolve(stream); });
  });
}

class StoreReader extends RandomAccessReader {
  /** Of the store, which is not the archive's fault. */
  failure?: unknown;

  constructor(private readonly source: ZipSource) {
    super();
  }

  override _readStreamForRange(start: number, end: number): Readable {
    const { store, ref, bytes, signal } = this.source;
    const through = new PassThrough();
    // Of a damaged directory: the store would refuse it, as if it were at fault.
    if (start < 0 || end > bytes) return through.destroy(new PackedFault(`its directory names bytes ${start} to ${end} of ${bytes}`));
    if (start >= end) return through.end();
    const fail = (error: unknown): void => {
      this.failure ??= error;
      through.destroy(error as Error);
    };
    store.getStream(ref, { start, end: end - 1 }, { signal }).then((stream) => {
      stream.once('error', fail);
      through.once('close', () => { stream.destroy(); });
      stream.pipe(through);
    }, fail);
    return through;
  }
}
