import { appendFileSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { GluePartition } from './glue-catalog';

type Line = { readonly put: GluePartition } | { readonly gone: readonly string[] };

/** A file is rewritten at the start when it has this many more lines than partitions. */
const SPARE_LINES = 1000;

/** The partitions of one table: a line per change. A line cut short by a kill is ignored, as it was never answered. */
export class PartitionJournal {
  private readonly partitions = new Map<string, GluePartition>();

  constructor(private readonly file: string) {
    const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
    const lines = text.split('\n');
    for (const line of lines) this.replay(line);
    if (lines.length > this.partitions.size + SPARE_LINES || (text !== '' && !text.endsWith('\n'))) this.rewrite();
  }

  get(values: readonly string[]): GluePartition | undefined {
    return this.partitions.get(keyOf(values));
  }

  /** In order of their values, so that pages do not change while they are read. */
  list(): GluePartition[] {
    return [...this.partitions.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, partition]) => partition);
  }

  put(partition: GluePartition): void {
    this.append({ put: partition });
    this.partitions.set(keyOf(partition.Values), partition);
  }

  /** @returns false when there is none */
  delete(values: readonly string[]): boolean {
    if (!this.partitions.has(keyOf(values))) return false;
    this.append({ gone: values });
    return this.partitions.delete(keyOf(values));
  }

  private replay(text: string): void {
    if (text === '') return;
    let line: Line;
    try {
      line = JSON.parse(text) as Line;
    } catch {
      return;
    }
    if ('gone' in line) this.partitions.delete(keyOf(line.gone));
    else this.partitions.set(keyOf(line.put.Values), line.put);
  }

  private append(line: Line): void {
    appendFileSync(this.file, `${JSON.stringify(line)}\n`);
  }

  private rewrite(): void {
    writeFileSync(`${this.file}.new`, this.list().map((put) => `${JSON.stringify({ put })}\n`).join(''));
    renameSync(`${this.file}.new`, this.file);
  }
}

function keyOf(values: readonly string[]): string {
  return JSON.stringify(values);
}
