import { segmentsOf } from '../../../contract/json-pointer';
import { JsonValues, type JsonValue } from './json-values';
import { RecordValues, type RecordValue } from './record-values';

/** What a page told, once all its bytes have passed. */
export interface PageFacts {
  /** Undefined where the page is JSON and nobody said where its records are. */
  readonly records?: number;
  readonly value: (pointer: string) => JsonValue | undefined;
}

/** Looks at the bytes of one page while they pass. */
export interface PageScan {
  add(chunk: Uint8Array): void;
  /** Throws an Error with a reason where the page is not what it should be. */
  end(): PageFacts;
}

/** A page of lines: CSV, or a JSON document in each line. */
export class LinesScan implements PageScan {
  private lines = 0;
  private open = false;

  constructor(private readonly headerLines: number) {}

  add(chunk: Uint8Array): void {
    // Empty lines are no records here: a page of a line end alone is empty.
    for (const byte of chunk) {
      if (byte === LF) this.open = false;
      else if (!this.open && byte !== CR) {
        this.open = true;
        this.lines += 1;
      }
    }
  }

  end(): PageFacts {
    return { records: Math.max(0, this.lines - this.headerLines), value: () => undefined };
  }
}

const LF = 10;
const CR = 13;

/** What is looked at in each record. */
export interface RecordsWatch {
  /** JSON pointer within a record. */
  readonly at: string;
  readonly take: (value: RecordValue) => void;
}

/** A page with a JSON document in each line, of each of which one value is looked at. A line that is no JSON has none: it is for curate to refuse. */
export class RecordLinesScan implements PageScan {
  private lines = 0;
  private line?: JsonValues;
  private value: RecordValue = 'none';
  private broken = false;

  constructor(private readonly watch: RecordsWatch) {}

  add(chunk: Uint8Array): void {
    for (let begin = 0; begin < chunk.length;) {
      const end = chunk.indexOf(LF, begin);
      this.addPiece(chunk.subarray(begin, end === -1 ? chunk.length : end));
      if (end === -1) return;
      this.endLine();
      begin = end + 1;
    }
  }

  end(): PageFacts {
    this.endLine();
    return { records: this.lines, value: () => undefined };
  }

  private addPiece(piece: Uint8Array): void {
    if (this.line === undefined) {
      if (piece.every((byte) => byte === CR)) return;
      this.value = 'none';
      this.broken = false;
      this.line = new JsonValues([], new RecordValues(undefined, segmentsOf(this.watch.at), (value) => { this.value = value; }));
    }
    this.tryLine((line) => line.add(piece));
  }

  private endLine(): void {
    if (this.line === undefined) return;
    this.tryLine((line) => line.end());
    this.watch.take(this.broken ? 'none' : this.value);
    this.lines += 1;
    this.line = undefined;
  }

  private tryLine(read: (line: JsonValues) => void): void {
    if (this.broken) return;
    try {
      read(this.line!);
    } catch {
      this.broken = true;
    }
  }
}

/** A page that is one JSON document. */
export class DocumentScan implements PageScan {
  private readonly values: JsonValues;
  private bytes = 0;

  constructor(pointers: readonly string[], private readonly recordsAt: string | undefined, watch?: RecordsWatch) {
    const looks = watch !== undefined && recordsAt !== undefined;
    const records = looks ? new RecordValues(segmentsOf(recordsAt), segmentsOf(watch.at), watch.take) : undefined;
    this.values = new JsonValues([...new Set([...pointers, ...(recordsAt === undefined ? [] : [recordsAt])])], records);
  }

  add(chunk: Uint8Array): void {
    this.bytes += chunk.length;
    this.values.add(chunk);
  }

  end(): PageFacts {
    const { values, recordsAt } = this;
    // No content is how some say that there is no more.
    if (this.bytes === 0) return { records: 0, value: () => undefined };
    values.end();
    if (recordsAt === undefined) return { value: (pointer) => values.found.get(pointer) };
    const list = values.found.get(recordsAt);
    if (typeof list !== 'object' || list === null || !list.isArray) {
      throw new Error(`at recordsAt ${JSON.stringify(recordsAt === '' ? '#' : recordsAt)} there is ${list === undefined ? 'nothing' : 'no array'}`);
    }
    return { records: list.members, value: (pointer) => values.found.get(pointer) };
  }
}
