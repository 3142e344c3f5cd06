import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { cellText, type StoredColumn, type StoredValue } from './logical-value';

interface StoredFile {
  readonly columns: readonly StoredColumn[];
  readonly values: Readonly<Record<string, readonly StoredValue[]>>;
  readonly error?: string;
}

/** Rows as texts of their logical values, by the written equality. */
export interface LogicalTable {
  /** Column names, in the file's order. */
  readonly columns: readonly string[];
  readonly rows: readonly Readonly<Record<string, string | null>>[];
}

/** A process that reads Parquet files; its library is a module that a test cannot load, and shares no code with the engines. */
export class ParquetReader {
  private readonly answers: AsyncIterator<string>;
  private readonly lines: Interface;

  private constructor(private readonly child: ChildProcessByStdio<Writable, Readable, null>) {
    this.lines = createInterface({ input: child.stdout });
    this.answers = this.lines[Symbol.asyncIterator]();
  }

  static start(): ParquetReader {
    return new ParquetReader(spawn(process.execPath, [join(__dirname, 'read-parquet.mjs')], { stdio: ['pipe', 'pipe', 'inherit'] }));
  }

  async close(): Promise<void> {
    const ended = once(this.child, 'exit');
    this.child.stdin.end();
    await ended;
    this.lines.close();
  }

  /** Reads one file; calls wait for their answer, so one after the other. */
  async read(file: Uint8Array): Promise<LogicalTable> {
    this.child.stdin.write(`${Buffer.from(file).toString('base64')}\n`);
    const { value, done } = await this.answers.next();
    if (done) throw new Error('the reader of Parquet ended');
    const { columns, values, error } = JSON.parse(value) as StoredFile;
    if (error !== undefined) throw new Error(error);
    const texts = columns.map((column) => values[column.name]!.map((stored) => cellText(column, stored)));
    const count = texts[0]?.length ?? 0;
    return {
      columns: columns.map(({ name }) => name),
      rows: Array.from({ length: count }, (_, row) => Object.fromEntries(columns.map(({ name }, index) => [name, texts[index]![row]!]))),
    };
  }
}
