/** The bytes of a stream that are not used yet. */
export class ByteQueue {
  /** Of the next byte in the source. */
  at = 0;
  private have: Buffer = Buffer.alloc(0);
  private more: Uint8Array[] = [];
  private moreBytes = 0;
  private readonly chunks: AsyncIterator<Uint8Array>;

  /** @param torn makes the error for a source that ends in something */
  constructor(chunks: AsyncIterable<Uint8Array>, private readonly torn: (what: string, at: number) => Error) {
    this.chunks = chunks[Symbol.asyncIterator]();
  }

  /** Whether so many bytes are left. */
  async has(bytes: number): Promise<boolean> {
    while (this.have.length + this.moreBytes < bytes) {
      const { done, value } = await this.chunks.next();
      if (done === true) return false;
      this.more.push(value);
      this.moreBytes += value.length;
    }
    if (this.have.length < bytes) this.gather();
    return true;
  }

  /** What is at hand, which is at least so many bytes; they stay in the queue. */
  async need(bytes: number, what: string): Promise<Buffer> {
    if (await this.has(bytes)) return this.have;
    throw this.torn(what, this.at + this.have.length + this.moreBytes);
  }

  take(bytes: number): Buffer {
    const taken = this.have.subarray(0, bytes);
    this.have = this.have.subarray(bytes);
    this.at += bytes;
    return taken;
  }

  async skip(bytes: number, what: string): Promise<void> {
    for (let left = bytes; left > 0;) {
      await this.need(1, what);
      left -= this.take(Math.min(left, this.have.length)).length;
    }
  }

  private gather(): void {
    this.have = Buffer.concat([this.have, ...this.more]);
    this.more = [];
    this.moreBytes = 0;
  }
}
