import { readFile } from 'node:fs/promises';
import type { Segment } from './segment-writer';

const LF = 10;

/** A record as it stands in the source. */
export interface SourceRecord {
  /** Without the line end. */
  readonly bytes: Buffer;
  /** Of its first byte in the source. */
  readonly offset: number;
  /** 1-based. */
  readonly line: number;
}

/**
 * Finds records of a segment again by their number, for the few that the engine rejects: keeping an index of all
 * records would cost every clean file.
 */
export class SegmentRecords {
  private run = 0;
  private record = 0;
  private start: number;
  private line: number;

  private constructor(private readonly segment: Segment, private readonly file: Buffer, private readonly quote: number) {
    this.start = segment.sourceStart;
    this.line = segment.runs[0]!.line;
  }

  /** @param quote the quote byte of a multi-line format, else -1 */
  static async open(segment: Segment, quote: number): Promise<SegmentRecords> {
    return new SegmentRecords(segment, await readFile(segment.sourcePath), quote);
  }

  /** @param number 0-based in the segment, and larger than that of the call before */
  find(number: number): SourceRecord {
    for (;;) {
      this.enterRun();
      const end = recordEnd(this.file, this.start, this.quote);
      const { start, line } = this;
      const run = this.segment.runs[this.run]!;
      const offset = run.offset + (start - run.start) + (this.record - run.firstRecord) * (run.terminator - 1);
      this.line += this.quote < 0 ? 1 : lines(this.file, start, end);
      this.start = end + 1;
      if (this.record++ === number) return { bytes: Buffer.from(this.file.subarray(start, end)), offset, line };
    }
  }

  private enterRun(): void {
    for (let next = this.segment.runs[this.run + 1]; next !== undefined && next.firstRecord <= this.record; next = this.segment.runs[this.run + 1]) {
      this.run++;
      this.line = next.line;
    }
  }
}

/** The LF that ends the record: the first one, or the first outside quotes. Good records have whole quotes only. */
function recordEnd(file: Buffer, start: number, quote: number): number {
  if (quote < 0) return file.indexOf(LF, start);
  let open = false;
  let position = start;
  for (;; position++) {
    const byte = file[position];
    if (byte === quote) open = !open;
    else if (byte === LF && !open) return position;
  }
}

function lines(file: Buffer, start: number, end: number): number {
  let count = 1;
  for (let position = file.indexOf(LF, start); position < end; position = file.indexOf(LF, position + 1)) count++;
  return count;
}
