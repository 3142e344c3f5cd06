import { open, type FileHandle } from 'node:fs/promises';
import { PipelineError } from '../../../../errors/pipeline-error';
import type { SegmentBlock, SegmentFiles, SegmentPaths } from '../../segment-files';
import { writeAll } from '../../write-all';
import { ColumnCutter, type CutOptions } from './column-cutter';

/** Files of segments whose records are taken apart. */
export class CutFiles implements SegmentFiles {
  private readonly cutter: ColumnCutter;
  private source?: FileHandle;
  private texts?: FileHandle;

  constructor(options: CutOptions) {
    this.cutter = new ColumnCutter(options);
  }

  async open({ sourcePath, textsPath }: SegmentPaths): Promise<void> {
    this.source = await open(sourcePath, 'w');
    this.texts = await open(textsPath, 'w');
  }

  async add(block: SegmentBlock): Promise<void> {
    // The disk takes the block while it is cut; both only read it.
    const written = writeAll(this.source!, block.source);
    try {
      this.cut(block);
    } finally {
      await written;
    }
    await writeAll(this.texts!, this.cutter.take());
  }

  async end(): Promise<ReadonlySet<string>> {
    const { rest, others } = this.cutter.end();
    await writeAll(this.texts!, rest);
    await this.discard();
    return others;
  }

  async discard(): Promise<void> {
    const open = [this.source, this.texts];
    this.source = this.texts = undefined;
    for (const file of open) await file?.close();
  }

  private cut({ source, records: framed, offset }: SegmentBlock): void {
    const found = this.cutter.add(source);
    if (found === framed) return;
    throw new PipelineError('FRAMING', `${found} records were found where ${framed} were framed, from byte ${offset} on; nothing was published`, { facts: { offset, framed, found } });
  }
}
