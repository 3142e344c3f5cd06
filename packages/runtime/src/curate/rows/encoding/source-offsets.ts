import { sourceLength, type SourceEncoding, type Transcoder } from './source-encoding';

interface Stretch {
  readonly utf8: Buffer;
  /** Where it begins in all of the UTF-8, and what it stands for in the source. */
  readonly at: number;
  readonly sourceAt: number;
}

/**
 * Turns places in a transcoded stream into those of its source.
 *
 * The UTF-8 of the block that is looked at is kept beside it, since scanners move bytes in the block; what lies before is let go.
 */
export class SourceOffsets {
  private readonly stretches: Stretch[] = [];
  private length = 0;
  /** The last answer, from which the next is counted on. */
  private last = { at: 0, sourceAt: 0 };

  constructor(private readonly encoding: SourceEncoding) {}

  /** The source in UTF-8, whose places are told from now on. */
  async* read(chunks: AsyncIterable<Uint8Array>, transcoder: Transcoder): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) yield* this.add(transcoder.passed, transcoder.take(chunk));
    yield* this.add(transcoder.passed, transcoder.end());
  }

  /** Where the byte at a place of the UTF-8 is in the source. Of places that were let go, only the last that was asked for is known. */
  of(at: number): number {
    if (at === this.last.at) return this.last.sourceAt;
    const stretch = this.stretches[this.indexOf(at)]!;
    const start = this.last.at > stretch.at && this.last.at < at ? this.last : stretch;
    const sourceAt = start.sourceAt + sourceLength(this.encoding, stretch.utf8, start.at - stretch.at, at - stretch.at);
    this.last = { at, sourceAt };
    return sourceAt;
  }

  /** Lets go of what lies before a place. */
  release(before: number): void {
    if (this.stretches.length > 0) this.stretches.splice(0, this.indexOf(before));
  }

  /** The stretch that holds a place. A source may come a byte at a time, so there may be very many. */
  private indexOf(at: number): number {
    let [low, high] = [0, this.stretches.length - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (this.stretches[middle]!.at > at) high = middle - 1;
      else low = middle;
    }
    return low;
  }

  private* add(sourceAt: number, utf8: Buffer): Generator<Buffer> {
    if (utf8.length === 0) return;
    this.stretches.push({ utf8, at: this.length, sourceAt });
    this.length += utf8.length;
    yield utf8;
  }
}
