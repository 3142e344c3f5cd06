import { BACKSLASH, CLOSE, CLOSE_ARRAY, COLON, COMMA, OPEN, OPEN_ARRAY, QUOTE } from './json-record';

const NULL = Buffer.from('null');

/**
 * Writes the JSON that tells a nested value to the engine: plain values are strings of their texts, members have their number for a name.
 * See `nestedTexts`.
 */
export class NestedText {
  private out = Buffer.allocUnsafe(1024);
  private used = 0;

  /** A plain value; null is NULL. */
  plain(text: Buffer | null): void {
    if (text === null) {
      this.room(NULL.length);
      this.used += NULL.copy(this.out, this.used);
      return;
    }
    // A control character becomes six bytes.
    this.room(6 * text.length + 2);
    const { out } = this;
    let { used } = this;
    out[used++] = QUOTE;
    for (const byte of text) {
      if (byte < 32) {
        used += out.write(`\\u00${byte < 16 ? '0' : ''}${byte.toString(16)}`, used, 'latin1');
        continue;
      }
      if (byte === QUOTE || byte === BACKSLASH) out[used++] = BACKSLASH;
      out[used++] = byte;
    }
    out[used++] = QUOTE;
    this.used = used;
  }

  /** Begins an object. */
  open(): void { this.byte(OPEN); }

  close(): void { this.byte(CLOSE); }

  openArray(): void { this.byte(OPEN_ARRAY); }

  closeArray(): void { this.byte(CLOSE_ARRAY); }

  /** Before each member but the first, or each element. */
  comma(): void { this.byte(COMMA); }

  /** Before the value of a member. */
  member(index: number): void {
    this.room(16);
    this.used += this.out.write(`"${index}"`, this.used, 'latin1');
    this.out[this.used++] = COLON;
  }

  /** What was written; the next value begins anew. */
  take(): Buffer {
    const text = Buffer.from(this.out.subarray(0, this.used));
    this.used = 0;
    return text;
  }

  private byte(byte: number): void {
    this.room(1);
    this.out[this.used++] = byte;
  }

  private room(most: number): void {
    if (this.used + most <= this.out.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.out.length * 2, this.used + most));
    this.out.copy(larger, 0, 0, this.used);
    this.out = larger;
  }
}
