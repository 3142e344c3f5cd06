import { open, type FileHandle } from 'node:fs/promises';
import { writeAll } from './write-all';

/** Local files of a segment. */
export interface SegmentPaths {
  /** The source's bytes with LF line ends. */
  readonly sourcePath: string;
  /** What the engine reads. */
  readonly textsPath: string;
}

/** What a block of the source gave to a segment. */
export interface SegmentBlock {
  /** Good records, as they stand in the segment's source file. */
  readonly source: readonly Uint8Array[];
  readonly records: number;
  /** Of the first in the source, in bytes. */
  readonly offset: number;
}

/** Writes the files of segments, one segment after the other. */
export interface SegmentFiles {
  open(paths: SegmentPaths): Promise<void>;
  /** Its bytes may be used again when this resolves. */
  add(block: SegmentBlock): Promise<void>;
  /** Ends the files; returns names of the columns that have a text in place of a value. */
  end(): Promise<ReadonlySet<string>>;
  /** Lets go of files that are open. */
  discard(): Promise<void>;
}

/** Those of records that were re-told by us as CSV. */
export class CanonicalFiles implements SegmentFiles {
  private readonly pieces: Buffer[] = [];
  private source?: FileHandle;
  private texts?: FileHandle;

  /** @param header first line of each file of CSV. It keeps the engine from taking a byte order mark or a blank line at the top for its own. */
  constructor(private readonly header: string) {}

  /** Records of the block that comes. */
  tell(bytes: Buffer): void {
    this.pieces.push(bytes);
  }

  async open({ sourcePath, textsPath }: SegmentPaths): Promise<void> {
    this.source = await open(sourcePath, 'w');
    this.texts = await open(textsPath, 'w');
    await this.texts.write(`${this.header}\n`);
  }

  async add({ source }: SegmentBlock): Promise<void> {
    await writeAll(this.source!, source);
    await writeAll(this.texts!, this.pieces.splice(0));
  }

  async end(): Promise<ReadonlySet<string>> {
    await this.discard();
    return NONE;
  }

  async discard(): Promise<void> {
    const open = [this.source, this.texts];
    this.source = this.texts = undefined;
    for (const file of open) await file?.close();
  }
}

const NONE: ReadonlySet<string> = new Set();
