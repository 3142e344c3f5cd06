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

  constructor(private readonly sink: CanonicalSink) {}

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
  }

  /**
   * Takes the values of one record that stand in its bytes as they are, without a quote among them.
   *
   * @param starts where the value of each column begins; negative for NULL
   * @param ends behind its last byte
   */
  writeRanges(bytes: Buffer, starts: Int32Array, ends: Int32Array): void {
    const most = bytes.length + 4 * starts.length + 1;
    if (this.used + most > this.out.length) this.grow(most);
    const { out } = this;
    let used = this.used;
    for (let index = 0; index < starts.length; index++) {
      if (index > 0) out[used++] = COMMA;
      const start = starts[index]!;
      if (start < 0) continue;
      const end = ends[index]!;
      out[used++] = QUOTE;
      // A call for each short value would take longer than its bytes.
      if (end - start > MOST_BY_HAND) used += bytes.copy(out, used, start, end);
      else for (let at = start; at < end; at++) out[used++] = bytes[at]!;
      out[used++] = QUOTE;
    }
    out[used++] = LF;
    this.used = used;
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
