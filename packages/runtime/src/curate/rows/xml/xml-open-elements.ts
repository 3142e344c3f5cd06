import { MAX_DEPTH } from '../json/json-record';

/** The names of the elements that are open, in one buffer: bytes are compared, and none becomes a string. */
export class OpenElements {
  depth = 0;
  private names = Buffer.allocUnsafe(1024);
  /** By depth: where the name ends. */
  private readonly ends = new Uint32Array(MAX_DEPTH + 1);

  get full(): boolean {
    return this.depth === MAX_DEPTH;
  }

  /** Opens the element whose name is the first `length` bytes. */
  push(name: Buffer, length: number): void {
    const start = this.ends[this.depth]!;
    if (start + length > this.names.length) this.names = Buffer.concat([this.names], this.names.length * 2 + length);
    // A loop: names are short, and a native call for each tag would be most of its cost.
    for (let index = 0; index < length; index++) this.names[start + index] = name[index]!;
    this.ends[++this.depth] = start + length;
  }

  /** Whether this is the name of the innermost element. */
  isInnermost(name: Buffer, length: number): boolean {
    const start = this.ends[this.depth - 1]!;
    if (this.ends[this.depth] !== start + length) return false;
    for (let index = 0; index < length; index++) if (name[index] !== this.names[start + index]) return false;
    return true;
  }

  /** The innermost name in quotes, for people. */
  get innermost(): string {
    return JSON.stringify(this.names.toString('utf8', this.ends[this.depth - 1], this.ends[this.depth]));
  }
}
