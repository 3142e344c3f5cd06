import { segmentsOf } from '../../../contract/json-pointer';

const OPEN_OBJECT = 123;
const OPEN_ARRAY = 91;

/**
 * Follows a JSON pointer while a document passes, and tells which of its values are records.
 *
 * The keys of a pointer lead through objects. A list at its end has records as elements; an object there is the one record.
 */
export class JsonRecordsPlace {
  /** Why the pointer leads to no records; the first reason stands. */
  trouble?: string;
  /** Whether something was there. */
  private found = false;
  private readonly keys: readonly string[];
  private readonly seen: boolean[] = [];
  /** Objects on the way that are open. */
  private level = 0;
  /** Whether the last key is the one that the pointer names. */
  private hit = true;
  /** Containers that are open in the list of records, itself included; 0 outside of it. */
  private list = 0;
  private readonly longest: number;
  private key = Buffer.alloc(0);

  constructor(private readonly pointer: string) {
    this.keys = segmentsOf(pointer);
    // Six bytes of an escape for each, at the most.
    this.longest = 6 * Math.max(0, ...this.keys.map((key) => Buffer.byteLength(key)));
  }

  /** A value outside of records begins inside of `depth` containers; true where it is a record. */
  begins(byte: number, depth: number): boolean {
    if (this.list > 0) return true;
    if (depth !== this.level || !this.hit) return false;
    this.hit = false;
    if (depth === this.keys.length) {
      this.found = true;
      if (byte === OPEN_ARRAY) this.list = depth + 1;
      else if (byte !== OPEN_OBJECT) this.trouble ??= `there is ${kindOf(byte)}`;
      return byte === OPEN_OBJECT;
    }
    if (byte === OPEN_OBJECT) this.level++;
    else if (byte === OPEN_ARRAY) this.trouble ??= `there is an array at ${this.placeOf(depth)}, and a pointer leads through objects only`;
    return false;
  }

  /** A container outside of records ends, which leaves `depth` of them. */
  ends(depth: number): void {
    this.hit = false;
    if (depth + 1 === this.list) this.list = 0;
    else if (depth + 1 === this.level) this.level--;
  }

  /** Whether the keys of an object inside of `depth` containers are of interest. */
  looksAt(depth: number): boolean {
    return this.list === 0 && depth === this.level && depth > 0;
  }

  /** Takes bytes of a key; `whole` with the last ones. */
  takeKey(bytes: Buffer, whole: boolean): void {
    if (this.key.length <= this.longest) this.key = Buffer.concat([this.key, bytes.subarray(0, this.longest + 1)]);
    if (!whole) return;
    const index = this.level - 1;
    this.hit = this.key.length <= this.longest && JSON.parse(`"${this.key.toString('utf8')}"`) === this.keys[index];
    this.key = Buffer.alloc(0);
    if (!this.hit) return;
    if (this.seen[index]) this.trouble ??= `${this.placeOf(this.level)} stands twice`;
    this.seen[index] = true;
  }

  /** Why the document that has ended has no records at the pointer; undefined where it has. */
  missing(): string | undefined {
    return this.trouble ?? (this.found ? undefined : 'there is nothing');
  }

  private placeOf(depth: number): string {
    return depth === 0 ? 'the top' : this.pointer.split('/').slice(0, depth + 1).join('/');
  }
}

function kindOf(byte: number): string {
  switch (String.fromCharCode(byte)) {
    case '"': return 'a text';
    case 'n': return 'null';
    case 't':
    case 'f': return 'a boolean';
    default: return 'a number';
  }
}
