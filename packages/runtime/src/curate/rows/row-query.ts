import { columnReject } from '../../contract/column-reject';
import type { Dataset } from '../../contract/contract';
import { duckdbCast, withDefault } from '../../contract/duckdb-cast';
import { provenCast } from '../../contract/proven-cast';
import { quoteIdentifier, quoteLiteral } from '../../contract/quote-identifier';
import type { CsvDialect } from './csv-dialect';
import type { FieldMap } from './csv-header';

/** Names of the columns that Rows adds to the contract's; no contract column begins with an underscore. */
export const PART_COLUMN = '_part';
export const RECORD_COLUMN = '_record';
export const REJECT_COLUMN = '_reject';

/** A line that no unquoted field can hold, so that it stands for "no text means NULL". */
const NO_NULL_TEXT = '\n';

/** Smallest buffer that the engine's CSV reader is given, in bytes. */
const MIN_BUFFER_BYTES = 32 * 1024 * 1024;

export interface CsvSource {
  readonly path: string;
  readonly fields: number;
  readonly delimiter: string;
  readonly quote: string;
  readonly multiline: boolean;
  readonly nullTokens: readonly string[];
  /** Longest record in bytes. */
  readonly maxRecordBytes: number;
}

/** The table function call that reads a segment: every option is said, nothing is sniffed, all fields are text. */
export function readCsv(source: CsvSource): string {
  const columns = Array.from({ length: source.fields }, (_, field) => `${fieldColumn(field)}: 'VARCHAR'`).join(', ');
  const quote = quoteLiteral(source.quote);
  const nulls = source.nullTokens.length > 0 ? source.nullTokens : [NO_NULL_TEXT];
  const line = source.maxRecordBytes + 16;
  const options = [
    'header = true', 'auto_detect = false', `delim = ${quoteLiteral(source.delimiter)}`, `quote = ${quote}`, `escape = ${quote}`,
    'new_line = \'\\n\'', `nullstr = [${nulls.map(quoteLiteral).join(', ')}]`, 'allow_quoted_nulls = false', 'strict_mode = true', 'null_padding = false',
    'ignore_errors = false', `max_line_size = ${line}`, `buffer_size = ${Math.max(MIN_BUFFER_BYTES, 2 * line)}`,
    `parallel = ${!source.multiline}`, `columns = {${columns}}`,
  ];
  return `read_csv(${quoteLiteral(source.path)}, ${options.join(', ')})`;
}

export interface RowQueryOptions {
  readonly dataset: Dataset;
  readonly csv: CsvSource;
  readonly fieldMap: FieldMap;
  /** Columns, by their number, whose every text is known to be in the grammar. */
  readonly proven: ReadonlySet<number>;
  /** Adds `_part` and `_record`, which break ties in a dedupe. */
  readonly order?: { readonly part: number; readonly firstRecord: number };
}

/**
 * The query of one segment: every contract column typed, and `_reject`, which is NULL for a good row and
 * `<column number>:<code>` for one that a check refused.
 */
export function rowQuery(options: RowQueryOptions): string {
  const { dataset, csv, fieldMap, order, proven } = options;
  const { columns } = dataset;
  const raw = columns.map((column, index) => `${withDefault(column, fieldColumn(fieldMap.byColumn[index]!))} AS r${index}`);
  const casts = columns.map((column, index) => (proven.has(index) ? provenCast(column, `r${index}`) : { value: duckdbCast(column, `r${index}`), typed: (value: string) => value }));
  const cast = casts.map(({ value }, index) => `${value} AS v${index}`);
  const typed = casts.map((one, index) => `${one.typed(`v${index}`)} AS t${index}`);
  const rejects = columns.map((column, index) => {
    const code = columnReject(column, { raw: `r${index}`, typed: `t${index}`, partition: dataset.partitionColumns.includes(column.name) });
    return `${quoteLiteral(`${index}:`)} || (${code})`;
  });
  const output = columns.map((column, index) => `t${index} AS ${quoteIdentifier(column.name)}`);
  const number = order === undefined ? '' : ', row_number() OVER () AS rn';
  if (order !== undefined) output.push(`CAST(${order.part} AS INTEGER) AS ${PART_COLUMN}`, `CAST(rn + ${order.firstRecord} AS BIGINT) AS ${RECORD_COLUMN}`);
  const texts = `SELECT ${raw.join(', ')}${number} FROM ${readCsv(csv)}`;
  // Each level refers to the one below by name, so that the engine computes nothing twice.
  const values = `SELECT *, ${typed.join(', ')} FROM (SELECT *, ${cast.join(', ')} FROM (${texts}))`;
  return `SELECT ${output.join(', ')}, coalesce(${rejects.join(', ')}) AS ${REJECT_COLUMN} FROM (${values})`;
}

/** The dialect of segments whose records were re-told by us: NULL is nothing at all, everything else is quoted. */
export function canonicalCsv(path: string, fields: number, maxRecordBytes: number): CsvSource {
  // A quote is doubled, and each field gets two quotes and a comma.
  return { path, fields, delimiter: ',', quote: '"', multiline: true, nullTokens: [''], maxRecordBytes: 2 * maxRecordBytes + 3 * fields };
}

/** The dialect of segments that hold the source's own bytes. */
export function sourceCsv(path: string, dialect: CsvDialect, nullTokens: readonly string[]): CsvSource {
  return {
    path, fields: dialect.fields, delimiter: String.fromCharCode(dialect.delimiter), quote: dialect.quote < 0 ? '' : String.fromCharCode(dialect.quote),
    multiline: dialect.multiline, nullTokens, maxRecordBytes: dialect.maxRecordBytes,
  };
}

function fieldColumn(field: number): string {
  return `f${field}`;
}
