import type { Dataset } from '../../contract/contract';
import { curatedColumns } from '../../contract/curated-columns';
import { quoteIdentifier } from '../../contract/quote-identifier';
import { userError } from '../../errors/pipeline-error';
import type { EngineSession } from '../engine/duckdb-engine';
import { createPartitions, FILE_COLUMN, filedQuery, fileQuery, type FilePiece, negativeZeros, numberFiles, outputQuery, PARTITIONS, sortedQuery } from './shape-sql';
import { copyFiles, MOST_GROUP_ROWS, parquetFormat, VECTOR_ROWS, type WrittenFile } from './parquet-files';
import { evenLengths, writeSortedFiles } from './sorted-files';

/** Each value makes at least one file and one catalog partition in every run. */
const MAX_PARTITIONS = 10_000;

/** Of the source. */
const ROW_GROUP_BYTES = 32 * 1024 * 1024;

/**
 * Most files that are written one by one, each in a pass over the typed rows; more are sorted and written in one pass.
 *
 * Row groups without rows of the file's partition are passed over, so most passes read little. Measured on 6 million rows in 7 partitions,
 * passes took two thirds of the sort's processor time, and a third of its memory.
 */
const MOST_PASSES = 8;

export interface WriteOptions {
  readonly dataset: Dataset;
  /** Files of typed rows. */
  readonly paths: readonly string[];
  /** Whether a dedupe leaves rows out. */
  readonly losers: boolean;
  /** To write. */
  readonly rows: number;
  /** Where the files go; others whose names begin with its name may be made beside it. */
  readonly directory: string;
  readonly targetFileBytes: number;
  /** Of a row in the files of typed rows, on average. */
  readonly bytesPerRow: number;
  /** Of a record in the source, on average. */
  readonly sourceBytesPerRow: number;
}

/** A file of curated rows, with its partition columns as text. */
export interface CuratedFile {
  readonly path: string;
  readonly records: number;
  readonly partition: [string, string | null][];
}

/** A file that is to be written: one of those that share the rows of a partition. */
interface PlannedFile extends FilePiece {
  readonly partition: CuratedFile['partition'];
  /** Of a dataset with an order, exactly. */
  readonly rows: number;
}

/** Writes the rows of a unit into Parquet files that each belong to one partition. */
export async function writeCurated(session: EngineSession, options: WriteOptions): Promise<CuratedFile[]> {
  return new CuratedWriter(session, options).run();
}

class CuratedWriter {
  private asked?: Promise<string>;

  constructor(private readonly session: EngineSession, private readonly options: WriteOptions) {}

  async run(): Promise<CuratedFile[]> {
    const { dataset } = this.options;
    if (dataset.partitionColumns.length === 0) return this.unpartitioned();
    const files = await this.plannedFiles();
    // A pass sorts what it writes, and knows no ranges.
    if (dataset.sort !== undefined && (files.length > MOST_PASSES || files.some(({ of }) => of > 1))) return this.sorted(files);
    return files.length > MOST_PASSES ? this.filed(files) : this.passes(files);
  }

  private async unpartitioned(): Promise<CuratedFile[]> {
    const { dataset, paths, losers, directory, targetFileBytes, bytesPerRow, rows } = this.options;
    const query = outputQuery(dataset, paths, losers);
    if (dataset.sort === undefined) return unfoldered(await this.copy(query, directory, `FILE_SIZE_BYTES ${targetFileBytes}`));
    const files = Math.max(1, Math.ceil((rows * bytesPerRow) / targetFileBytes));
    return unfoldered(files === 1 ? await this.copy(query, `${directory}.parquet`) : await this.cut(query, evenLengths(rows, files)));
  }

  /** Gives each partition as many files as its share of the bytes needs; in the order of the numbers that the sorted query gives them. */
  private async plannedFiles(): Promise<PlannedFile[]> {
    const { dataset, paths, losers, bytesPerRow, targetFileBytes } = this.options;
    await this.session.run(createPartitions(dataset, paths, losers));
    const [row] = await this.session.rows(`SELECT count(*) AS partitions FROM ${PARTITIONS}`);
    if (Number(row?.partitions) > MAX_PARTITIONS) {
      throw userError('PARTITIONS', `${dataset.name}: one run has ${String(row?.partitions)} values of its partition columns ${dataset.partitionColumns.join(', ')}, the most is ${MAX_PARTITIONS}; `
        + 'each makes at least one file and one catalog partition. Fix: partition by a coarser column', { dataset: dataset.name, partitions: row?.partitions });
    }
    for (const statement of numberFiles(bytesPerRow, targetFileBytes)) await this.session.run(statement);
    const rows = await this.session.rows(`SELECT * FROM ${PARTITIONS} ORDER BY _number`);
    return rows.flatMap((row) => {
      const partition = dataset.partitionColumns.map((column, index): [string, string | null] => [column, textOfHex(row[`_text${index}`] as string | null)]);
      const of = Number(row._files);
      return evenLengths(Number(row._rows), of).map((length, file) => ({ partition, number: Number(row._number), file, of, rows: length }));
    });
  }

  private async passes(planned: readonly PlannedFile[]): Promise<CuratedFile[]> {
    const { dataset, paths, losers, directory } = this.options;
    const files: CuratedFile[] = [];
    for (const [index, { partition, number, file, of }] of planned.entries()) {
      const query = fileQuery(dataset, paths, losers, { number, file, of, nulls: partition.map(([, value]) => value === null) });
      const written = await this.copy(query, `${directory}-${index}.parquet`);
      files.push(...written.map((each) => ({ ...each, partition })));
    }
    return files;
  }

  private async filed(planned: readonly PlannedFile[]): Promise<CuratedFile[]> {
    const { dataset, paths, losers, directory } = this.options;
    // The rows of a file must come one after the other.
    await this.session.run('SET preserve_insertion_order = true');
    const written = await this.copy(filedQuery(dataset, paths, losers), directory, `PARTITION_BY (${FILE_COLUMN})`);
    return written.map((file) => ({ ...file, partition: planned[Number(/_file=(\d+)/.exec(file.path)?.[1])]!.partition }));
  }

  private async sorted(planned: readonly PlannedFile[]): Promise<CuratedFile[]> {
    const { dataset, paths, losers } = this.options;
    const files = planned.filter(({ rows }) => rows > 0);
    const written = await this.cut(sortedQuery(dataset, paths, losers), files.map(({ rows }) => rows));
    return written.map((file, index) => ({ ...file, partition: files[index]!.partition }));
  }

  private async cut(ordered: string, lengths: readonly number[]): Promise<WrittenFile[]> {
    const { dataset, directory } = this.options;
    const columns = curatedColumns(dataset).map(({ name }) => quoteIdentifier(name));
    return writeSortedFiles(this.session, {
      ordered, columns, lengths, target: directory,
      options: await this.format(), groupRows: this.rowGroupRows(),
    });
  }

  private async copy(query: string, target: string, files?: string): Promise<WrittenFile[]> {
    const format = await this.format();
    return copyFiles(this.session, query, target, files === undefined ? format : `${format}, ${files}`);
  }

  /** All files are of the same rows, so it is asked once. */
  private format(): Promise<string> {
    return this.asked ??= parquetFormat(this.session, negativeZeros(this.options.dataset, this.options.paths), this.rowGroupRows());
  }

  /** A row group stands in memory until it is full. */
  private rowGroupRows(): number {
    const rows = ROW_GROUP_BYTES / this.options.sourceBytesPerRow;
    return Math.min(MOST_GROUP_ROWS, Math.max(VECTOR_ROWS, Math.floor(rows / VECTOR_ROWS) * VECTOR_ROWS));
  }
}

function unfoldered(written: readonly WrittenFile[]): CuratedFile[] {
  return written.map((file) => ({ ...file, partition: [] }));
}

function textOfHex(hex: string | null): string | null {
  return hex === null ? null : Buffer.from(hex, 'hex').toString('utf8');
}
