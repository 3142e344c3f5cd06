import { appendFileSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import type { ObjectRecord } from './object-record';

/** A journal is rewritten at the start when it has this many more lines than objects. */
const SPARE_LINES = 1000;

interface Stored {
  readonly record: ObjectRecord;
  /** Nanoseconds, as text because they exceed a number; tells whether somebody changed the file behind our back. */
  readonly fileTime: string;
}

type Line = ({ readonly put: ObjectRecord; readonly fileTime: string }) | { readonly gone: string };

/**
 * The records of one bucket: a line per write or delete, appended after the file is in place. A line cut short by a
 * kill is ignored, as the write it belongs to was never answered.
 */
export class ObjectJournal {
  constructor(private readonly file: string) {}

  /** Reads the current records and shortens the file when it is worth it. */
  load(): Map<string, Stored> {
    const records = new Map<string, Stored>();
    if (!existsSync(this.file)) return records;
    const text = readFileSync(this.file, 'utf8');
    const lines = text.split('\n');
    for (const text of lines) {
      const line = parseLine(text);
      if (line === undefined) continue;
      if ('gone' in line) records.delete(line.gone);
      else records.set(line.put.key, { record: line.put, fileTime: line.fileTime });
    }
    if (lines.length > records.size + SPARE_LINES || !text.endsWith('\n')) this.rewrite(records);
    return records;
  }

  put(record: ObjectRecord, fileTime: bigint): void {
    this.append({ put: record, fileTime: String(fileTime) });
  }

  gone(key: string): void {
    this.append({ gone: key });
  }

  remove(): void {
    rmSync(this.file, { force: true });
  }

  private append(line: Line): void {
    appendFileSync(this.file, `${JSON.stringify(line)}\n`);
  }

  private rewrite(records: Map<string, Stored>): void {
    const lines = [...records.values()].map(({ record, fileTime }) => `${JSON.stringify({ put: record, fileTime })}\n`);
    writeFileSync(`${this.file}.new`, lines.join(''));
    renameSync(`${this.file}.new`, this.file);
  }
}

function parseLine(text: string): Line | undefined {
  if (text === '') return undefined;
  try {
    return JSON.parse(text) as Line;
  } catch {
    return undefined;
  }
}
