/** Begins the three bytes that stand for a byte of the source which encodes nothing; no UTF-8 has it. */
export const STRAY = 0xff;

export const STRAY_BYTES = 3;

/** Writes a byte of the source that encodes nothing; the two that follow the first hold its halves. */
export function strayByte(byte: number, out: Buffer, at: number): number {
  out[at] = STRAY;
  out[at + 1] = 0x80 | (byte >> 4);
  out[at + 2] = 0x80 | (byte & 15);
  return at + STRAY_BYTES;
}

/** One character of a text, or what stands for none. */
export interface Unit {
  /** A code point, or a lone surrogate; of a stray byte its value. */
  code: number;
  stray: boolean;
  /** Bytes of UTF-8; 0 where they are cut. */
  length: number;
}

/** Reads what begins at a place of a text that a transcoder wrote. */
export function readUnit(utf8: Buffer, at: number, unit: Unit): void {
  const first = utf8[at]!;
  unit.stray = first === STRAY;
  const length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 || unit.stray ? 3 : 4;
  unit.length = at + length > utf8.length ? 0 : length;
  if (unit.length === 0) return;
  if (unit.stray) unit.code = ((utf8[at + 1]! & 15) << 4) | (utf8[at + 2]! & 15);
  else if (length === 1) unit.code = first;
  else {
    let code = first & (0x7f >> length);
    for (let index = 1; index < length; index++) code = (code << 6) | (utf8[at + index]! & 0x3f);
    unit.code = code;
  }
}

/** Writes a code point, or a lone surrogate in the three bytes that it would have. */
export function writeCode(code: number, out: Buffer, at: number): number {
  if (code < 0x80) {
    out[at] = code;
    return at + 1;
  }
  if (code < 0x800) {
    out[at] = 0xc0 | (code >> 6);
    out[at + 1] = 0x80 | (code & 0x3f);
    return at + 2;
  }
  if (code < 0x10000) {
    out[at] = 0xe0 | (code >> 12);
    out[at + 1] = 0x80 | ((code >> 6) & 0x3f);
    out[at + 2] = 0x80 | (code & 0x3f);
    return at + 3;
  }
  out[at] = 0xf0 | (code >> 18);
  out[at + 1] = 0x80 | ((code >> 12) & 0x3f);
  out[at + 2] = 0x80 | ((code >> 6) & 0x3f);
  out[at + 3] = 0x80 | (code & 0x3f);
  return at + 4;
}
