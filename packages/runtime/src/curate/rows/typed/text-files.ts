import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { CanonicalRecords } from '../canonical-records';
import { isRead } from '../csv/csv-header';
import { MOST_NUMBERED_RUNS, type NumberedRun } from '../record-numbers';
import { readCanonical } from '../row-query';
import type { TextSegment } from './text-records';
import type { TypedPart } from './typed-part';

/** Collects records that were told as texts into local files of about equal size. */
export class TextFiles {
  /** 0-based number in the part of the next record. */
  place = 0;
  /** Tells, where it helps people, where a column of a record stands in the source; lines are 1-based. */
  where?: TextSegment['where'];
  private number = 0;
  /** Good records before the open file, and in it. */
  private before = 0;
  private records = 0;
  private bytes = 0;
  private file?: FileHandle;
  private pieces: Buffer[] = [];
  private readonly canonical = new CanonicalRecords((piece) => { this.pieces.push(piece); });
  /** Where records do not follow those before: their number in the file, and in the part. */
  private runs: NumberedRun[] = [];
  private follows = false;

  constructor(private readonly part: TypedPart) {}

  /** Takes the texts of a good record, in the order of the columns that are read. */
  write(values: readonly (Buffer | null)[]): void {
    if (!this.follows) this.runs.push({ record: this.records, place: this.place });
    this.follows = true;
    this.canonical.write(values);
    this.records++;
    this.place++;
  }

  /** Goes on at another record, which has this 0-based number in the part. */
  moveTo(place: number): void {
    if (place !== this.place) this.follows = false;
    this.place = place;
  }

  /** Passes over a bad record. */
  skip(): void {
    this.follows = false;
    this.place++;
  }

  /** Writes what was taken, and hands the file on when it is long enough. */
  async flush(): Promise<void> {
    this.canonical.flush();
    if (this.pieces.length === 0) return;
    if (this.file === undefined) {
      this.file = await open(this.path, 'w');
      this.pieces.unshift(Buffer.from('headrace\n'));
    }
    const piece = Buffer.concat(this.pieces);
    this.pieces = [];
    await this.file.appendFile(piece);
    this.bytes += piece.length;
    const isLong = this.part.dataset.lineageColumns === true && this.runs.length >= MOST_NUMBERED_RUNS;
    if (this.bytes >= this.part.segmentBytes || isLong) await this.finish();
  }

  /** Hands on the last file. */
  async finish(): Promise<void> {
    if (this.file === undefined) return;
    const { file } = this;
    this.file = undefined;
    await file.close();
    const { dataset } = this.part;
    const { runs, records, number, before: firstRecord, path } = this;
    const texts = readCanonical(path, dataset, this.bytes);
    Object.assign(this, { runs: [], records: 0, bytes: 0, follows: false, number: number + 1, before: firstRecord + records });
    await this.part.curate({
      number, firstRecord, records, texts, numbered: `(SELECT *, row_number() OVER () - 1 AS n FROM ${texts})`, files: [path], where: this.where,
      columns: dataset.columns.filter(isRead),
      numbers: runs,
    });
  }

  /** Lets go of an unfinished file. */
  async discard(): Promise<void> {
    await this.file?.close();
    this.file = undefined;
  }

  private get path(): string {
    return join(this.part.directory, `${this.number}.csv`);
  }
}
