import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as (options?: { type: 'minor' }) => void;

/** Bytes of buffers that somebody holds, or that no collection has found yet. */
const external = (): number => process.memoryUsage().external;

/**
 * What a test holds in buffers since this was made, bounded from above.
 *
 * A whole collection takes a third of a second where many tests have run before, and a measurement is taken at each block. Buffers
 * that nobody holds only add to the count, so one that is below the limit needs none, and one above it asks for as little as shows the truth.
 */
export class HeldMemory {
  /** The most bytes that may have been held at any measurement. */
  most = 0;
  private readonly start: number;

  /** @param allowed bytes below which nobody needs the exact figure */
  constructor(private readonly allowed: number) {
    collectTwice();
    this.start = external();
  }

  measure(): void {
    if (this.since() >= this.allowed) collectTwice({ type: 'minor' });
    if (this.since() >= this.allowed) collectTwice();
    this.most = Math.max(this.most, this.since());
  }

  private since(): number {
    return external() - this.start;
  }
}

/** Buffers are freed beside the collector that found them, and the next one waits for that. */
function collectTwice(options?: { type: 'minor' }): void {
  collect(options);
  collect(options);
}
