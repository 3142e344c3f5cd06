import { open, type FileHandle } from 'node:fs/promises';
import { RECORD_MARK } from './framed-records';
import type { Segment } from './segment-writer';
import { sourceLength, type SourceEncoding } from './encoding/source-encoding';

const LF = 10;
/** What stands between the records of a list: spaces and a comma. */
const BETWEEN = new Set([9, LF, 13, 32, 44]);

/** Bytes of a segment that are read at once. */
const WINDOW_BYTES = 1024 * 1024;

/** A record as it stands in the source. */
export interface SourceRecord {
  /** Without the line end. */
  readonly bytes: Buffer;
  /** Of its first byte in the source. */
  readonly offset: number;
  /** 1-based. */
  readonly line: number;
}

/** What ends a record of a segment: each line end, those outside of quotes (given by their byte), or our own marks. */
export type RecordEnds = 'lines' | 'marks' | { readonly quote: number };

/**
 * Finds records of a segment again by their number, for the few that the engine rejects: keeping an index of all
 * records would cost every clean file.
 */
export class SegmentRecords {
  private run = 0;
  private record = 0;
  private line: number;
  /** What was read of the file and not passed yet begins at `start` of the window. */
  private window: Buffer = Buffer.alloc(0);
  private start = 0;
  /** Where the window begins in the file. */
  private windowAt = 0;

  /** Of a transcoded source: bytes of it, less those of line ends, between the beginning of the run and the next record. */
  private passed = 0;

  private constructor(
    private readonly segment: Segment, private readonly file: FileHandle, private readonly ends: RecordEnds,
    private readonly encoding?: SourceEncoding,
  ) {
    this.line = segment.runs[0]!.line;
  }

  /** @param encoding of the source, when it was transcoded */
  static async open(segment: Segment, ends: RecordEnds, encoding?: SourceEncoding): Promise<SegmentRecords> {
    return new SegmentRecords(segment, await open(segment.sourcePath), ends, encoding);
  }

  /** @param number 0-based in the segment, and larger than that of the call before */
  async find(number: number): Promise<SourceRecord> {
    for (;;) {
      this.enterRun();
      const end = await this.recordEnd();
      const before = this.start;
      if (this.ends === 'marks') this.skipBetween();
      const { start, line, window, encoding } = this;
      const run = this.segment.runs[this.run]!;
      const ends = (this.record - run.firstRecord) * (run.terminator - 1);
      let offset = run.offset + (this.windowAt + start - run.start) + ends;
      if (encoding !== undefined) {
        this.passed += sourceLength(encoding, window, before, start);
        offset = run.offset + this.passed + ends * encoding.unit;
        this.passed += sourceLength(encoding, window, start, end + 1);
      }
      this.line += this.ends === 'lines' ? 1 : lineEnds(window, start, end) + (this.ends === 'marks' ? 0 : 1);
      this.start = end + 1;
      if (this.record++ !== number) continue;
      const bytes = window.subarray(start, end);
      return { bytes: encoding === undefined ? Buffer.from(bytes) : encoding.toSource(bytes), offset, line };
    }
  }

  async close(): Promise<void> {
    await this.file.close();
  }

  private skipBetween(): void {
    for (; BETWEEN.has(this.window[this.start]!); this.start++) if (this.window[this.start] === LF) this.line++;
  }

  private enterRun(): void {
    for (let next = this.segment.runs[this.run + 1]; next !== undefined && next.firstRecord <= this.record; next = this.segment.runs[this.run + 1]) {
      this.run++;
      this.line = next.line;
      this.passed = 0;
    }
  }

  /** Where in the window the next record ends; reads on until its end is there. */
  private async recordEnd(): Promise<number> {
    for (;;) {
      const end = recordEnd(this.window, this.start, this.ends);
      if (end >= 0) return end;
      const rest = this.window.subarray(this.start);
      const larger = Buffer.allocUnsafeSlow(rest.length + WINDOW_BYTES);
      rest.copy(larger);
      const { bytesRead } = await this.file.read(larger, rest.length, WINDOW_BYTES, this.windowAt + this.window.length);
      if (bytesRead === 0) throw new RangeError(`segment ${this.segment.number} has no record ${this.record}`);
      this.windowAt += this.start;
      this.window = larger.subarray(0, rest.length + bytesRead);
      this.start = 0;
    }
  }
}

/** Where the record ends; -1 while its end is not there. Good records have whole quotes only. */
function recordEnd(window: Buffer, start: number, ends: RecordEnds): number {
  if (ends === 'lines' || ends === 'marks') return window.indexOf(ends === 'lines' ? LF : RECORD_MARK, start);
  const { quote } = ends;
  let open = false;
  for (let position = start; position < window.length; position++) {
    const byte = window[position];
    if (byte === quote) open = !open;
    else if (byte === LF && !open) return position;
  }
  return -1;
}

function lineEnds(window: Buffer, start: number, end: number): number {
  let count = 0;
  for (let position = window.indexOf(LF, start); position >= 0 && position < end; position = window.indexOf(LF, position + 1)) count++;
  return count;
}
