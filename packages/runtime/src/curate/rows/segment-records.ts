import { readFile } from 'node:fs/promises';
import type { Segment, SegmentRun } from './segment-writer';

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
 *
 * @param numbers ascending, 0-based in the segment
 * @param quote the quote byte of a multi-line format, else -1
 */
export async function sourceRecords(segment: Segment, numbers: readonly number[], quote: number): Promise<SourceRecord[]> {
  if (numbers.length === 0) return [];
  const file = await readFile(segment.sourcePath);
  const found: SourceRecord[] = [];
  let runIndex = 0;
  let record = 0;
  let start = segment.sourceStart;
  let line = segment.runs[0]!.line;
  for (const number of numbers) {
    for (;;) {
      const next: SegmentRun | undefined = segment.runs[runIndex + 1];
      if (next !== undefined && next.firstRecord <= record) {
        runIndex++;
        line = next.line;
        continue;
      }
      const end = recordEnd(file, start, quote);
      if (record === number) {
        const run = segment.runs[runIndex]!;
        const offset = run.offset + (start - run.start) + (record - run.firstRecord) * (run.terminator - 1);
        found.push({ bytes: Buffer.from(file.subarray(start, end)), offset, line });
        break;
      }
      line += quote < 0 ? 1 : lines(file, start, end);
      record++;
      start = end + 1;
    }
  }
  return found;
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
