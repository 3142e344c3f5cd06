import type { Encoding } from '../../../contract/encodings';
import { byteEncoding } from './byte-encoding';
import { utf16Encoding } from './utf16-encoding';

/** Turns the bytes of a source into UTF-8, in order. */
export interface Transcoder {
  /** Bytes of the source that the output so far stands for. */
  readonly passed: number;
  take(chunk: Uint8Array): Buffer;
  /** What is left at the end of the source. */
  end(): Buffer;
}

/**
 * How the records of a source are told in UTF-8, and back.
 *
 * The mapping is one to one: what the source's bytes do not encode becomes bytes that no UTF-8 has ({@link strayByte}, or a
 * surrogate in three bytes), so that their record is a reject, and its bytes are found again. Nothing is ever replaced.
 */
export interface SourceEncoding {
  readonly name: Encoding;
  /** Bytes of the source for each byte of UTF-8, by its value: 0 for those that continue a character. */
  readonly weights: Uint8Array;
  /** Bytes of an ASCII character in the source. */
  readonly unit: 1 | 2;
  /** @param source names the source in errors */
  transcoder(source: string): Transcoder;
  /** The source's bytes of a text; of one that is cut within a character, without it. */
  toSource(utf8: Buffer): Buffer;
}

/** Undefined for UTF-8, which is read as it is. */
export function sourceEncoding(name: Encoding): SourceEncoding | undefined {
  if (name === 'utf-8') return undefined;
  return name === 'utf-16' || name === 'utf-16le' || name === 'utf-16be' ? utf16Encoding(name) : byteEncoding(name);
}

/** Bytes of the source that a stretch of UTF-8 stands for. */
export function sourceLength({ weights }: SourceEncoding, utf8: Uint8Array, from: number, to: number): number {
  let length = 0;
  for (let at = from; at < to; at++) length += weights[utf8[at]!]!;
  return length;
}
