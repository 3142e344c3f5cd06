import { isUtf8 } from 'node:buffer';
import type { Encoding } from '@headrace/runtime/contract/encodings';
import { byteEncoding } from '@headrace/runtime/curate/rows/encoding/byte-encoding';

/** By how they begin: what a contract is not drafted from, and what is written in it by hand. */
const OTHERS: ReadonlyArray<readonly [begin: string, what: string, record: string]> = [
  ['PAR1', 'a Parquet file', '{ format: parquet }'],
  ['Obj\x01', 'an Avro file', '{ format: avro }'],
  ['\x28\xb5\x2f\xfd', 'packed with zstd', '{ format: csv, compression: zstd }'],
  ['<', 'XML', '{ format: xml, recordsAt: /rows/row }'],
];

/** Throws where the bytes are of a format whose contract is written by hand. */
export function requireDraftable(from: string, bytes: Buffer): void {
  const begin = bytes.subarray(0, 1024).toString('latin1').replace(/^\xef\xbb\xbf/, '').trimStart();
  const other = OTHERS.find(([magic]) => begin.startsWith(magic));
  if (other === undefined) return;
  throw new Error(`${from} is ${other[1]}, and a contract is drafted from CSV, NDJSON, JSON and workbooks, also gzipped; `
    + `draft it from some records in one of these, and write headraceRecord: ${other[2]}`);
}

/**
 * The text of a sample, and its encoding where that is not UTF-8. Which one of one byte for each character it is cannot be told from the
 * bytes: the most common ones are guessed.
 *
 * @param cut whether more follows, so that the last character may be cut
 */
export function textOf(bytes: Buffer, cut: boolean): { readonly text: string; readonly encoding?: Encoding } {
  const mark = bytes.subarray(0, 2).toString('hex');
  if (mark === 'fffe' || mark === 'feff') return { text: new TextDecoder(mark === 'fffe' ? 'utf-16le' : 'utf-16be').decode(bytes), encoding: 'utf-16' };
  if (isUtf8(cut ? bytes.subarray(0, wholeCharacters(bytes)) : bytes)) return { text: bytes.toString('utf8') };
  const encoding = bytes.some((byte) => byte >= 0x80 && byte < 0xa0) ? 'windows-1252' : 'iso-8859-1';
  // As curate reads it; Node 20's own decoder takes windows-1252 for iso-8859-1.
  return { text: byteEncoding(encoding).transcoder('the sample').take(bytes).toString('utf8'), encoding };
}

/** Where the last character of UTF-8 begins, if that has more than one byte; the end otherwise. */
function wholeCharacters(bytes: Buffer): number {
  for (let at = bytes.length - 1; at >= bytes.length - LONGEST_CHARACTER; at--) if (bytes[at]! >= FIRST_OF_SEVERAL) return at;
  return bytes.length;
}

/** In bytes. */
const LONGEST_CHARACTER = 4;
/** The least byte that begins a character of several bytes. */
const FIRST_OF_SEVERAL = 0xc0;
