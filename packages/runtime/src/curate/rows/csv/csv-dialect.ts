import type { RecordFormat } from '../../../contract/contract';

/** A CSV dialect in bytes, as the scanner reads it. */
export interface CsvDialect {
  readonly delimiter: number;
  /** -1 when the format has no quoting. */
  readonly quote: number;
  /** Fields in each record. */
  readonly fields: number;
  /** Line ends that may end a record: 1 is LF, 2 is CR LF, 3 is both; the numbers are their lengths, used as bits. */
  readonly lineEnds: 1 | 2 | 3;
  /** True: a quoted field may hold line ends. False: a line end always ends the record. */
  readonly multiline: boolean;
  readonly maxRecordBytes: number;
  /** Whether an empty line is a record of one field that is NULL. */
  readonly emptyLine: boolean;
}

/** The byte dialect of a contract's record format, for records of `fields` fields. */
export function csvDialect(record: RecordFormat, fields: number): CsvDialect {
  return {
    delimiter: record.delimiter.charCodeAt(0),
    quote: record.quote === '' ? -1 : record.quote.charCodeAt(0),
    fields,
    lineEnds: lineEnds(record.newline),
    multiline: record.multiline,
    maxRecordBytes: record.maxRecordBytes,
    emptyLine: record.nullTokens.includes(''),
  };
}

export function lineEnds(newline: RecordFormat['newline']): 1 | 2 | 3 {
  return newline === 'lf' ? 1 : newline === 'crlf' ? 2 : 3;
}
