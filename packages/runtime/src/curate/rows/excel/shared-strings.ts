import { ExcelFault } from './excel-fault';
import { ElementReader } from './element-reader';
import { SPREADSHEET } from './namespaces';
import { readElements } from './read-elements';
import { readString } from './cell-string';
import type { WorkbookArchive } from './workbook-archive';

/** Strings of a workbook may be used by any of its rows, so they are held: as bytes, outside of the heap. */
const LARGEST_TABLE = 256 * 1024 * 1024;
const SLAB = 1024 * 1024;
/** Excel stops at 32,767 characters; rich text may repeat its fonts for each. */
const LONGEST_STRING = 16 * 1024 * 1024;
/** In `slabs`: the string has no text. */
const NO_TEXT = -1;
const NOTHING = Buffer.alloc(0);

/** The table of strings of a workbook, by number. */
export class SharedStrings {
  private readonly slabs: Buffer[] = [];
  private used = SLAB;
  private bytes = 0;
  private count = 0;
  /** Of strings that have no text. */
  private readonly broken = new Map<number, Buffer>();
  /** For each string: its slab, where it begins there, and its length. */
  private places = new Int32Array(3 * 1024);

  private constructor(private readonly most: number) {}

  /** An empty table where the workbook has none. */
  static async read(archive: WorkbookArchive, part: string | undefined, most = LARGEST_TABLE): Promise<SharedStrings> {
    const table = new SharedStrings(most);
    if (part === undefined) return table;
    const reader = new ElementReader(SPREADSHEET);
    await readElements(archive.read(part), {
      part, path: ['sst', 'si'], longest: LONGEST_STRING,
      head: (bytes) => {
        reader.begin(bytes);
        while (reader.next() !== 'end');
      },
      element: (bytes) => {
        reader.begin(bytes);
        reader.next();
        if (reader.name !== 'si') throw new ExcelFault(`${part} has strings of another namespace`);
        table.add(readString(reader), bytes);
      },
    });
    return table;
  }

  /** `missing`: there is no such string. `broken`: it is no text of Unicode. */
  get(number: number): Buffer | 'missing' | 'broken' {
    if (!(number < this.count)) return 'missing';
    const slab = this.places[3 * number]!;
    if (slab === NO_TEXT) return 'broken';
    const [from, length] = [this.places[3 * number + 1]!, this.places[3 * number + 2]!];
    // Where all strings are empty there is no slab.
    return length === 0 ? NOTHING : this.slabs[slab]!.subarray(from, from + length);
  }

  /** The XML of a broken one. */
  xmlOf(number: number): Buffer | undefined {
    return this.broken.get(number);
  }

  private add(text: Buffer | undefined, xml: Buffer): void {
    if (3 * this.count === this.places.length) {
      const larger = new Int32Array(2 * this.places.length);
      larger.set(this.places);
      this.places = larger;
    }
    if (text === undefined) this.broken.set(this.count, Buffer.from(xml));
    this.bytes += (text ?? xml).length + 12;
    if (this.bytes > this.most) {
      throw new ExcelFault(`its table of shared strings has more than ${this.most} bytes, which would have to be held in memory`, 'have the source split the workbook, or write its texts into the cells (inline strings), or as CSV');
    }
    this.places.set(text === undefined ? [NO_TEXT, 0, 0] : [...this.put(text), text.length], 3 * this.count++);
  }

  private put(text: Buffer): readonly [slab: number, at: number] {
    if (text.length > SLAB) {
      this.slabs.push(Buffer.from(text));
      this.used = SLAB;
      return [this.slabs.length - 1, 0];
    }
    if (this.used + text.length > SLAB) {
      this.slabs.push(Buffer.allocUnsafeSlow(SLAB));
      this.used = 0;
    }
    const at = this.used;
    if (text.length > 0) text.copy(this.slabs.at(-1)!, at);
    this.used += text.length;
    return [Math.max(0, this.slabs.length - 1), at];
  }
}
