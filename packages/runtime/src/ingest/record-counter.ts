import { once } from 'node:events';
import { createGunzip, type Gunzip } from 'node:zlib';
import type { Count, PartCompression } from '../run/manifest';

/** How the records of a part can be counted while its bytes pass. */
export interface CountRule {
  /**
   * - `lines`: one record is one physical line; a last line without a line end counts, an empty line counts.
   * - `unknown`: a record may span lines, so only a reader of the format can count.
   */
  readonly unit: 'lines' | 'unknown';
  /** 1 where the first line is a header. */
  readonly headerLines: 0 | 1;
  /** Whether gzip is opened to count; it costs most of a core. Otherwise compressed parts have an unknown count. */
  readonly openGzip: boolean;
}

export interface CountedRecords {
  readonly records: Count;
  /** Header lines that were really there. */
  readonly headerLines: Count;
  /** By the first bytes, whatever the name says. */
  readonly compression: PartCompression;
}

const LF = 10;

/** Counts records of a part while it streams by. The bytes themselves are never changed. */
export class RecordCounter {
  private bytes = 0;
  private first = -1;
  private compression: PartCompression | undefined;
  private readonly lines = new LineCounter();
  private gunzip?: Gunzip;
  private broken = false;
  private opened?: Promise<void>;

  constructor(private readonly rule: CountRule) {}

  /** Takes the next bytes. Returns a promise only where the reader must wait. */
  add(chunk: Uint8Array): void | Promise<void> {
    if (chunk.length === 0) return undefined;
    this.bytes += chunk.length;
    if (this.compression === undefined && !this.sniff(chunk)) return undefined;
    if (this.rule.unit === 'unknown') return undefined;
    if (this.compression === 'none') return this.lines.add(chunk);
    return this.gunzip === undefined || this.broken ? undefined : this.write(chunk);
  }

  /** Records so far, without the header; undefined while they cannot be told. */
  get soFar(): number | undefined {
    return this.rule.unit === 'lines' && this.compression === 'none' ? Math.max(0, this.lines.ended - this.rule.headerLines) : undefined;
  }

  async end(): Promise<CountedRecords> {
    if (this.compression === undefined && this.bytes === 1) this.lines.add(Uint8Array.of(this.first));
    const compression = this.compression ?? 'none';
    if (this.gunzip !== undefined) {
      this.gunzip.end();
      await this.opened;
    }
    const known = this.rule.unit === 'lines' && (compression === 'none' || (this.gunzip !== undefined && !this.broken));
    if (!known) return { records: 'unknown', headerLines: 'unknown', compression };
    const headerLines = Math.min(this.rule.headerLines, this.lines.total);
    return { records: this.lines.total - headerLines, headerLines, compression };
  }

  /** Frees the decompressor of a part that will not be finished. */
  destroy(): void {
    this.gunzip?.destroy();
  }

  /** Decides on the compression once two bytes are there; true when `chunk` is still to be counted. */
  private sniff(chunk: Uint8Array): boolean {
    if (this.first < 0 && chunk.length === 1) {
      this.first = chunk[0] as number;
      return false;
    }
    const [one, two] = this.first < 0 ? [chunk[0], chunk[1]] : [this.first, chunk[0]];
    // 1f 8b begins no UTF-8 text: 8b is no character's first byte.
    this.compression = one === 0x1f && two === 0x8b ? 'gzip' : 'none';
    if (this.compression === 'gzip' && this.rule.openGzip && this.rule.unit === 'lines') this.open();
    if (this.first >= 0) {
      const held = Uint8Array.of(this.first);
      if (this.compression === 'none') this.lines.add(held);
      else this.gunzip?.write(held);
    }
    return true;
  }

  private open(): void {
    const gunzip = createGunzip();
    this.gunzip = gunzip;
    this.opened = (async () => {
      try {
        for await (const chunk of gunzip) this.lines.add(chunk as Uint8Array);
      } catch {
        // A broken archive lands as it is, and curate says what is wrong with it; only the count is lost.
        this.broken = true;
      }
    })();
  }

  private async write(chunk: Uint8Array): Promise<void> {
    const gunzip = this.gunzip as Gunzip;
    // The chunk's memory is used again by others once this returns.
    if (gunzip.write(Buffer.from(chunk)) || gunzip.destroyed) return;
    await Promise.race([once(gunzip, 'drain').catch(() => undefined), this.opened]);
  }
}

class LineCounter {
  ended = 0;
  private open = false;

  /** Lines, with a last one that has no line end. */
  get total(): number {
    return this.ended + (this.open ? 1 : 0);
  }

  add(chunk: Uint8Array): void {
    // indexOf runs at memory speed between line ends; a loop over bytes is ten times slower.
    let at = chunk.indexOf(LF);
    while (at !== -1) {
      this.ended += 1;
      at = chunk.indexOf(LF, at + 1);
    }
    this.open = chunk.at(-1) !== LF;
  }
}
