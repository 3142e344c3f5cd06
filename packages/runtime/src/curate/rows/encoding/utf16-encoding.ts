import { userError } from '../../../errors/pipeline-error';
import type { SourceEncoding, Transcoder } from './source-encoding';
import { readUnit, STRAY, strayByte, writeCode, type Unit } from './stray-byte';

/** UTF-16 in either order; `utf-16` is that of the byte order mark. */
export function utf16Encoding(name: 'utf-16' | 'utf-16le' | 'utf-16be'): SourceEncoding {
  // Of the order that the transcoder found: a part is read from its beginning, and turned back only after that.
  let little = name !== 'utf-16be';
  return {
    name, unit: 2,
    weights: Uint8Array.from({ length: 256 }, (_, byte) => (byte === STRAY ? 1 : byte >= 0xf0 ? 4 : byte >= 0x80 && byte < 0xc0 ? 0 : 2)),
    transcoder: (source) => new Utf16Transcoder(source, name === 'utf-16' ? (found) => { little = found; } : little),
    toSource: (utf8) => {
      const out = Buffer.allocUnsafe(utf8.length * 2);
      const unit: Unit = { code: 0, stray: false, length: 0 };
      let used = 0;
      const write = (code: number): void => { used = little ? out.writeUInt16LE(code, used) : out.writeUInt16BE(code, used); };
      for (let at = 0; at < utf8.length; at += unit.length) {
        readUnit(utf8, at, unit);
        if (unit.length === 0) break;
        if (unit.stray) out[used++] = unit.code;
        else if (unit.code < 0x10000) write(unit.code);
        else {
          write(0xd7c0 + (unit.code >> 10));
          write(0xdc00 | (unit.code & 0x3ff));
        }
      }
      return out.subarray(0, used);
    },
  };
}

class Utf16Transcoder implements Transcoder {
  passed = 0;
  /** Bytes that do not make a character yet: one of two, or the first half of a pair and perhaps one more. */
  private rest = Buffer.alloc(0);
  private little?: boolean;

  /** @param order true for little endian; a function takes the order that the byte order mark tells */
  constructor(private readonly source: string, private readonly order: boolean | ((little: boolean) => void)) {
    if (typeof order === 'boolean') this.little = order;
  }

  take(chunk: Uint8Array): Buffer {
    if (typeof this.order === 'boolean' && this.passed === 0 && this.rest.length === 0) this.refuseMark(chunk);
    const bytes = this.rest.length === 0 ? Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length) : Buffer.concat([this.rest, chunk]);
    if (this.little === undefined) {
      if (bytes.length < 2) {
        this.rest = Buffer.from(bytes);
        return Buffer.alloc(0);
      }
      this.useMark(bytes);
    }
    const [high, low] = this.little === true ? [1, 0] : [0, 1];
    // No unit is more than three bytes of UTF-8.
    const out = Buffer.allocUnsafe((bytes.length >> 1) * 3);
    let used = 0;
    let at = 0;
    for (; at + 1 < bytes.length; at += 2) {
      const code = (bytes[at + high]! << 8) | bytes[at + low]!;
      if (code < 0x80) {
        out[used++] = code;
      } else if (code < 0xd800 || code > 0xdbff) {
        used = writeCode(code, out, used);
      } else {
        if (at + 3 >= bytes.length) break;
        const next = (bytes[at + 2 + high]! << 8) | bytes[at + 2 + low]!;
        const pair = next >= 0xdc00 && next <= 0xdfff;
        used = writeCode(pair ? 0x10000 + ((code - 0xd800) << 10) + (next - 0xdc00) : code, out, used);
        if (pair) at += 2;
      }
    }
    this.rest = Buffer.from(bytes.subarray(at));
    this.passed += at;
    return out.subarray(0, used);
  }

  end(): Buffer {
    const { rest } = this;
    if (rest.length > 0 && this.little === undefined) this.useMark(rest);
    const out = Buffer.allocUnsafe(2 * 3);
    let used = 0;
    if (rest.length > 1) used = writeCode(this.little === true ? rest.readUInt16LE() : rest.readUInt16BE(), out, used);
    if (rest.length % 2 === 1) used = strayByte(rest.at(-1)!, out, used);
    this.passed += rest.length;
    this.rest = Buffer.alloc(0);
    return out.subarray(0, used);
  }

  /** The mark of another order or encoding; a first chunk of one byte is not looked at. */
  private refuseMark(chunk: Uint8Array): void {
    const [a, b, c] = chunk;
    const foreign = this.little === true ? a === 0xfe && b === 0xff : a === 0xff && b === 0xfe;
    if (!foreign && !(a === 0xef && b === 0xbb && c === 0xbf)) return;
    const found = foreign ? `UTF-16 in the other order; declare ${this.little === true ? 'utf-16be' : 'utf-16le'}` : 'UTF-8; declare utf-8';
    throw userError('ENCODING', `${this.source} begins with the byte order mark of ${found}`, { source: this.source });
  }

  private useMark(bytes: Buffer): void {
    const mark = bytes.length < 2 ? 0 : bytes.readUInt16BE();
    if (mark !== 0xfeff && mark !== 0xfffe) {
      throw userError('ENCODING', `${this.source} has no byte order mark, which headraceRecord.encoding utf-16 goes by; declare utf-16le or utf-16be`, { source: this.source });
    }
    this.little = mark === 0xfffe;
    if (typeof this.order === 'function') this.order(this.little);
  }
}
