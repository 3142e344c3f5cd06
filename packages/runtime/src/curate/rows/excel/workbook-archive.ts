import type { Entry } from 'yauzl';
import { PackedFault } from '../packed/packed-fault';
import { bounded } from '../packed/packed-source';
import { ZipArchive, type ZipSource } from '../packed/zip-member';
import { ExcelFault } from './excel-fault';
import { ElementReader } from './element-reader';
import { readElements } from './read-elements';
import { refuseOther } from './refused-files';

/** Of a part that is held whole: workbook, relationships and styles. */
const LARGEST_DOCUMENT = 64 * 1024 * 1024;

/** Sheets, drawings and pictures are parts. */
const MOST_PARTS = 50_000;

/** The parts of a workbook: members of a ZIP archive, whose names differ in more than case. */
export class WorkbookArchive {
  private constructor(private readonly zip: ZipArchive, private readonly bytes: number, private readonly members: ReadonlyMap<string, Entry>) {}

  static async open(source: ZipSource): Promise<WorkbookArchive> {
    const opened = await refuseOther(source);
    if (!opened) throw new ExcelFault('it is no workbook: it does not begin as a ZIP archive', 'have the source save it as .xlsx');
    const zip = new ZipArchive(source);
    try {
      const members = new Map<string, Entry>();
      const { count, first } = await zip.members(MOST_PARTS);
      if (count > MOST_PARTS) throw new ExcelFault(`it has ${count} parts, and at most ${MOST_PARTS} are looked at`, 'have the source save the sheet alone');
      for (const entry of first) {
        const name = entry.fileName.toLowerCase();
        if (members.has(name)) throw new ExcelFault(`it has two parts ${JSON.stringify(entry.fileName)}`);
        if (entry.isEncrypted()) throw new ExcelFault(`its part ${JSON.stringify(entry.fileName)} is encrypted`, 'have the source save it without a password');
        members.set(name, entry);
      }
      return new WorkbookArchive(zip, source.bytes, members);
    } catch (error) {
      zip.close();
      throw notWhole(error);
    }
  }

  has(name: string): boolean {
    return this.members.has(name.toLowerCase());
  }

  async *read(name: string): AsyncGenerator<Uint8Array> {
    const member = this.members.get(name.toLowerCase());
    if (member === undefined) throw new ExcelFault(`it has no part ${name}`);
    try {
      yield* bounded(this.zip.content(member), this.bytes);
    } catch (error) {
      throw notWhole(error);
    }
  }

  /** A part that is held whole, at the tag of its root element. */
  async document(name: string, root: string, main: ReadonlySet<string>): Promise<ElementReader> {
    const reader = new ElementReader(main);
    let whole = Buffer.alloc(0);
    await readElements(this.read(name), { part: name, path: [root], longest: LARGEST_DOCUMENT, element: (bytes) => { whole = Buffer.from(bytes); } });
    reader.begin(whole);
    reader.next();
    if (reader.name !== root) throw new ExcelFault(`${name} is of another kind of document: ${root} is in no namespace of workbooks`);
    return reader;
  }

  close(): void {
    this.zip.close();
  }
}

function notWhole(error: unknown): unknown {
  return error instanceof PackedFault ? new ExcelFault(`it is not a whole workbook: ${error.reason}`, undefined, error) : error;
}
