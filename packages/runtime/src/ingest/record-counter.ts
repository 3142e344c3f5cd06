import { once } from 'node:events';
import { createGunzip, type Gunzip } from 'node:zlib';
import type { Count, PartCompression } from '../run/manifest';
import { LineIndexer, RecordIndexer, type RecordIndexDocument } from './record-index';
import { sniffCompression } from './sniff-compression';

/** How the records of a part can be counted while its bytes pass. */
export interface CountRule {
  /**
   * - `lines`: one record is one physical line; a last line without a line end counts, an empty line counts.
   * - `quoted`: a record may span lines inside of quotes.
   * - `unknown`: only a reader of the format can count.
   */
  readonly unit: 'lines' | 'quoted' | 'unknown';
  /** 1 where the first record is a header. */
  readonly headerLines: 0 | 1;
  /** Whether gzip is opened to count; it costs most of a core. Otherwise compressed parts have an unknown count. */
  readonly openGzip: boolean;
  /** The quote's byte, for `quoted`. */
  readonly quote?: number;
}

export interface CountedRecords {
  readonly records: Count;
  /** Header records that were really there. */
  readonly headerLines: Count;
  /** By the first bytes, whatever the name says. */
  readonly compression: PartCompression;
}

/** Counts records of a part while it streams by. The bytes themselves are never changed. */
export class RecordCounter {
  /** First bytes that do not tell the compression yet. */
  private head: Uint8Array = new Uint8Array(0);
  private compression: PartCompression | undefined;
  private readonly counted: LineIndexer | RecordIndexer;
  private gunzip?: Gunzip;
  private broken = false;
  private opened?: Promise<void>;

  constructor(private readonly rule: CountRule) {
    this.counted = rule.unit === 'quoted' ? new RecordIndexer(rule.quote!) : new LineIndexer();
  }

  /** Takes the next bytes. Returns a promise only where the reader must wait. */
  add(chunk: Uint8Array): void | Promise<void> {
    if (chunk.length === 0) return undefined;
    if (this.compression !== undefined) return this.count(chunk);
    const head = this.head.length === 0 ? chunk : Buffer.concat([this.head, chunk]);
    this.compression = sniffCompression(head);
    if (this.compression === undefined) {
      // The chunk's memory is used again by others once this returns.
      this.head = Uint8Array.from(head);
      return undefined;
    }
    if (this.compression === 'gzip' && this.rule.openGzip && this.rule.unit !== 'unknown') this.open();
    return this.count(head);
  }

  /** Records so far, without the header; undefined while they cannot be told. */
  get soFar(): number | undefined {
    return this.rule.unit !== 'unknown' && this.compression === 'none' ? Math.max(0, this.counted.ended - this.rule.headerLines) : undefined;
  }

  async end(): Promise<CountedRecords> {
    if (this.compression === undefined) this.counted.add(this.head);
    const compression = this.compression ?? 'none';
    if (this.gunzip !== undefined) {
      this.gunzip.end();
      await this.opened;
    }
    const known = this.rule.unit !== 'unknown' && (compression === 'none' || (this.gunzip !== undefined && !this.broken));
    if (!known) return { records: 'unknown', headerLines: 'unknown', compression };
    const headerLines = Math.min(this.rule.headerLines, this.counted.total);
    return { records: this.counted.total - headerLines, headerLines, compression };
  }

  /** Where records begin, after the end. Compressed parts have none: they can only be read from their first byte. */
  index(part: RecordIndexDocument['part']): RecordIndexDocument | undefined {
    return this.rule.unit !== 'unknown' && this.compression === 'none' ? this.counted.document(part) : undefined;
  }

  /** Frees the decompressor of a part that will not be finished. */
  destroy(): void {
    this.gunzip?.destroy();
  }

  private count(chunk: Uint8Array): void | Promise<void> {
    if (this.rule.unit === 'unknown') return undefined;
    if (this.compression === 'none') return this.counted.add(chunk);
    return this.gunzip === undefined || this.broken ? undefined : this.write(this.gunzip, chunk);
  }

  private open(): void {
    const gunzip = createGunzip();
    this.gunzip = gunzip;
    this.opened = (async () => {
      try {
        for await (const chunk of gunzip) this.counted.add(chunk as Uint8Array);
      } catch {
        // A broken archive lands as it is, and curate says what is wrong with it; only the count is lost.
        this.broken = true;
      }
    })();
  }

  private async write(gunzip: Gunzip, chunk: Uint8Array): Promise<void> {
    // The chunk's memory is used again by others once this returns.
    if (gunzip.write(Buffer.from(chunk)) || gunzip.destroyed) return;
    await Promise.race([once(gunzip, 'drain').catch(() => undefined), this.opened]);
  }
}
