import { asRecorded, type Column, type Dataset } from '../../contract';
import { quoteIdentifier } from '../../contract/quote-identifier';
import { userError } from '../../errors/pipeline-error';

/** A column as the database describes it. */
export interface SqlColumn {
  readonly name: string;
  /** As a cast or a person would write it, without length or precision. */
  readonly type: string;
  /** What it is to a cursor and to an export. */
  readonly family: 'integer' | 'number' | 'float' | 'boolean' | 'date' | 'time' | 'timestamp' | 'instant' | 'text' | 'binary' | 'other';
}

/** The column in SQL. Sessions of every engine read delimited identifiers as the standard has them. */
export function columnSql({ name }: Pick<SqlColumn, 'name'>): string {
  return quoteIdentifier(name);
}

/** One field of the export: a column of the source under the name that the contract reads it by. */
export interface ExportField<C extends SqlColumn = SqlColumn> {
  readonly column: Column;
  readonly from: C;
}

/**
 * The contract's fields in the order in which they are exported: by name, or by position where there is no header.
 *
 * Columns that the contract does not name are not read: what is not declared has no business in Raw.
 *
 * @throws PipelineError `SOURCE_COLUMNS` where they do not fit
 */
export function exportFields<C extends SqlColumn>(dataset: Dataset, there: readonly C[]): ExportField<C>[] {
  const wanted = asRecorded(dataset).columns.filter(({ source }) => source.field !== undefined || source.position !== undefined);
  const problems: string[] = [];
  const fields = wanted.flatMap((column): ExportField<C>[] => {
    const { position, field } = column.source;
    const from = field === undefined ? there[(position as number) - 1] : there.find(({ name }) => name === field);
    if (from === undefined) problems.push(field === undefined ? `it has ${there.length} columns, and ${column.name} is at position ${position}` : `it has no column ${field}`);
    else problems.push(...typeProblems(column, from));
    return from === undefined ? [] : [{ column, from }];
  });
  if (dataset.record.header === 'none') {
    fields.sort((a, b) => (a.column.source.position as number) - (b.column.source.position as number));
    const gap = fields.findIndex(({ column }, index) => column.source.position !== index + 1);
    if (problems.length === 0 && gap !== -1) problems.push(`without a header every position must be declared, and ${gap + 1} is not: declare it, or write header: exact`);
  }
  if (problems.length > 0) {
    throw userError(
      'SOURCE_COLUMNS', `${dataset.name}: the source does not fit the contract: ${problems.join('; ')} (its columns: ${there.map(({ name, type }) => `${name} ${type}`).join(', ')}). Change the contract, or give a query that names and casts them`,
      { dataset: dataset.name, problems },
    );
  }
  return fields;
}

/** Formats that texts of databases may have; whether they have the declared fraction, curate sees. */
const AS_EXPORTED = /^(yyyy-MM-dd)?( ?HH:mm:ss(\.S+)?X*)?$/;

/** What is sure to be rejected later, record by record. */
function typeProblems({ name, type, format }: Column, from: SqlColumn): string[] {
  const temporal = ['date', 'time', 'timestamp', 'instant'].includes(from.family);
  if (format !== undefined && temporal && !AS_EXPORTED.test(format)) return [`${name} has the format ${format}, and a ${from.type} is exported in ISO 8601: leave format out`];
  if (type.kind === 'timestamp' && !type.zoned && from.family === 'instant') return [`${name} is a timestamp without zone, and ${from.name} is an instant: write timezone: true`];
  if (type.kind !== 'binary' && type.kind !== 'uuid' && from.family === 'binary') return [`${name} is ${type.kind}, and ${from.name} holds bytes: write format: binary`];
  return [];
}
