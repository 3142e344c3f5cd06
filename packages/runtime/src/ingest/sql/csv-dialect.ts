import type { Dataset, RecordFormat } from '../../contract';
import { userError } from '../../errors/pipeline-error';

/** How the rows of a database are written as the records of a dataset. */
export interface CsvDialect {
  readonly header: boolean;
  readonly delimiter: string;
  readonly quote: string;
  /** What NULL is; never quoted, while a value that reads the same always is. */
  readonly null: string;
  /** Whether all values are quoted, because a bare one could mean NULL in another of the contract's ways. */
  readonly quoteAll: boolean;
}

/**
 * The contract's dialect, as far as a database export can write it.
 *
 * @throws PipelineError `SOURCE_DIALECT` that names every member of `headraceRecord` which it cannot
 */
export function csvDialect({ name, record }: Dataset): CsvDialect {
  const token = record.nullTokens.find((each) => !/[\r\n]/.test(each) && !each.includes(record.delimiter) && (record.quote === '' || !each.includes(record.quote)));
  const problems = dialectProblems(record);
  if (problems.length === 0 && token === undefined) problems.push('nullTokens has none that NULL can be written as: add "", or another without delimiter, quote and line end');
  if (problems.length > 0) {
    throw userError('SOURCE_DIALECT', `${name}: a database is exported as CSV, and headraceRecord asks for what that cannot be: ${problems.join('; ')}`, { dataset: name, problems });
  }
  return { header: record.header !== 'none', delimiter: record.delimiter, quote: record.quote, null: token as string, quoteAll: record.nullTokens.length > 1 || token !== '' };
}

function dialectProblems({ format, encoding, quote, newline, compression }: RecordFormat): string[] {
  return [
    ...(format === 'csv' ? [] : [`format is ${format}: write csv`]),
    ...(format !== 'csv' || quote !== '' ? [] : ['quote is empty, and values may hold delimiters: write "\\""']),
    ...(encoding === 'utf-8' ? [] : [`encoding is ${encoding}: leave it out, for UTF-8`]),
    ...(newline === 'crlf' ? ['newline is crlf: write lf or auto'] : []),
    ...(compression === 'none' || compression === 'auto' ? [] : [`compression is ${compression}: write none or auto`]),
  ];
}
