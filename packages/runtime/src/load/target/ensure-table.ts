import type { Column, Dataset } from '../../contract/contract';
import { noTargetTable, schemaProblems } from '../refusals';
import type { TableName } from '../table-name';

/** What making, growing and checking a table takes in one database. */
export interface TableWork<There extends { readonly name: string }> {
  /** None where there is no table. */
  readonly columns: () => Promise<readonly There[]>;
  readonly ddl: readonly string[];
  readonly addColumn: (column: Column) => string;
  /** Makes what the statements need besides, before they run: `schema` where the table itself is made. */
  readonly run: (statements: readonly string[], makes: 'schema' | 'columns') => Promise<void>;
  /** What else does not fit, each with the statement that cures it. */
  readonly problems: (columns: readonly There[]) => Promise<readonly string[]>;
}

/**
 * Makes the table where it is missing, adds columns where the schema policy lets it grow, and checks the rest against the
 * contract. Throws one `TARGET_SCHEMA` that lists every difference with the statement that cures it.
 */
export async function ensureTable<There extends { readonly name: string }>(
  target: TableName, dataset: Dataset, manage: boolean, { columns: read, ddl, addColumn, run, problems: others }: TableWork<There>,
): Promise<'made' | 'there'> {
  let columns = await read();
  const isNew = columns.length === 0;
  if (isNew) {
    if (!manage) throw noTargetTable(target, ddl);
    await run(ddl, 'schema');
    columns = await read();
  }
  const missing = dataset.columns.filter(({ name }) => !columns.some((column) => column.name === name));
  const added = manage && dataset.schemaPolicy !== 'strict' ? missing.filter((column) => !column.required) : [];
  if (added.length > 0) {
    await run(added.map(addColumn), 'columns');
    columns = await read();
  }
  const problems = [
    ...missing.filter((column) => !added.includes(column)).map((column) => `it lacks column ${column.name}: ${addColumn(column)}`),
    ...await others(columns),
  ];
  if (problems.length > 0) throw schemaProblems(target, problems);
  return isNew ? 'made' : 'there';
}

/** Whether one of the unique indexes, given by their columns, is just the contract's key. */
export function hasKey(indexes: readonly (readonly string[])[], { primaryKey }: Dataset): boolean {
  const key = [...primaryKey].sort().join('\0');
  return indexes.some((names) => [...names].sort().join('\0') === key);
}
