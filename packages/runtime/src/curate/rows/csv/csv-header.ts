import { isUtf8 } from 'node:buffer';
import type { Column, Dataset } from '../../../contract/contract';
import { userError } from '../../../errors/pipeline-error';

/** Which field of a record feeds which column. */
export interface FieldMap {
  /** Fields of each record. */
  readonly fields: number;
  /** For each column of the contract, the 0-based field; by the contract's column order. None for a computed column. */
  readonly byColumn: readonly (number | undefined)[];
  /** Names of fields that no column uses. */
  readonly unused: readonly string[];
}

/** Maps the fields of a CSV file to columns by its header, or throws `HEADER` with everything that is wrong. */
export function mapHeader(dataset: Dataset, header: Buffer, source: string): FieldMap {
  const { record, columns } = dataset;
  if (!isUtf8(header)) throw userError('HEADER', `${source}: the header line is not valid ${record.encoding}; declare headraceRecord.encoding as the source writes, or have it write UTF-8`, { source });
  const names = splitRecord(header, record.delimiter, record.quote);
  // A file without a header has its first record here, and values of masked columns belong nowhere but to quarantine.
  const masked = columns.some(({ mask }) => mask !== undefined);
  if (names === undefined) throw userError('HEADER', `${source}: the header line has a quote that neither opens nor closes a whole field`, { source, ...(masked ? {} : { header: header.toString() }) });
  return mapNames(dataset, names, source);
}

/** Maps the fields of a source to columns by their names, or throws `HEADER` with everything that is wrong. */
export function mapNames(dataset: Dataset, names: readonly string[], source: string): FieldMap & { readonly names: readonly string[] } {
  const { record, columns } = dataset;
  const masked = columns.some(({ mask }) => mask !== undefined);
  const foreign = (some: readonly string[]): string => (masked ? `${some.length} fields` : list(some));
  const wanted = columns.filter(isRead).map(fieldName);
  const problems: string[] = [];
  // Looked up and not searched for: a header may have ten thousands of names.
  const isWanted = new Set(wanted);
  const firstPlace = new Map<string, number>();
  for (const [index, name] of names.entries()) if (!firstPlace.has(name)) firstPlace.set(name, index);
  const doubled = names.filter((name, index) => firstPlace.get(name) !== index && isWanted.has(name));
  if (doubled.length > 0) problems.push(`${list(doubled)} stands twice`);
  const missing = wanted.filter((name) => !firstPlace.has(name));
  if (missing.length > 0) problems.push(`${list(missing)} missing`);
  const unused = names.filter((name) => !isWanted.has(name));
  if (record.header === 'exact') {
    if (unused.length > 0) problems.push(`${foreign(unused)} not in the contract`);
    const first = problems.length === 0 ? names.findIndex((name, index) => name !== wanted[index]) : -1;
    if (first >= 0) problems.push(`field ${first + 1} is ${masked ? 'another' : JSON.stringify(names[first])}, the contract has ${JSON.stringify(wanted[first])} there`);
  }
  if (problems.length > 0) {
    const cure = record.header === 'exact'
      ? 'have the source mend its header, correct headraceSource.field in the contract, or declare headraceRecord.header: subset to find columns by name'
      : 'have the source mend its header, or correct headraceSource.field in the contract';
    throw userError('HEADER', `${source}: the header does not fit dataset ${dataset.name}: ${problems.join('; ')}; found ${foreign(names)}. Fix: ${cure}`, { source, wanted, problems, ...(masked ? {} : { found: names }) });
  }
  return { names, fields: names.length, byColumn: columns.map((column) => (isRead(column) ? firstPlace.get(fieldName(column)) : undefined)), unused };
}

/** Maps by position, for files without a header. */
export function mapPositions(dataset: Dataset): FieldMap {
  const byColumn = dataset.columns.map((column) => (isRead(column) ? positionOf(column) - 1 : undefined));
  return { fields: Math.max(...byColumn.filter((field) => field !== undefined)) + 1, byColumn, unused: [] };
}

/** Where the contract says that a column stands, from 1; without a header nothing else tells it. */
function positionOf({ name, source: { position } }: Column): number {
  if (position === undefined) throw new TypeError(`column ${name} has no position`);
  return position;
}

/** Maps records that were re-told by us: a field for each column that is read, in the contract's order. */
export function mapRead({ columns }: Dataset): FieldMap {
  const read = columns.filter(isRead);
  return { fields: read.length, byColumn: columns.map((column) => (isRead(column) ? read.indexOf(column) : undefined)), unused: [] };
}

/** Whether a column comes from the record; others are computed. */
export function isRead({ computed }: Column): boolean {
  return computed === undefined;
}

/** The name that a column has in the source. */
export function fieldName(column: Column): string {
  return column.source.field ?? column.name;
}

/** The fields of one record; undefined when it is not in the strict subset. */
export function splitRecord(record: Buffer, delimiter: string, quote: string): string[] | undefined {
  const text = record.toString('utf8');
  const fields: string[] = [];
  let position = 0;
  for (;;) {
    let value = '';
    if (quote !== '' && text[position] === quote) {
      for (;;) {
        const close = text.indexOf(quote, position + 1);
        if (close < 0) return undefined;
        value += text.slice(position + 1, close);
        position = close + 1;
        if (text[position] !== quote) break;
        value += quote;
      }
    } else {
      const stop = text.indexOf(delimiter, position);
      value = text.slice(position, stop < 0 ? text.length : stop);
      if (quote !== '' && value.includes(quote)) return undefined;
      position += value.length;
    }
    fields.push(value);
    if (position === text.length) return fields;
    if (text[position] !== delimiter) return undefined;
    position += delimiter.length;
  }
}

function list(names: readonly string[]): string {
  const shown = names.slice(0, 10).map((name) => JSON.stringify(name)).join(', ');
  return names.length > 10 ? `${shown} and ${names.length - 10} more` : shown;
}
