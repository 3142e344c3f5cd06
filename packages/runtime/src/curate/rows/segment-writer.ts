import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { FramedRecords, FrameCode } from './framed-records';
import { PipelineError } from '../../errors/pipeline-error';
import type { ColumnCutter } from './csv/cut/column-cutter';
import type { FieldProof } from './csv/proven-fields';
import type { NumberedRun } from './record-numbers';
import { sourceLength, type SourceEncoding } from './encoding/source-encoding';

/** Consecutive records of a segment that also followed each other in the source. */
export interface SegmentRun {
  /** 0-based number in the segment of the run's first record. */
  readonly firstRecord: number;
  /** Where the run begins in the segment's source file, in bytes. */
  readonly start: number;
  /** Where it begins in the source, in bytes. */
  readonly offset: number;
  /** 1-based line of its first record in the source. */
  readonly line: number;
  /** Bytes of a line end in the source; one in the segment. */
  readonly terminator: number;
}

/** A stretch of good records on local disk. */
export interface Segment {
  readonly number: number;
  /** Number of good records of the part before this segment. */
  readonly firstRecord: number;
  readonly records: number;
  /** The source's bytes with LF line ends. */
  readonly sourcePath: string;
  /** What the engine reads: fields as Parquet, or one header line of ours, then the records as CSV. */
  readonly textsPath: string;
  /** Of that Parquet, names of the columns that have a text in place of a value. */
  readonly others: ReadonlySet<string>;
  readonly runs: readonly SegmentRun[];
  /** Where its records stand in the part, those that did not frame counted. */
  readonly numbers: readonly NumberedRun[];
  /** What is known of its fields. */
  readonly proof: FieldProof;
}

export interface SegmentWriterOptions {
  readonly directory: string;
  /** A segment ends with the first block that makes it this long, in bytes. */
  readonly targetBytes: number;
  /** A segment ends with the first block that gives it so many `numbers`. @default - any number */
  readonly mostRuns?: number;
  /** Records of the part before the first, which are another task's. @default 0 */
  readonly recordsBefore?: number;
  /** First line of each file of CSV. It keeps the engine from taking a byte order mark or a blank line at the top for its own. */
  readonly csvHeader: string;
  /** Takes the records of a source in CSV apart; asked for when the first are there. Records of others reach `canonical` as CSV. */
  readonly cutter?: () => ColumnCutter;
  /** Tells what is known of the good records since the last call. */
  readonly takeProof: () => FieldProof;
  /** Takes a finished segment; resolves when the writer may go on. */
  readonly dispatch: (segment: Segment) => Promise<void>;
  /** Of a source that is transcoded on the way. */
  readonly encoding?: SourceEncoding;
  readonly bad: (code: FrameCode, reason: string, bytes: Buffer, offset: number, line: number) => void;
}

/** Collects good records into files of about equal size. */
export class SegmentWriter implements FramedRecords {
  /** Good records so far, in all segments, and all that are another task's. */
  records: number;
  private number = 0;
  /** Records of the part so far, good or not. */
  private framed: number;
  private open?: OpenSegment;
  private cutter?: ColumnCutter;
  private readonly source: Buffer[] = [];
  private readonly canonicalPieces: Buffer[] = [];
  private readonly pending: WrittenRun[] = [];

  constructor(private readonly options: SegmentWriterOptions) {
    this.records = this.framed = options.recordsBefore ?? 0;
  }

  good(block: Buffer, start: number, end: number, records: number, offset: number, line: number, terminator: number): void {
    this.source.push(block.subarray(start, end));
    const { encoding } = this.options;
    const bytes = end - start;
    const ends = records * (terminator - 1) * (encoding?.unit ?? 1);
    const sourceBytes = ends + (encoding === undefined ? bytes : sourceLength(encoding, block, start, end));
    this.pending.push({ firstRecord: 0, start: 0, offset, line, terminator, records, bytes, sourceBytes, place: this.framed });
    this.framed += records;
  }

  bad(code: FrameCode, reason: string, bytes: Buffer, offset: number, line: number): void {
    this.framed++;
    this.options.bad(code, reason, bytes, offset, line);
  }

  canonical(bytes: Buffer): void {
    this.canonicalPieces.push(bytes);
  }

  /** Writes what the last block gave, and hands the segment on when it is long enough. */
  async flush(): Promise<void> {
    if (this.pending.length === 0) return;
    this.open ??= await this.begin();
    const { open } = this;
    for (const run of this.pending) open.add(run);
    // The disk takes the block while it is cut; both only read it.
    const written = writeAll(open.sourceFile, this.source);
    let texts = this.canonicalPieces;
    try {
      if (this.options.cutter !== undefined) texts = this.cut(this.options.cutter);
    } finally {
      await written;
    }
    await writeAll(open.textsFile, texts);
    this.source.length = this.canonicalPieces.length = this.pending.length = 0;
    const { targetBytes, mostRuns = Infinity } = this.options;
    if (open.bytes >= targetBytes || open.numbers.length >= mostRuns) await this.finish();
  }

  /** Takes apart what the last block gave. */
  private cut(open: () => ColumnCutter): Buffer[] {
    const cutter = this.cutter ??= open();
    const found = cutter.add(this.source);
    const framed = this.pending.reduce((sum, { records }) => sum + records, 0);
    const { offset } = this.pending[0]!;
    if (found !== framed) {
      throw new PipelineError('FRAMING', `${found} records were found where ${framed} were framed, from byte ${offset} on; nothing was published`, { facts: { offset, framed, found } });
    }
    return cutter.take();
  }

  /** Hands on the last segment. */
  async finish(): Promise<void> {
    const { open } = this;
    if (open === undefined) return;
    this.open = undefined;
    const { rest, others } = this.cutter?.end() ?? { rest: [], others: new Set<string>() };
    if (rest.length > 0) await writeAll(open.textsFile, rest);
    await this.closeFiles(open);
    const { number, firstRecord, records, sourcePath, textsPath, runs, numbers } = open;
    this.records += records;
    await this.options.dispatch({ number, firstRecord, records, sourcePath, textsPath, others, runs, numbers, proof: this.options.takeProof() });
  }

  /** Lets go of the files of an unfinished segment. */
  async discard(): Promise<void> {
    if (this.open !== undefined) await this.closeFiles(this.open);
    this.open = undefined;
  }

  private async begin(): Promise<OpenSegment> {
    const { directory, cutter, csvHeader } = this.options;
    const number = this.number++;
    const [sourcePath, textsPath] = [join(directory, `${number}.source`), join(directory, `${number}.texts`)];
    const [source, texts] = [await open(sourcePath, 'w'), await open(textsPath, 'w')];
    if (cutter === undefined) await texts.write(`${csvHeader}\n`);
    return new OpenSegment(number, this.records, sourcePath, textsPath, source, texts);
  }

  private async closeFiles(segment: OpenSegment): Promise<void> {
    await segment.sourceFile.close();
    await segment.textsFile.close();
  }
}

/** A run with its length, in records, in bytes as they are written, and in bytes of the source, and its first record's 0-based number in the part. */
type WrittenRun = SegmentRun & { readonly records: number; readonly bytes: number; readonly sourceBytes: number; readonly place: number };

class OpenSegment {
  records = 0;
  bytes = 0;
  readonly runs: SegmentRun[] = [];
  readonly numbers: NumberedRun[] = [];
  private nextPlace?: number;
  private last?: { terminator: number; nextOffset: number; nextLine: number };

  constructor(
    readonly number: number, readonly firstRecord: number, readonly sourcePath: string, readonly textsPath: string,
    readonly sourceFile: FileHandle, readonly textsFile: FileHandle,
  ) {}

  add(run: WrittenRun): void {
    const { offset, line, terminator } = run;
    if (run.place !== this.nextPlace) this.numbers.push({ record: this.records, place: run.place });
    this.nextPlace = run.place + run.records;
    const { last } = this;
    if (last === undefined || last.terminator !== terminator || last.nextOffset !== offset || last.nextLine !== line) {
      this.runs.push({ firstRecord: this.records, start: this.bytes, offset, line, terminator });
    }
    this.records += run.records;
    this.bytes += run.bytes;
    // Multi-line records take more lines than one each, so their runs are not joined: that costs a few numbers per block.
    this.last = { terminator, nextOffset: offset + run.sourceBytes, nextLine: line + run.records };
  }
}

async function writeAll(file: FileHandle, pieces: readonly Buffer[]): Promise<void> {
  let wanted = 0;
  for (const piece of pieces) wanted += piece.length;
  // One call for up to as many pieces as the system takes; a short write is rare and finished piece by piece.
  for (let at = 0; at < pieces.length; at += MAX_PIECES) {
    const some = pieces.length > MAX_PIECES ? [Buffer.concat(pieces.slice(at, at + MAX_PIECES))] : pieces;
    const { bytesWritten } = await file.writev(some);
    wanted -= bytesWritten;
  }
  if (wanted !== 0) throw new Error(`ENOSPC: the temporary disk took ${wanted} bytes too few`);
}

/** IOV_MAX of Linux. */
const MAX_PIECES = 1_024;
