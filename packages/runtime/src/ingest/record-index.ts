import { SCHEMA_VERSION } from '../run/manifest';

const LF = 10;

/** How far apart entries are, in bytes: a piece that a reader of its own is worth, at some 100 MB/s. */
export const INDEX_STEP_BYTES = 64 * 1024 * 1024;

/** A record's beginning: outside quotes by definition, so a reader may start here without what lies before. */
export interface RecordIndexEntry {
  /** Of the record's first byte, from 0. */
  readonly offset: number;
  /** Records before it, the header included. */
  readonly record: number;
  /** Of the record's first line, from 1. */
  readonly line: number;
}

/**
 * `<raw part>.index.json`: where records begin in a large part, so that several tasks may read it.
 *
 * It holds for the framing that it names and for the bytes with that digest; a reader with another dialect makes its own.
 */
export interface RecordIndexDocument {
  readonly schemaVersion: number;
  readonly part: { readonly key: string; readonly bytes: number; readonly sha256: string };
  /** `quote` is empty where a line end always ends the record. */
  readonly framing: { readonly quote: string };
  readonly stepBytes: number;
  /** The first record that begins at or after each multiple of `stepBytes`, in order; the part's own beginning is left out. */
  readonly entries: readonly RecordIndexEntry[];
}

/**
 * Counts records that may span lines, and notes where some begin, while their bytes pass.
 *
 * A line end ends the record when the number of quotes since its beginning is even. For every record that curate accepts
 * that is where it ends, and for every one that it rejects it is where curate goes on.
 */
export class RecordIndexer {
  /** Records that have ended. */
  ended = 0;
  readonly entries: RecordIndexEntry[] = [];
  private position = 0;
  private lines = 0;
  private quoted = false;
  /** Where the record begins that the next byte belongs to. */
  private begin = 0;
  private next: number;

  constructor(readonly quote: number, private readonly stepBytes = INDEX_STEP_BYTES) {
    this.next = stepBytes;
  }

  /** Records, with a last one that has no line end. */
  get total(): number {
    return this.ended + (this.position > this.begin ? 1 : 0);
  }

  add(chunk: Uint8Array): void {
    const { quote, position } = this;
    let { quoted, lines, ended, begin } = this;
    // One loop without calls: native searches would have to jump between two bytes that are both frequent.
    const highest = Math.max(quote, LF);
    for (let at = 0, { length } = chunk; at < length; at += 1) {
      const byte = chunk[at] as number;
      if (byte > highest) continue;
      if (byte === quote) quoted = !quoted;
      else if (byte === LF) {
        lines += 1;
        if (quoted) continue;
        ended += 1;
        begin = position + at + 1;
        if (begin >= this.next) this.note({ offset: begin, record: ended, line: lines + 1 });
      }
    }
    this.quoted = quoted;
    this.lines = lines;
    this.ended = ended;
    this.begin = begin;
    this.position = position + chunk.length;
  }

  /** The index of a part that has passed; undefined where no record begins a full step into it. */
  document(part: RecordIndexDocument['part']): RecordIndexDocument | undefined {
    return indexDocument({ part, quote: String.fromCharCode(this.quote), stepBytes: this.stepBytes, entries: this.entries });
  }

  private note(entry: RecordIndexEntry): void {
    this.entries.push(entry);
    this.next = stepAfter(entry.offset, this.stepBytes);
  }
}

/** Counts records that are lines, and notes where some begin. */
export class LineIndexer {
  /** Lines that have ended. */
  ended = 0;
  readonly entries: RecordIndexEntry[] = [];
  private position = 0;
  private open = false;
  private next: number;

  constructor(private readonly stepBytes = INDEX_STEP_BYTES) {
    this.next = stepBytes;
  }

  /** Lines, with a last one that has no line end. */
  get total(): number {
    return this.ended + (this.open ? 1 : 0);
  }

  add(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    // indexOf runs at memory speed between line ends; a loop over bytes is ten times slower.
    let at = chunk.indexOf(LF);
    while (at !== -1) {
      this.ended += 1;
      const offset = this.position + at + 1;
      if (offset >= this.next) {
        this.entries.push({ offset, record: this.ended, line: this.ended + 1 });
        this.next = stepAfter(offset, this.stepBytes);
      }
      at = chunk.indexOf(LF, at + 1);
    }
    this.open = chunk.at(-1) !== LF;
    this.position += chunk.length;
  }

  /** The index of a part that has passed; undefined where no record begins a full step into it. */
  document(part: RecordIndexDocument['part']): RecordIndexDocument | undefined {
    return indexDocument({ part, quote: '', stepBytes: this.stepBytes, entries: this.entries });
  }
}

function stepAfter(offset: number, stepBytes: number): number {
  return (Math.floor(offset / stepBytes) + 1) * stepBytes;
}

function indexDocument({ part, quote, stepBytes, entries }: {
  readonly part: RecordIndexDocument['part']; readonly quote: string; readonly stepBytes: number; readonly entries: readonly RecordIndexEntry[];
}): RecordIndexDocument | undefined {
  // A beginning at the very end is no record's.
  const begun = entries.filter(({ offset }) => offset < part.bytes);
  return begun.length === 0 ? undefined : { schemaVersion: SCHEMA_VERSION, part, framing: { quote }, stepBytes, entries: begun };
}

export function recordIndexKey(partKey: string): string {
  return `${partKey}.index.json`;
}
