import { UTF8_FIRST, UTF8_INNER } from '../csv/utf8-moves';

const TAB = 9;
const LF = 10;
const CR = 13;

/** True for the bytes that names of ASCII are made of, and for all others that are not ASCII. */
export const NAME_BYTES = bytesWhere((byte) => byte > 0x7f || /[:A-Za-z_0-9.-]/.test(String.fromCharCode(byte)));

export const NAME_START_BYTES = bytesWhere((byte) => byte > 0x7f || /[:A-Za-z_]/.test(String.fromCharCode(byte)));

export function isSpaceByte(byte: number): boolean {
  return byte === 32 || byte === LF || byte === TAB || byte === CR;
}

/** Bytes that end a run of characters; inside of records, those that are not ASCII are looked at with the record. */
export interface Stops { readonly inside: Uint8Array; readonly outside: Uint8Array }

/** Bytes where reading pauses: those given, line ends for their count, and control characters, which are none of XML. */
export function stopsAt(characters: string): Stops {
  const stops = (byte: number): boolean => (byte < 32 && byte !== TAB && byte !== CR) || characters.includes(String.fromCharCode(byte));
  return { inside: bytesWhere(stops), outside: bytesWhere((byte) => byte > 0x7f || stops(byte)) };
}

/** State inside a character of UTF-8 by state and byte, at `state * 256 + byte`; {@link NO_UTF8} where the byte may not stand. */
export const UTF8_NEXT = utf8Next();

export const NO_UTF8 = 255;

/** Whether a number is a character of XML 1.0. */
export function isXmlCharacter(code: number): boolean {
  if (code < 0x20) return code === TAB || code === LF || code === CR;
  return code < 0xd800 || (code > 0xdfff && code < 0xfffe) || (code > 0xffff && code <= 0x10ffff);
}

function utf8Next(): Uint8Array {
  const next = new Uint8Array(UTF8_INNER.length * 256).fill(255);
  for (let byte = 0; byte < 0x80; byte++) next[byte] = 0;
  for (const [state, moves] of [UTF8_FIRST, ...UTF8_INNER.slice(1)].entries()) {
    for (const [first, last, to] of moves) next.fill(to, state * 256 + first, state * 256 + last + 1);
  }
  return next;
}

function bytesWhere(test: (byte: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) => (test(byte) ? 1 : 0));
}
