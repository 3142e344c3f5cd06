/** Reads the plain values of Avro from a block, and never takes one for another: what no writer writes is an error that says why. */
export class AvroCursor {
  at = 0;

  constructor(private readonly bytes: Buffer) {}

  get left(): number {
    return this.bytes.length - this.at;
  }

  boolean(): boolean {
    const byte = this.byte();
    if (byte > 1) throw new Error(`a boolean is ${byte}, and neither 0 nor 1`);
    return byte === 1;
  }

  int(): number {
    const value = this.long();
    if (typeof value === 'number' && value >= -2_147_483_648 && value <= 2_147_483_647) return value;
    throw new Error('an int has more than 32 bits');
  }

  /** Exact: a bigint where a number is not. */
  long(): number | bigint {
    let [value, scale] = [0, 1];
    const start = this.at;
    // Seven bits a byte, zigzag; so many fit a number.
    for (let byte = 0; byte < 7; byte++) {
      const next = this.byte();
      value += (next & 0x7f) * scale;
      if (next < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
      scale *= 128;
    }
    this.at = start;
    return this.longest();
  }

  /** A number of entries, bytes or a branch. */
  size(): number {
    const value = this.long();
    if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
    throw new Error('a length has more than 53 bits');
  }

  float(): number {
    return this.bytes.readFloatLE(this.pass(4));
  }

  double(): number {
    return this.bytes.readDoubleLE(this.pass(8));
  }

  /** Bytes that stay those of the block. */
  fixed(length: number): Buffer {
    const start = this.pass(length);
    return this.bytes.subarray(start, start + length);
  }

  /** Goes past bytes or a string. */
  text(): Buffer {
    return this.fixed(this.size());
  }

  /** Goes past so many bytes; returns where they begin. */
  pass(length: number): number {
    if (length < 0 || length > this.left) throw new Error(`a value has ${length} bytes, and the block ${this.left} more`);
    const start = this.at;
    this.at += length;
    return start;
  }

  private byte(): number {
    if (this.at >= this.bytes.length) throw new Error('it goes beyond the block');
    return this.bytes[this.at++]!;
  }

  private longest(): number | bigint {
    let value = 0n;
    for (let byte = 0n; byte < 10n; byte++) {
      const next = this.byte();
      value |= BigInt(next & 0x7f) << (7n * byte);
      if (next >= 0x80) continue;
      if (value >= 1n << 64n) break;
      const signed = (value & 1n) === 0n ? value >> 1n : -((value + 1n) >> 1n);
      return signed >= Number.MIN_SAFE_INTEGER && signed <= Number.MAX_SAFE_INTEGER ? Number(signed) : signed;
    }
    throw new Error('a number has more than 64 bits');
  }
}
