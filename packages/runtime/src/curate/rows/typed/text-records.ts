import type { Column } from '../../../contract/contract';
import type { EngineSession } from '../../engine/duckdb-engine';
import type { RecordFinder } from '../curate-segment';
import { placeOf, type NumberedRun } from '../record-numbers';
import type { SourceRecord } from '../segment-records';
import { toldRecord } from './told-record';

/** Records of a typed source, each of whose values has a text. */
export interface TextSegment {
  readonly number: number;
  /** Number of records of the part before this segment. */
  readonly firstRecord: number;
  readonly records: number;
  /** What the engine reads: fields `f0`, `f1` … as texts, in the order of the records. */
  readonly texts: string;
  /** The same with `n`, the 0-based number of the record in the segment; a text that there is no exact one for may be a JSON value that tells it. */
  readonly numbered: string;
  /** Those of the fields. */
  readonly columns: readonly Column[];
  /** Local files of the segment alone. */
  readonly files: readonly string[];
  /** What an error of the engine means, where it may be the source's fault. */
  readonly failure?: (error: unknown) => Promise<unknown>;
  /** Where a column of the record of a (1-based) line stands in the source, for people. */
  readonly where?: (column: string, line: number) => string | undefined;
  /** Where its records stand in the part. */
  readonly numbers: readonly NumberedRun[];
}

/**
 * Finds rejected records of a typed source again.
 *
 * They have no bytes of their own that would say something alone, so quarantine gets what `toldRecord` makes. Where a text format has
 * offset and line, they have the 0-based and the 1-based number of the record in the part.
 */
export class TextRecords implements RecordFinder {
  private page = new Map<number, Buffer>();

  constructor(private readonly segment: TextSegment, private readonly session: EngineSession) {}

  async look(numbers: readonly number[]): Promise<void> {
    const { numbered, columns } = this.segment;
    const fields = columns.map((_, field) => `f${field}`).join(', ');
    const wanted = `n BETWEEN ${numbers[0]!} AND ${numbers.at(-1)!} AND n IN (${numbers.join(', ')})`;
    // The driver drops a byte order mark where a text begins, and leaves it inside of JSON.
    const rows = await this.session.rows(`SELECT n, CAST(json_array(${fields}) AS VARCHAR) AS record FROM ${numbered} WHERE ${wanted}`);
    this.page = new Map(rows.map(({ n, record }) => {
      const values = JSON.parse(String(record)) as unknown[];
      return [Number(n), toldRecord(columns.map((column, field) => [column, values[field]]))];
    }));
  }

  find(number: number): Promise<SourceRecord> {
    const at = placeOf(this.segment.numbers, number);
    const record = this.page.get(number);
    if (record === undefined) throw new RangeError(`segment ${this.segment.number} has no record ${number}`);
    return Promise.resolve({ bytes: record, offset: at, line: at + 1 });
  }

  close(): Promise<void> {
    this.page.clear();
    return Promise.resolve();
  }
}
