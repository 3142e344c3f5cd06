import { decode } from 'iconv-lite';
import type { ByteEncoding } from '../../../contract/encodings';
import { userError } from '../../../errors/pipeline-error';
import type { SourceEncoding, Transcoder } from './source-encoding';
import { readUnit, STRAY_BYTES, strayByte, writeCode, type Unit } from './stray-byte';

const REPLACEMENT = 0xfffd;

/** An encoding of one byte for each character; bytes without one in its table stay apart. */
export function byteEncoding(name: ByteEncoding): SourceEncoding {
  const codes = Array.from({ length: 256 }, (_, byte) => decode(Buffer.from([byte]), name).codePointAt(0)!);
  const bytes = new Map(codes.flatMap((code, byte) => (code === REPLACEMENT ? [] : [[code, byte] as const])));
  return {
    name, unit: 1,
    weights: Uint8Array.from({ length: 256 }, (_, byte) => (byte >= 0x80 && byte < 0xc0 ? 0 : 1)),
    transcoder: (source) => new ByteTranscoder(source, name, codes),
    toSource: (utf8) => {
      const out = Buffer.allocUnsafe(utf8.length);
      const unit: Unit = { code: 0, stray: false, length: 0 };
      let used = 0;
      for (let at = 0; at < utf8.length; at += unit.length) {
        readUnit(utf8, at, unit);
        if (unit.length === 0) break;
        out[used++] = unit.stray ? unit.code : bytes.get(unit.code)!;
      }
      return out.subarray(0, used);
    },
  };
}

class ByteTranscoder implements Transcoder {
  passed = 0;
  private room = Buffer.alloc(0);
  private first = Buffer.alloc(0);

  constructor(private readonly source: string, private readonly name: string, private readonly codes: readonly number[]) {}

  take(chunk: Uint8Array): Buffer {
    this.refuseMark(chunk);
    const { codes } = this;
    if (this.room.length < chunk.length * STRAY_BYTES) this.room = Buffer.allocUnsafeSlow(chunk.length * STRAY_BYTES);
    const { room: out } = this;
    let used = 0;
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at]!;
      if (byte < 0x80) {
        out[used++] = byte;
      } else {
        const code = codes[byte]!;
        used = code === REPLACEMENT ? strayByte(byte, out, used) : writeCode(code, out, used);
      }
    }
    this.passed += chunk.length;
    return Buffer.from(out.subarray(0, used));
  }

  end(): Buffer {
    return Buffer.alloc(0);
  }

  /** A mark of Unicode would be three letters at the beginning of the first field. */
  private refuseMark(chunk: Uint8Array): void {
    if (this.first.length >= 3) return;
    this.first = Buffer.concat([this.first, chunk.subarray(0, 3 - this.first.length)]);
    if (this.first.length < 3 || this.first.readUIntBE(0, 3) !== 0xefbbbf) return;
    throw userError('ENCODING', `${this.source} begins with the byte order mark of UTF-8, and headraceRecord.encoding is ${this.name}; declare utf-8`, { source: this.source });
  }
}
