import { userError } from '../../errors/pipeline-error';
import { tooLong, type BlockScanner, type FramedRecords } from './framed-records';

const LF = 10;
const CR = 13;

/** Bytes scanned at once: large enough that per-block work vanishes, small enough for the second-level cache. */
export const BLOCK_BYTES = 1024 * 1024;

/** Room after the data for a last line end and the sentinel. */
const SLACK_BYTES = 2;

/** A record without its line end may be followed by this much before it counts as too long. */
const CRLF_BYTES = 2;

export interface RecordBlocksOptions {
  /** Names the source in errors. */
  readonly source: string;
  readonly maxRecordBytes: number;
  /** The quote that line ends may stand inside of. Without one a line end always ends the record, so the next can be found after an overlong one. */
  readonly quote?: number;
  /** Where the first record stands in the source, which is not read from its beginning then. */
  readonly start?: { readonly offset: number; readonly line: number };
  /** Given when the first record is a header; gets its bytes without the line end. */
  readonly header?: { readonly quote: number; read(bytes: Buffer): void };
  /** Called once, after the header. */
  readonly scanner: (firstLine: number) => BlockScanner;
  readonly framed: FramedRecords;
  /** Called after each block: what `good` was given must be safe before the block is used again. */
  readonly flush: () => Promise<void>;
  /** Told that nothing before this offset will be asked for again. */
  readonly release?: (offset: number) => void;
  readonly signal?: AbortSignal;
  /** Bytes of a block. @default 1 MiB */
  readonly blockBytes?: number;
}

/** What was read in all. */
export interface SourceExtent {
  readonly bytes: number;
  /** True when a header was wanted and the source had none, because it was empty. */
  readonly headerMissing: boolean;
}

/** Feeds a byte stream to a scanner in blocks that begin at a record, in constant memory. */
export async function scanRecords(source: AsyncIterable<Uint8Array>, options: RecordBlocksOptions): Promise<SourceExtent> {
  const blocks = new RecordBlocks(options);
  for await (const chunk of source) {
    options.signal?.throwIfAborted();
    await blocks.add(chunk);
  }
  return blocks.end();
}

class RecordBlocks {
  private block: Buffer;
  private have = 0;
  /** Source offset of `block[0]`. */
  private base = 0;
  private scanner?: BlockScanner;
  private atStart = true;
  /** Whether the block still holds all that came after the header. */
  private complete = true;
  /** An overlong record whose end has not been seen. */
  private overlong?: { readonly bytes: Buffer; readonly offset: number; readonly line: number; length: number; last: number };

  constructor(private readonly options: RecordBlocksOptions) {
    this.block = Buffer.allocUnsafeSlow((options.blockBytes ?? BLOCK_BYTES) + SLACK_BYTES);
    if (options.start === undefined) return;
    this.base = options.start.offset;
    // What looks like a byte order mark is data there.
    this.atStart = false;
  }

  async add(chunk: Uint8Array): Promise<void> {
    let taken = 0;
    while (taken < chunk.length) {
      const part = Math.min(chunk.length - taken, this.block.length - SLACK_BYTES - this.have);
      this.block.set(chunk.subarray(taken, taken + part), this.have);
      this.have += part;
      taken += part;
      if (this.have === this.block.length - SLACK_BYTES) await this.drain(false);
    }
  }

  async end(): Promise<SourceExtent> {
    await this.drain(true);
    return { bytes: this.base - (this.options.start?.offset ?? 0), headerMissing: this.options.header !== undefined && this.scanner === undefined };
  }

  private async drain(final: boolean): Promise<void> {
    let from = this.atStart ? this.skipByteOrderMark(final) : 0;
    if (from < 0) return;
    if (this.scanner === undefined) {
      from = this.readHeader(from, final);
      if (from < 0) return this.makeRoom(0, final);
    }
    if (this.overlong !== undefined) {
      from = this.skipOverlong(from, final);
      if (this.overlong !== undefined) return this.makeRoom(this.have, final);
    }
    if (final && this.complete && this.scanner!.refuses?.(this.block.subarray(from, this.have), this.base + from) === true) {
      await this.options.flush();
      return this.makeRoom(this.have, true);
    }
    this.complete = false;
    let to = this.have;
    let synthetic = -1;
    if (final && to > from && this.block[to - 1] !== LF) {
      synthetic = to;
      this.block[to++] = LF;
    }
    const used = this.scanner!.scan(this.block, from, to, this.base + from, synthetic);
    await this.options.flush();
    if (this.scanner!.isOpen === true) throw this.recordOpen(this.base + used, this.scanner!.line);
    if (final && this.scanner!.end !== undefined) this.scanner!.end();
    else if (final && used < to) this.endInsideRecord(used, to - (synthetic < 0 ? 0 : 1));
    this.makeRoom(final ? this.have : used, final);
  }

  /** Moves the incomplete record to the front, and makes the block larger when that record fills it. */
  private makeRoom(used: number, final: boolean): void {
    const rest = this.have - used;
    if (
      !final && this.overlong === undefined && this.scanner !== undefined && rest > this.options.maxRecordBytes + CRLF_BYTES
    ) return this.beginOverlong(used);
    if (rest === this.block.length - SLACK_BYTES) {
      const larger = Buffer.allocUnsafeSlow(rest * 2 + SLACK_BYTES);
      this.block.copy(larger, 0, used, this.have);
      this.block = larger;
    } else if (used > 0) {
      this.block.copyWithin(0, used, this.have);
    }
    this.base += used;
    this.have = rest;
    this.options.release?.(this.base);
  }

  private beginOverlong(used: number): void {
    const offset = this.base + used;
    const { line } = this.scanner!;
    const record = this.block.subarray(used, this.have);
    if (this.hasQuote(record)) throw this.recordOpen(offset, line);
    // Asked for now, it is known when the record is told, after its bytes are gone.
    this.options.framed.sourceOffset?.(offset);
    const bytes = Buffer.from(record.subarray(0, this.options.maxRecordBytes));
    this.overlong = { bytes, offset, line, length: record.length, last: record.at(-1)! };
    this.base += this.have;
    this.have = 0;
    this.options.release?.(this.base);
  }

  /** Whether a line end behind these bytes of an overlong record need not be its end. */
  private hasQuote(bytes: Buffer): boolean {
    const { quote } = this.options;
    return quote !== undefined && bytes.includes(quote);
  }

  private recordOpen(at: number, line: number): Error {
    const { maxRecordBytes, source, framed } = this.options;
    const offset = framed.sourceOffset?.(at) ?? at;
    return userError('RECORD_OPEN', `${source}: the record at byte ${offset}, line ${line}, has no end within maxRecordBytes (${maxRecordBytes}), most likely because a quote is not closed; `
      + 'where the next record begins would be a guess, so nothing of this part is used. Mend the source, raise headraceRecord.maxRecordBytes, or declare multiline: false', { source, offset, line, maxRecordBytes });
  }

  private skipOverlong(from: number, final: boolean): number {
    const overlong = this.overlong!;
    const found = this.block.subarray(from, this.have).indexOf(LF);
    const length = found < 0 ? this.have - from : found;
    if (this.hasQuote(this.block.subarray(from, from + length))) throw this.recordOpen(overlong.offset, overlong.line);
    overlong.length += length;
    if (length > 0) overlong.last = this.block[from + length - 1]!;
    if (found < 0 && !final) return this.have;
    // The CR of a line end may have been the last byte of the block before.
    const total = overlong.length - (found >= 0 && overlong.last === CR ? 1 : 0);
    this.options.framed.bad('RECORD_SIZE', tooLong(total, this.options.maxRecordBytes), overlong.bytes, overlong.offset, overlong.line);
    this.scanner!.line = overlong.line + 1;
    this.overlong = undefined;
    return from + length + (found < 0 ? 0 : 1);
  }

  /** The source ends inside a multi-line record. All of it goes to quarantine: what it swallowed is kept with it. */
  private endInsideRecord(used: number, end: number): void {
    if (end - used > this.options.maxRecordBytes) throw this.recordOpen(this.base + used, this.scanner!.line);
    this.options.framed.bad('QUOTE', 'a quoted field is still open at the end of the source', this.block.subarray(used, end), this.base + used, this.scanner!.line);
  }

  /** Returns where the text begins; negative while too few bytes are there to tell. */
  private skipByteOrderMark(final: boolean): number {
    const [a, b, c] = this.block;
    if (this.have < 3 && !final) return -1;
    this.atStart = false;
    if (this.have >= 2 && ((a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff))) {
      throw userError('ENCODING', `${this.options.source} begins with the byte order mark of UTF-16; declare headraceRecord.encoding: utf-16, or have the source write UTF-8`, { source: this.options.source });
    }
    return this.have >= 3 && a === 0xef && b === 0xbb && c === 0xbf ? 3 : 0;
  }

  /** Returns where the first record begins; negative while the header is incomplete or missing. */
  private readHeader(from: number, final: boolean): number {
    const { header, maxRecordBytes, source } = this.options;
    if (header === undefined) {
      this.scanner = this.options.scanner(this.options.start?.line ?? 1);
      return from;
    }
    const end = headerEnd(this.block, from, this.have, header.quote);
    const most = mostHeaderBytes(maxRecordBytes);
    if ((end < 0 ? this.have : end) - from > most) throw noHeader(source, most, maxRecordBytes);
    if (end < 0 && !final) {
      this.atStart = from > 0;
      return -1;
    }
    if (end < 0 && this.have === from) {
      this.base += this.have;
      return -1;
    }
    const stop = end < 0 ? this.have : end;
    const bytes = this.block.subarray(from, end > from && this.block[end - 1] === CR ? end - 1 : stop);
    header.read(bytes);
    this.scanner = this.options.scanner(countLineEnds(bytes) + 2);
    return end < 0 ? this.have : end + 1;
  }
}

/** Bytes that a header may have: as many as a record, and 1 MiB in any case, since names may be longer than values. */
export function mostHeaderBytes(maxRecordBytes: number): number {
  return Math.max(maxRecordBytes, BLOCK_BYTES);
}

/** @param source names the part */
export function noHeader(source: string, most: number, maxRecordBytes: number): Error {
  return userError('HEADER', `${source}: no line end in the first ${most} bytes, so there is no header line; is this CSV? `
    + `If it is, and its header is longer, raise headraceRecord.maxRecordBytes, ${maxRecordBytes}`, { source, most, maxRecordBytes });
}

/** The header at the beginning of a source, without a byte order mark and its line end; undefined where that is not there. */
export function headerBytes(source: Buffer, quote: number): Buffer | undefined {
  const from = source.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK) ? BYTE_ORDER_MARK.length : 0;
  const end = headerEnd(source, from, source.length, quote);
  return end < 0 ? undefined : source.subarray(from, end > from && source[end - 1] === CR ? end - 1 : end);
}

const BYTE_ORDER_MARK = Buffer.from('\ufeff');

/** The LF that ends the header: the first outside quotes. */
function headerEnd(block: Buffer, from: number, to: number, quote: number): number {
  let open = false;
  for (let position = from; position < to; position++) {
    if (block[position] === quote) open = !open;
    else if (block[position] === LF && !open) return position;
  }
  return -1;
}

function countLineEnds(bytes: Buffer): number {
  let count = 0;
  for (const byte of bytes) if (byte === LF) count++;
  return count;
}
