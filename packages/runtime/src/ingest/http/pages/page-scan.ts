import { JsonValues, type JsonValue } from './json-values';

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

/** A page that is one JSON document. */
export class DocumentScan implements PageScan {
  private readonly values: JsonValues;
  private bytes = 0;

  constructor(pointers: readonly string[], private readonly recordsAt: string | undefined) {
    this.values = new JsonValues([...new Set([...pointers, ...(recordsAt === undefined ? [] : [recordsAt])])]);
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
