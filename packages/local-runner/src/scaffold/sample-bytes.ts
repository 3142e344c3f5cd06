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
 */
export function textOf(bytes: Buffer): { readonly text: string; readonly encoding?: Encoding } {
  const mark = bytes.subarray(0, 2).toString('hex');
  if (mark === 'fffe' || mark === 'feff') return { text: new TextDecoder(mark === 'fffe' ? 'utf-16le' : 'utf-16be').decode(bytes), encoding: 'utf-16' };
  // A character may be cut at the end.
  const whole = bytes.subarray(0, bytes.lastIndexOf(0x0a) + 1);
  if (isUtf8(bytes) || (whole.length > 0 && isUtf8(whole))) return { text: bytes.toString('utf8') };
  const encoding = bytes.some((byte) => byte >= 0x80 && byte < 0xa0) ? 'windows-1252' : 'iso-8859-1';
  // As curate reads it; Node 20's own decoder takes windows-1252 for iso-8859-1.
  return { text: byteEncoding(encoding).transcoder('the sample').take(bytes).toString('utf8'), encoding };
}
