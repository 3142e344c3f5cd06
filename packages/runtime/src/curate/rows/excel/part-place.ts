import type { ElementsPlace } from '../xml/xml-records-place';

/**
 * Follows a path of local names through a part of a workbook.
 *
 * All names of the path have the prefix of the root element, as every writer has it; another one, and what could hide records, is trouble.
 */
export class PartPlace implements ElementsPlace {
  trouble?: string;
  private prefix = '';
  /** Elements on the way that are open. */
  private level = 0;
  private readonly seen = new Set<number>();

  /** @param only whether nothing else may stand beside the records */
  constructor(private readonly path: readonly string[], private readonly only: boolean) {}

  mayBegin(_name: Buffer, _length: number, depth: number): boolean {
    return depth === this.level && depth === this.path.length - 1;
  }

  begins(name: Buffer, length: number, depth: number): boolean {
    if (depth !== this.level || depth >= this.path.length) return false;
    const text = name.toString('utf8', 0, length);
    const local = text.slice(text.indexOf(':') + 1);
    const wanted = this.path[depth]!;
    const record = depth === this.path.length - 1;
    if (depth === 0) this.prefix = text.slice(0, text.length - local.length);
    if (local !== wanted || text !== this.prefix + wanted) {
      if (depth === 0 || local === wanted || (record && this.only)) this.trouble ??= `element ${JSON.stringify(text)} stands where ${wanted} is expected`;
      return false;
    }
    if (!record && this.seen.has(depth)) this.trouble ??= `it has two elements ${wanted}`;
    this.seen.add(depth);
    this.level++;
    return record;
  }

  ends(depth: number): void {
    if (depth + 1 === this.level) this.level--;
  }

  passes(): void {
    // Space between elements says nothing.
  }

  missing(): string | undefined {
    const last = Math.max(0, this.path.length - 2);
    return this.trouble ?? (this.seen.has(last) ? undefined : `it has no element ${this.path[last]!}`);
  }
}
