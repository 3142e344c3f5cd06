import { NO_UTF8, UTF8_NEXT, type Stops } from './xml-bytes';

const LF = 10;

/** Passes the characters of a document, checks that XML can hold them, and counts lines. */
export class XmlCharacters {
  /** 1-based line of the next byte. */
  line = 1;
  /** State inside of a character outside of records; 0 between characters. */
  private state = 0;
  private last = 0;

  /** @param fail reports what is wrong with the byte at an index */
  constructor(private readonly encoding: string, private readonly fail: (at: number, reason: string) => never) {}

  /** Whether the last bytes are the beginning of a character. */
  get open(): boolean {
    return this.state > 0;
  }

  /** Where the next of the stops is, or `to`. Characters in records that are not ASCII are looked at with the record. */
  pass(block: Buffer, from: number, to: number, { inside, outside }: Stops, inRecord: boolean): number {
    const stops = inRecord ? inside : outside;
    for (let at = from;;) {
      while (at < to && stops[block[at]!] === 0) at++;
      if (at === to) return to;
      const byte = block[at]!;
      if (byte === LF) {
        this.line++;
        at++;
      } else if (byte > 0x7f) {
        at = this.finish(block, at, to);
        if (at === to) return to;
      } else {
        if (byte < 32) this.fail(at, `a control character, U+${byte.toString(16).toUpperCase().padStart(4, '0')}, which XML cannot hold`);
        return at;
      }
    }
  }

  /** Passes the rest of a character. */
  finish(block: Buffer, from: number, to: number): number {
    let at = from;
    do {
      const byte = block[at]!;
      const next = UTF8_NEXT[this.state * 256 + byte]!;
      if (next === NO_UTF8) this.fail(at, `expected ${this.encoding}, outside of records`);
      this.last = ((this.last << 8) | byte) & 0xffffff;
      this.state = next;
      at++;
    } while (this.state > 0 && at < to);
    // U+FFFE and U+FFFF.
    if (this.state === 0 && (this.last === 0xefbfbe || this.last === 0xefbfbf)) this.fail(at, 'a character that XML cannot hold');
    return at;
  }
}
