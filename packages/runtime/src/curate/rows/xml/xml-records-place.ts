import type { RecordsPlace } from '../document-framer';
import { isSpaceByte } from './xml-bytes';

const LESS = 60;

/**
 * Follows the path of the contract while a document passes, and tells which of its elements are records.
 *
 * Names count as they are written, prefix and all.
 */
export class XmlRecordsPlace implements RecordsPlace {
  trouble?: string;
  private readonly path: readonly Buffer[];
  /** Elements on the way that are open. */
  private level = 0;
  private found = false;
  private parentFound = false;
  /** An element that stands where records do, and is none. */
  private other?: string;
  /** Whether text stands where records do. */
  private text = false;

  constructor(path: string, private readonly emptyWithOthers: boolean) {
    this.path = path.split('/').slice(1).map((name) => Buffer.from(name));
    this.parentFound = this.path.length === 1;
  }

  /** Whether an element inside of `depth` others may be a record, as far as the beginning of its name is known. */
  mayBegin(name: Buffer, length: number, depth: number): boolean {
    const wanted = this.path[depth]!;
    return depth === this.path.length - 1 && depth === this.level && length <= wanted.length && wanted.compare(name, 0, length, 0, length) === 0;
  }

  /** An element outside of records begins inside of `depth` others, its name the first `length` bytes; true where it is a record. */
  begins(name: Buffer, length: number, depth: number): boolean {
    if (depth !== this.level) return false;
    const record = depth === this.path.length - 1;
    if (!isName(name, length, this.path[depth]!)) {
      if (depth === 0) this.trouble = `the root element is ${JSON.stringify(name.toString('utf8', 0, length))}`;
      if (record) this.other ??= name.toString('utf8', 0, length);
      return false;
    }
    this.level++;
    if (record) this.found = true;
    else if (this.level === this.path.length - 1) this.parentFound = true;
    return record;
  }

  /** An element outside of records, or a record, ends, which leaves `depth` of them. */
  ends(depth: number): void {
    if (depth + 1 === this.level) this.level--;
  }

  /** Text outside of records, inside of `depth` elements, up to the byte that ends it. What is no space may stand in the place of records. */
  passes(block: Buffer, from: number, to: number, depth: number): void {
    if (this.text || this.found || depth !== this.level || depth !== this.path.length - 1) return;
    for (let at = from; at < to; at++) if (block[at] !== LESS && !isSpaceByte(block[at]!)) this.text = true;
  }

  missing(): string | undefined {
    if (this.trouble !== undefined || this.found) return this.trouble;
    if (!this.parentFound) return 'there is nothing';
    if (this.text) return 'there is no record, but text';
    return this.other === undefined || this.emptyWithOthers ? undefined : `there is no record, but an element ${JSON.stringify(this.other)}`;
  }
}

/** Follows the elements of a document, and tells which are records. */
export type ElementsPlace = Pick<XmlRecordsPlace, 'trouble' | 'mayBegin' | 'begins' | 'ends' | 'passes' | 'missing'>;

/** A loop: names are short, and a native call for each tag is most of its cost. */
function isName(name: Buffer, length: number, wanted: Buffer): boolean {
  if (length !== wanted.length) return false;
  for (let at = 0; at < length; at++) if (name[at] !== wanted[at]) return false;
  return true;
}
