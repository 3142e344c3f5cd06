import type { Column, Dataset } from '../../contract/contract';
import { noTargetTable, schemaProblems } from '../refusals';
import type { TableName } from '../table-name';

/** What making, growing and checking a table takes in one database. */
export interface TableWork<There extends { readonly name: string }> {
  /** None where there is no table. */
  readonly columns: () => Promise<readonly There[]>;
  readonly ddl: readonly string[];
  readonly addColumn: (column: Column) => string;
  /** Statements that give columns the wider type of the contract, where that loses no value and the database need not write the table anew. */
  readonly widenings: (columns: readonly There[]) => readonly Widening[];
  /** Runs one of these, or returns why the database does not do it in place, and what else is to be done. */
  readonly widen: (widening: Widening) => Promise<string | undefined>;
  /** Makes what the statements need besides, before they run: `schema` where the table itself is made. */
  readonly run: (statements: readonly string[], makes: 'schema' | 'columns') => Promise<void>;
  /** What else does not fit, each with the statement that cures it. `held`: by column, why it was not widened. */
  readonly problems: (columns: readonly There[], held: ReadonlyMap<string, string>) => Promise<readonly string[]>;
}

export interface Widening {
  readonly column: string;
  readonly statement: string;
}

/**
 * Makes the table where it is missing, adds columns and widens types where the schema policy lets it grow, and checks the rest against the
 * contract. A type never becomes narrower, and no column goes.
 *
 * Throws one `TARGET_SCHEMA` that lists every difference with the statement that cures it.
 */
export async function ensureTable<There extends { readonly name: string }>(
  target: TableName, dataset: Dataset, manage: boolean,
  { columns: read, ddl, addColumn, widenings, widen, run, problems: others }: TableWork<There>,
): Promise<'made' | 'there'> {
  let columns = await read();
  const isNew = columns.length === 0;
  if (isNew) {
    if (!manage) throw noTargetTable(target, ddl);
    await run(ddl, 'schema');
    columns = await read();
  }
  const missing = dataset.columns.filter(({ name }) => !columns.some((column) => column.name === name));
  const mayGrow = manage && dataset.schemaPolicy !== 'strict';
  const added = mayGrow ? missing.filter((column) => !column.required) : [];
  if (added.length > 0) await run(added.map(addColumn), 'columns');
  let widened = 0;
  const held = new Map<string, string>();
  if (mayGrow) for (const widening of widenings(columns)) {
    const why = await widen(widening);
    if (why === undefined) widened += 1;
    else held.set(widening.column, why);
  }
  if (added.length + widened > 0) columns = await read();
  const problems = [
    ...missing.filter((column) => !added.includes(column)).map((column) => `it lacks column ${column.name}: ${addColumn(column)}`),
    ...await others(columns, held),
  ];
  if (problems.length > 0) throw schemaProblems(target, problems);
  return isNew ? 'made' : 'there';
}

/** Why a column was not widened, to be put behind the statement. */
export function because(held: ReadonlyMap<string, string>, column: string): string {
  const why = held.get(column);
  return why === undefined ? '' : ` (${why})`;
}

/** Whether one of the unique indexes, given by their columns, is just the contract's key. */
export function hasKey(indexes: readonly (readonly string[])[], { primaryKey }: Dataset): boolean {
  const key = [...primaryKey].sort().join('\0');
  return indexes.some((names) => [...names].sort().join('\0') === key);
}
