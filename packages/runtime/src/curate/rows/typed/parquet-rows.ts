import { join } from 'node:path';
import { quoteLiteral } from '../../../contract/quote-identifier';
import { PipelineError } from '../../../errors/pipeline-error';
import { isRead } from '../csv/csv-header';
import { notParquet } from './parquet-fault';
import type { RowStretch } from './row-stretches';
import type { TypedPart } from './typed-part';

/** The engine's number of a row in its file. */
export const ROW_NUMBER = 'file_row_number';

/** A column of the file that a column of the contract reads. */
export interface ParquetField {
  /** 0-based, in the file; its values are called `c<place>`. */
  readonly place: number;
  /** The SQL of its text. */
  readonly text: string;
  /** The SQL of what quarantine holds of it. */
  readonly raw: string;
}

/** Rows of a local file that belong to one segment. */
interface Rows { readonly from: string; readonly first: number; readonly rows: number; readonly files: readonly string[] }

/** Hands the rows of a local Parquet file on, in segments of which each row group is read once. */
export class ParquetRows {
  private number = 0;
  private readonly values: string;

  /** @param columns of the file */
  constructor(
    private readonly part: TypedPart, private readonly path: string, private readonly columns: number,
    private readonly fields: readonly ParquetField[],
  ) {
    this.values = [...new Set(fields.map(({ place }) => `c${place}`))].join(', ');
  }

  async curate(stretches: readonly RowStretch[]): Promise<void> {
    for (const { first, rows, pieces } of stretches) {
      const from = this.stretch(first, rows);
      if (pieces === undefined) await this.hand({ from, first, rows, files: [] });
      else for (const piece of await this.divide(from, first, pieces)) await this.hand(piece);
    }
  }

  /** Reads a row group once, into local files of a segment each. */
  private async divide(from: string, first: number, pieces: number): Promise<Rows[]> {
    const { session, directory } = this.part;
    const folder = join(directory, `group-${first}`);
    // The engine's dictionary holds 0.0 and -0.0 as one value.
    const format = `FORMAT parquet, COMPRESSION lz4, DICTIONARY_SIZE_LIMIT 0, ROW_GROUP_SIZE ${pieces}, ROW_GROUPS_PER_FILE 1, FILENAME_PATTERN 'piece_{i}'`;
    const copied = await session.run(`COPY (SELECT ${this.values} FROM ${from}) TO ${quoteLiteral(folder)} (${format})`);
    const files = await session.rows(`SELECT file_name, num_rows FROM parquet_file_metadata(${quoteLiteral(join(folder, '*.parquet'))})`);
    const numbered = files.map(({ file_name, num_rows }) => ({ path: String(file_name), rows: Number(num_rows), piece: Number(/(\d+)\.parquet$/.exec(String(file_name))![1]) }));
    let at = first;
    const found = numbered.sort((a, b) => a.piece - b.piece).map(({ path, rows }) => {
      const piece: Rows = { from: `(SELECT ${this.values}, ${ROW_NUMBER} + ${at} AS rn FROM read_parquet(${quoteLiteral(path)}, file_row_number = true))`, first: at, rows, files: [path] };
      at += rows;
      return piece;
    });
    if (at !== first + copied) throw new RangeError(`${this.part.source}: of ${copied} rows ${at - first} were divided`);
    return found;
  }

  private stretch(first: number, rows: number): string {
    const names = Array.from({ length: this.columns }, (_, place) => `c${place}`).join(', ');
    const all = `(SELECT *, ${ROW_NUMBER} FROM read_parquet(${quoteLiteral(this.path)}, hive_partitioning = false)) AS source(${names}, rn)`;
    return `(SELECT * FROM ${all} WHERE rn >= ${first} AND rn < ${first + rows})`;
  }

  private async hand({ from, first, rows, files }: Rows): Promise<void> {
    const { part, fields } = this;
    const texts = fields.map(({ text }, field) => `${text} AS f${field}`).join(', ');
    const raw = fields.map(({ raw: sql }, field) => `${sql} AS f${field}`).join(', ');
    await part.curate({
      number: this.number++, firstRecord: first, records: rows, texts: `(SELECT ${texts} FROM ${from})`, numbered: `(SELECT ${raw}, rn - ${first} AS n FROM ${from})`,
      columns: part.dataset.columns.filter(isRead), files, numbers: [{ record: 0, place: first }], failure: (error) => this.failure(error, from),
    });
    await part.flush();
  }

  /** What a failed segment means: the engine is asked again for the values alone, so that nothing else is taken for the file's fault. */
  private async failure(error: unknown, from: string): Promise<unknown> {
    const { session, source, dataset } = this.part;
    if (!PipelineError.is(error) || (error.code !== 'ENGINE' && error.code !== 'ENGINE_IO')) return error;
    try {
      await session.rows(`SELECT ${this.fields.map(({ place }) => `max(hash(c${place}))`).join(', ')} FROM ${from}`);
    } catch (again) {
      return notParquet(again, source, dataset) ?? error;
    }
    return error;
  }
}
