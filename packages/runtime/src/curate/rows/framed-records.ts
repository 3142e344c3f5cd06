import type { REJECT_CODES } from '../../contract/reject-codes';

/** The codes of records that did not frame. */
export type FrameCode = { [C in keyof typeof REJECT_CODES]: (typeof REJECT_CODES)[C]['level'] extends 'record' ? C : never }[keyof typeof REJECT_CODES];

/** Receives what a scanner finds, in the order of the source. Byte ranges are valid only until the block is used again. */
export interface FramedRecords {
  /**
   * `records` consecutive good records, each ended by one LF in `block[start, end)`, without gaps. Of a JSON document
   * {@link RECORD_MARK} ends each, and what stood between records precedes all but the first.
   *
   * @param offset of the first record's first byte in the source, in bytes
   * @param line 1-based, of the first record
   * @param terminator bytes of each line end in the source, 1 or 2; 0 where the ends in the block are marks of ours
   */
  good(block: Buffer, start: number, end: number, records: number, offset: number, line: number, terminator: number): void;
  /** One record that may not pass; its bytes are without the line end. */
  bad(code: FrameCode, reason: string, bytes: Buffer, offset: number, line: number): void;
  /**
   * Where a byte is in the source, when that is transcoded on the way: to be told to people, and to be asked for a bad record
   * that is reported only after its bytes are gone.
   */
  sourceOffset?(offset: number): number;
}

/** Finds the records of a text format in blocks of bytes. */
export interface BlockScanner {
  /** Line number of the next record, 1-based. */
  line: number;
  /** Set by a scan that ended at a record which is too long and holds a quote: where it ends would be a guess. */
  readonly isOpen?: boolean;
  /**
   * Scans the complete records of `block[from, to)` and returns where the first incomplete one begins.
   *
   * `block` must have room for one byte at `to`: it holds the sentinel that ends every inner loop. Bytes before the
   * returned position may have been moved.
   *
   * @param base source offset of `block[from]`, in bytes
   * @param synthetic index of an LF that is not in the source: it stands for a last line end that the source lacks
   */
  scan(block: Buffer, from: number, to: number, base: number, synthetic?: number): number;
  /**
   * Called before any scan when all of the source is at hand: true when there is nothing to scan, because it was taken as
   * one bad record, or is empty. Only for formats whose sources are right or wrong as a whole.
   *
   * @param base source offset of its first byte, in bytes
   */
  refuses?(whole: Buffer, base: number): boolean;
  /** Called after the last scan; throws when the source should have gone on. */
  end?(): void;
}

/** Ends a record where a line end may stand inside one: no byte of valid JSON is this one. */
export const RECORD_MARK = 0x1e;

/** The reason of an ENCODING reject, of a source in UTF-8. */
export const NOT_UTF8 = 'not valid UTF-8';

/** The reason of a RECORD_SIZE reject. */
export function tooLong(bytes: number, maxRecordBytes: number): string {
  return `${bytes} bytes, maxRecordBytes is ${maxRecordBytes}; the quarantine holds the first ${maxRecordBytes}`;
}
