import { NOT_UTF8, type FrameCode, type FramedRecords } from '../framed-records';
import type { SourceEncoding } from './source-encoding';
import type { SourceOffsets } from './source-offsets';

/** Hands on records of a transcoded source with the places, and rejects with the bytes, that they have in the source. */
export class TranscodedRecords implements FramedRecords {
  constructor(private readonly records: FramedRecords, private readonly encoding: SourceEncoding, private readonly offsets: SourceOffsets) {}

  good(block: Buffer, start: number, end: number, records: number, offset: number, line: number, terminator: number): void {
    this.records.good(block, start, end, records, this.offsets.of(offset), line, terminator);
  }

  bad(code: FrameCode, reason: string, bytes: Buffer, offset: number, line: number): void {
    this.records.bad(code, reason === NOT_UTF8 ? `not valid ${this.encoding.name}` : reason, this.encoding.toSource(bytes), this.offsets.of(offset), line);
  }

  sourceOffset(offset: number): number {
    return this.offsets.of(offset);
  }
}
