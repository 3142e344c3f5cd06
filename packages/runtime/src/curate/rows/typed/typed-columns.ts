import type { Column, Dataset } from '../../../contract/contract';
import { memberName } from '../../../contract/nested-type';
import { userError } from '../../../errors/pipeline-error';
import { fieldName, isRead } from '../csv/csv-header';

/** What makes the text of a value, or why there is none that is exact. */
export type TypedText<T> = { readonly text: T } | { readonly problem: string };

/** Names that an error lists. */
const NAMED = 10;

/**
 * Finds each column that is read among those of a typed source, by its name as it is written, or throws `COLUMNS` with everything
 * that is wrong.
 *
 * @param textOf tells of a column and the place of what it reads
 */
export function mapColumns<T>(
  dataset: Dataset, names: readonly string[], source: string, textOf: (column: Column, place: number) => TypedText<T>,
): T[] {
  const problems: string[] = [];
  const read = dataset.columns.filter(isRead);
  const texts = read.flatMap((column): T[] => {
    const name = JSON.stringify(fieldName(column));
    const places = names.flatMap((other, index) => (other === fieldName(column) ? [index] : []));
    if (places.length !== 1) {
      problems.push(`column ${name} ${places.length === 0 ? 'is missing' : `stands ${places.length} times`}`);
      return [];
    }
    const text = textOf(column, places[0]!);
    if ('text' in text) return [text.text];
    problems.push(`column ${name}: ${text.problem}`);
    return [];
  });
  const unknown = unusedNames(dataset, names);
  if (dataset.record.header === 'exact' && unknown.length > 0) {
    const listed = unknown.slice(0, NAMED).map((name) => JSON.stringify(name)).join(', ');
    problems.push(`${listed}${unknown.length > NAMED ? ` and ${unknown.length - NAMED} more` : ''} not in the contract, and headraceRecord.header is exact`);
  }
  if (problems.length === 0) return texts;
  throw userError('COLUMNS', `${source}: the columns do not fit dataset ${dataset.name}: ${problems.join('; ')}. Fix: correct logicalType or headraceSource.field in the contract, `
    + 'declare headraceRecord.header: subset to leave others out, or have the source write other columns', { source, dataset: dataset.name, problems });
}

/** Where each member of an object is among the names of the source, or what is wrong with them. */
export function innerMembers(members: readonly Column[], names: readonly string[], exact: boolean): TypedText<readonly number[]> {
  const wanted = members.map(memberName);
  const missing = wanted.filter((name) => names.filter((other) => other === name).length !== 1);
  if (missing.length > 0) return { problem: `member ${missing.map((name) => JSON.stringify(name)).join(', ')} is missing, or stands twice` };
  const unknown = names.filter((name) => !wanted.includes(name)).slice(0, NAMED);
  if (exact && unknown.length > 0) return { problem: `member ${unknown.map((name) => JSON.stringify(name)).join(', ')} not in the contract, and headraceRecord.header is exact` };
  return { text: wanted.map((name) => names.indexOf(name)) };
}

/** Names that no column reads. */
export function unusedNames(dataset: Dataset, names: readonly string[]): string[] {
  const wanted = new Set(dataset.columns.filter(isRead).map(fieldName));
  return names.filter((name) => !wanted.has(name));
}
