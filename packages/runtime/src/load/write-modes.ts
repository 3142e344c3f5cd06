import type { Column, Dataset, History } from '../contract/contract';
import { userError } from '../errors/pipeline-error';
import type { LoadSettings, WriteMode, WriteModeName } from './settings';
import type { DeleteKind, Deletes } from './write-mode-settings';

/**
 * Which write modes keep the meaning of a history; the first is the default.
 *
 * Replacing an appended dataset would lose earlier runs, appending snapshots or changes would repeat their rows, and replacing
 * partitions by changes would lose the rows that did not change.
 */
export const WRITE_MODES: Readonly<Record<History, readonly WriteModeName[]>> = {
  append: ['append', 'merge', 'partitions'],
  snapshot: ['replace', 'merge', 'partitions'],
  changes: ['merge'],
};

/**
 * Which deletes of a merge keep the meaning of a history; none is always allowed, and the default.
 *
 * Only a snapshot says by what it lacks that a row is gone, and only changes say so by a row of their own.
 */
export const DELETES: Readonly<Record<History, readonly DeleteKind[]>> = { append: [], snapshot: ['absentFromSnapshot'], changes: ['marker'] };

/** Types of a column that marks a row as deleted. */
export const MARKER_TYPES: readonly string[] = ['string', 'boolean', 'integer'];
/** Types whose values partitions can have: those that equal only themselves in every database. */
export const PARTITION_TYPES: readonly string[] = ['string', 'integer', 'boolean', 'date'];

/** The write mode of each dataset; throws one `WRITE_MODE` with everything that does not fit the contract. */
export function writeModesOf(settings: Pick<LoadSettings, 'writeModes'>, datasets: readonly Dataset[]): ReadonlyMap<string, WriteMode> {
  const problems: string[] = [];
  for (const name of Object.keys(settings.writeModes)) {
    if (!datasets.some((dataset) => dataset.name === name)) problems.push(`writeModes.${name} names no dataset of the contract (${datasets.map((dataset) => dataset.name).join(', ')})`);
  }
  const modes = new Map(datasets.map((dataset) => {
    const given = settings.writeModes[dataset.name] ?? defaultMode(dataset);
    const mode = given.mode === 'partitions' ? { ...given, partitionBy: given.partitionBy ?? dataset.partitionColumns } : given;
    problems.push(...problemsOf(dataset, mode));
    return [dataset.name, mode];
  }));
  if (problems.length > 0) throw userError('WRITE_MODE', problems.join('; '), { problems });
  return modes;
}

function defaultMode(dataset: Dataset): WriteMode {
  return { mode: WRITE_MODES[dataset.history][0] as WriteModeName };
}

function problemsOf(dataset: Dataset, { mode, newerBy, deletes, partitionBy = [] }: WriteMode): string[] {
  const allowed = WRITE_MODES[dataset.history];
  const problems: string[] = [];
  if (!allowed.includes(mode)) problems.push(`dataset ${dataset.name} has history ${dataset.history}, which allows ${allowed.join(' or ')}, got ${mode}`);
  if (mode === 'merge' && dataset.primaryKey.length === 0) problems.push(`dataset ${dataset.name} has no primary key to merge by; give the contract one`);
  if (mode === 'partitions') problems.push(...partitionProblems(dataset, partitionBy));
  if (deletes !== undefined) problems.push(...deleteProblems(dataset, deletes));
  if (newerBy === undefined) return problems;
  const column = columnOf(dataset, newerBy);
  if (column === undefined) problems.push(noColumn(dataset, newerBy, 'newerBy'));
  else if (!column.required) problems.push(`newerBy column ${newerBy} of dataset ${dataset.name} must be required: NULL is neither newer nor older`);
  if (dataset.primaryKey.includes(newerBy) && deletes?.kind === 'marker') problems.push(`newerBy column ${newerBy} of dataset ${dataset.name} must not be part of the key: a delete could never be newer than its row`);
  return problems;
}

function deleteProblems(dataset: Dataset, deletes: Deletes): string[] {
  const allowed = DELETES[dataset.history];
  if (!allowed.includes(deletes.kind)) {
    return [`dataset ${dataset.name} has history ${dataset.history}, which allows ${allowed.length === 0 ? 'no deletes' : `deletes by ${allowed.join(' or ')}`}, got ${deletes.kind}`];
  }
  if (deletes.kind !== 'marker') return [];
  const column = columnOf(dataset, deletes.column);
  if (column === undefined) return [noColumn(dataset, deletes.column, 'the marker of deletes')];
  if (!MARKER_TYPES.includes(column.type.kind)) return [`marker column ${deletes.column} of dataset ${dataset.name} must be a string, boolean or integer, got ${column.type.kind}`];
  return deletes.values.filter((value) => !isValueOf(column, value))
    .map((value) => `marker value ${JSON.stringify(value)} is no ${column.type.kind}, which column ${deletes.column} of dataset ${dataset.name} holds; give values such as ${EXAMPLES[column.type.kind]}`);
}

const EXAMPLES: Readonly<Record<string, string>> = { boolean: '"true"', integer: '"1"', string: '"D"' };

function isValueOf({ type }: Column, value: string): boolean {
  if (type.kind === 'boolean') return value === 'true' || value === 'false';
  if (type.kind === 'integer') return /^-?\d{1,18}$/.test(value);
  return !value.includes('\0');
}

function partitionProblems(dataset: Dataset, partitionBy: readonly string[]): string[] {
  if (partitionBy.length === 0) return [`dataset ${dataset.name} has no partition columns to replace by; name the columns in the write mode, or give the contract partitioned: true`];
  return partitionBy.flatMap((name) => {
    const column = columnOf(dataset, name);
    if (column === undefined) return [noColumn(dataset, name, 'partitions')];
    return PARTITION_TYPES.includes(column.type.kind) ? [] : [`partition column ${name} of dataset ${dataset.name} must be a string, integer, boolean or date, got ${column.type.kind}`];
  });
}

function columnOf({ columns }: Dataset, name: string): Column | undefined {
  return columns.find((column) => column.name === name);
}

function noColumn({ name: of, columns }: Dataset, name: string, what: string): string {
  return `dataset ${of} has no column ${JSON.stringify(name)} for ${what} (${columns.map(({ name: one }) => one).join(', ')})`;
}
