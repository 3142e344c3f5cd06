import { isUtf8 } from 'node:buffer';
import type { Dataset } from '../../contract/contract';
import { userError } from '../../errors/pipeline-error';
import { DocumentFault, type DocumentFramer, type FrameEvent } from './document-framer';
import { NOT_UTF8, RECORD_MARK, tooLong, type BlockScanner, type FramedRecords } from './framed-records';
import type { RecordProblem } from './json/json-records';

/** Good records that follow each other, as they go to disk. */
interface Stretch { bytes: Buffer; used: number; records: number; offset: number; line: number; nextAt: number }

/** What tells the documents of one format from those of another. */
export interface DocumentFormat {
  /** For people. */
  readonly name: string;
  /** Code of the failure by a malformed document that is too long for quarantine. */
  readonly faultCode: string;
  /** Whether nothing but spaces and commas can stand between two records. */
  readonly listed: boolean;
  framer(): DocumentFramer;
  readonly records: {
    /** Takes the bytes of one record, which are UTF-8. */
    take(record: Buffer): RecordProblem | undefined;
    /** Hands over what has been re-told. */
    flush(): void;
  };
  /** What was expected at the place of the records, and what to do about it; follows `at headraceRecord.recordsAt …` and what there is. */
  readonly wanted: string;
}

/**
 * Finds the records of one document and re-tells them, as {@link LineScanner} does with lines.
 *
 * A document is well formed as a whole or not at all (ADR-0036): a short one is looked through before anything of it is
 * kept, and of a long one a fault fails the part.
 */
export class DocumentScanner implements BlockScanner {
  line = 1;
  private readonly framer: DocumentFramer;
  private room = Buffer.alloc(0);
  private readonly stretch: Stretch = { bytes: this.room, used: 0, records: 0, offset: 0, line: 1, nextAt: -1 };
  /** Bytes of the open record that were looked at, and are at the front of the next block. */
  private ahead = 0;
  private overlong?: { readonly bytes: Buffer; readonly offset: number; readonly line: number };
  /** Source offset of the byte at which the reading is. */
  private offset = 0;

  constructor(
    private readonly dataset: Dataset, private readonly source: string, private readonly framed: FramedRecords,
    private readonly format: DocumentFormat,
  ) {
    this.framer = format.framer();
  }

  refuses(whole: Buffer, base: number): boolean {
    if (whole.length > this.dataset.record.maxRecordBytes) return false;
    // A part without a byte is no document: an API says so that it has nothing.
    if (whole.length === 0 && base === 0) return true;
    const framer = this.format.framer();
    try {
      for (let at = 0; framer.read(whole, at, whole.length) !== 'more';) ({ at } = framer);
      framer.end();
      return false;
    } catch (fault) {
      if (!(fault instanceof DocumentFault)) throw fault;
      this.framed.bad('DOCUMENT', `${fault.reason}, at byte ${this.inSource(base + framer.at)}, line ${framer.line}`, whole, base, 1);
      return true;
    }
  }

  scan(block: Buffer, from: number, to: number, base: number, synthetic = -1): number {
    const { framer } = this;
    const end = synthetic < 0 ? to : synthetic;
    const shift = base - from;
    const suspect = !isUtf8(block.subarray(from, end));
    this.clear(end - from);
    // Of an overlong record nothing is at the front of the block.
    let begin = from;
    let at = from + this.ahead;
    for (let event = this.read(block, at, end, shift); event !== 'more'; event = this.read(block, at, end, shift)) {
      ({ at } = framer);
      if (event === 'begin') {
        begin = at - framer.pending;
        ({ line: this.line } = framer);
      } else if (this.overlong === undefined) {
        this.take(block, begin, at, shift, suspect);
      } else {
        this.endOverlong(shift + at);
      }
    }
    this.handOn();
    this.format.records.flush();
    this.offset = shift + end;
    return this.leave(block, framer.inRecord ? begin : end - framer.pending, end, to, shift);
  }

  end(): void {
    try {
      this.framer.end();
    } catch (fault) {
      throw this.failure(fault);
    }
    const missing = this.framer.place.missing();
    if (missing !== undefined) throw this.notThere(missing);
  }

  private read(block: Buffer, at: number, end: number, shift: number): FrameEvent {
    try {
      const event = this.framer.read(block, at, end);
      const { trouble } = this.framer.place;
      if (trouble !== undefined) throw this.notThere(trouble);
      return event;
    } catch (fault) {
      this.offset = shift + this.framer.at;
      throw this.failure(fault);
    }
  }

  /** What stays for the next block: an open record, or what may become one, unless it is too long to be kept. */
  private leave(block: Buffer, begin: number, end: number, to: number, shift: number): number {
    const { maxRecordBytes } = this.dataset.record;
    this.ahead = 0;
    if (begin === end || this.overlong !== undefined) return to;
    if (this.framer.inRecord && end - begin > maxRecordBytes) {
      this.overlong = { bytes: Buffer.from(block.subarray(begin, begin + maxRecordBytes)), offset: shift + begin, line: this.line };
      this.inSource(shift + begin);
      return to;
    }
    this.ahead = end - begin;
    return begin;
  }

  private take(block: Buffer, begin: number, end: number, shift: number, suspect: boolean): void {
    const record = block.subarray(begin, end);
    const problem = this.sizeOrEncoding(record, suspect) ?? this.format.records.take(record);
    if (problem !== undefined) {
      this.handOn();
      this.framed.bad(problem.code, problem.reason, record, shift + begin, this.line);
      return;
    }
    const { stretch } = this;
    if (stretch.records > 0 && !this.format.listed && !isSpace(block, stretch.nextAt, begin)) this.handOn();
    if (stretch.records === 0) Object.assign(stretch, { offset: shift + begin, line: this.line, nextAt: begin });
    stretch.used += block.copy(stretch.bytes, stretch.used, stretch.nextAt, end);
    stretch.bytes[stretch.used++] = RECORD_MARK;
    stretch.nextAt = end;
    stretch.records++;
  }

  private sizeOrEncoding(record: Buffer, suspect: boolean): RecordProblem | undefined {
    const { maxRecordBytes } = this.dataset.record;
    if (record.length > maxRecordBytes) return { code: 'RECORD_SIZE', reason: tooLong(record.length, maxRecordBytes) };
    return suspect && !isUtf8(record) ? { code: 'ENCODING', reason: NOT_UTF8 } : undefined;
  }

  private endOverlong(end: number): void {
    const { bytes, offset, line } = this.overlong!;
    this.framed.bad('RECORD_SIZE', tooLong(end - offset, this.dataset.record.maxRecordBytes), bytes, offset, line);
    this.overlong = undefined;
  }

  /** Makes room for the marks of `length` bytes: no record is shorter than one byte and a comma. */
  private clear(length: number): void {
    const { stretch } = this;
    const most = length + (length >> 1) + 2;
    if (this.room.length < most) this.room = Buffer.allocUnsafe(most);
    stretch.bytes = this.room;
    stretch.used = stretch.records = 0;
  }

  /** What follows lies behind it in the same buffer, which must stay until the block has been written. */
  private handOn(): void {
    const { stretch } = this;
    if (stretch.records > 0) this.framed.good(stretch.bytes, 0, stretch.used, stretch.records, stretch.offset, stretch.line, 0);
    stretch.bytes = stretch.bytes.subarray(stretch.used);
    stretch.used = stretch.records = 0;
  }

  private inSource(offset: number): number {
    return this.framed.sourceOffset?.(offset) ?? offset;
  }

  private failure(fault: unknown): unknown {
    if (!(fault instanceof DocumentFault)) return fault;
    const offset = this.inSource(this.offset);
    const { source, framer: { line }, dataset: { record: { maxRecordBytes } } } = this;
    return userError(this.format.faultCode, `${source} is not one well-formed ${this.format.name} document: ${fault.reason}, at byte ${offset}, line ${line}. `
      + `It is longer than maxRecordBytes (${maxRecordBytes}), so quarantine cannot hold it, and nothing of this part is used. Mend the source and land it again`, { source, offset, line, maxRecordBytes });
  }

  private notThere(what: string): unknown {
    const { source, dataset } = this;
    const recordsAt = dataset.record.recordsAt ?? '';
    return userError('RECORDS_AT', `${source}: at headraceRecord.recordsAt ${recordsAt === '' ? '#' : recordsAt} of ${dataset.name} ${what}; ${this.format.wanted}`, { source, dataset: dataset.name, recordsAt });
  }
}

/** Default of blocks, in bytes. */
const BLOCK_BYTES = 1024 * 1024;

/** A document that quarantine can hold must fit the first block: only then is it looked through before anything is kept. */
export function documentBlockBytes(maxRecordBytes: number, blockBytes = BLOCK_BYTES): number {
  return Math.max(blockBytes, maxRecordBytes + BYTE_ORDER_MARK_BYTES + 1);
}

const BYTE_ORDER_MARK_BYTES = 3;

function isSpace(block: Buffer, from: number, to: number): boolean {
  for (let at = from; at < to; at++) {
    const byte = block[at];
    if (byte !== 32 && byte !== 10 && byte !== 13 && byte !== 9) return false;
  }
  return true;
}
