import type { FieldAutomaton } from './csv/field-automaton';
import type { ProvenTexts } from './proven-texts';

const LF = 10;
const QUOTE = 34;
const COMMA = 44;

/** Bytes that are copied one by one. */
const MOST_BY_HAND = 48;

/** Receives records as CSV in our own one dialect: comma, every value in quotes, nothing at all for NULL. */
export type CanonicalSink = (bytes: Buffer) => void;

/** Writes records of texts in the one dialect that the engine reads, whatever format they came in. */
export class CanonicalRecords {
  private out = Buffer.allocUnsafe(64 * 1024);
  private used = 0;

  private readonly forms: readonly (FieldAutomaton | undefined)[];

  /** @param proven is told what the texts are, where the engine is to know it */
  constructor(private readonly sink: CanonicalSink, private readonly proven?: ProvenTexts) {
    this.forms = proven?.forms ?? [];
  }

  /** Takes the values of one record, by column. */
  write(values: readonly (Buffer | null | undefined)[]): void {
    let most = values.length + 1;
    for (const value of values) if (value) most += 2 * value.length + 2;
    if (this.used + most > this.out.length) this.grow(most);
    const { out } = this;
    let used = this.used;
    for (let index = 0; index < values.length; index++) {
      if (index > 0) out[used++] = COMMA;
      const value = values[index];
      if (value === null || value === undefined) continue;
      out[used++] = QUOTE;
      this.proven?.look(index, value);
      if (value.indexOf(QUOTE) < 0) {
        out.set(value, used);
        used += value.length;
      } else {
        for (const byte of value) {
          if (byte === QUOTE) out[used++] = QUOTE;
          out[used++] = byte;
        }
      }
      out[used++] = QUOTE;
    }
    out[used++] = LF;
    this.used = used;
    this.proven?.endRecord();
  }

  /**
   * Takes the values of one record that stand in its bytes as they are, without a quote or U+0000 among them.
   *
   * @param starts where the value of each column begins; negative for NULL
   * @param ends behind its last byte
   */
  writeRanges(bytes: Buffer, starts: Int32Array, ends: Int32Array): void {
    let most = 4 * starts.length + 1;
    for (let index = 0; index < starts.length; index++) if (starts[index]! >= 0) most += ends[index]! - starts[index]!;
    if (this.used + most > this.out.length) this.grow(most);
    const { out, forms } = this;
    let used = this.used;
    for (let index = 0; index < starts.length; index++) {
      if (index > 0) out[used++] = COMMA;
      const start = starts[index]!;
      if (start < 0) continue;
      const end = ends[index]!;
      out[used++] = QUOTE;
      const form = forms[index];
      if (form !== undefined) {
        const { next } = form;
        let state = form.start;
        for (let at = start; at < end; at++) {
          const byte = bytes[at]!;
          // From the end of a field nothing leads away, and it accepts nothing.
          state = next[state + byte]!;
          out[used++] = byte;
        }
        if (form.accepts[state >> 8] === 0) this.proven!.doubt(index);
      // A call for each short value would take longer than its bytes.
      } else if (end - start > MOST_BY_HAND) used += bytes.copy(out, used, start, end);
      else for (let at = start; at < end; at++) out[used++] = bytes[at]!;
      out[used++] = QUOTE;
    }
    out[used++] = LF;
    this.used = used;
    this.proven?.endRecord();
  }

  /** Hands over what has been written. */
  flush(): void {
    if (this.used > 0) this.sink(Buffer.from(this.out.subarray(0, this.used)));
    this.used = 0;
  }

  private grow(most: number): void {
    const larger = Buffer.allocUnsafe(Math.max(this.out.length * 2, this.used + most));
    this.out.copy(larger, 0, 0, this.used);
    this.out = larger;
  }
}
