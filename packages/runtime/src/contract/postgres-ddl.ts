import type { Column, Dataset } from './contract';
import { postgresType } from './engine-types';
import { quoteIdentifier, quoteName } from './quote-identifier';

export interface PostgresTable {
  readonly schema: string;
  readonly table: string;
}

export interface PostgresStaging extends PostgresTable {
  /**
   * Skip the write-ahead log: faster, but empty after a crash and absent on replicas.
   *
   * @default false
   */
  readonly unlogged?: boolean;
  /**
   * Add `_seq bigint`, the commit number of each row, for a table that takes several commits.
   *
   * @default true
   */
  readonly seq?: boolean;
}

/** The column of a staging table with the commit number of a row. */
export const SEQ_COLUMN = '_seq';

/**
 * Creates a dataset's table in the target unless it is there: NOT NULL where required, the primary key if there is one.
 *
 * Text keys compare by bytes (`COLLATE "C"`), as everywhere else in the pipeline; a server's own collation can call
 * two keys equal that are not.
 */
export function postgresTargetDdl(dataset: Dataset, { schema, table }: PostgresTable): string[] {
  const columns = dataset.columns.map((column) => {
    const collation = dataset.primaryKey.includes(column.name) && isText(column) ? ' COLLATE "C"' : '';
    return `${quoteIdentifier(column.name)} ${postgresType(column.type)}${collation}${column.required ? ' NOT NULL' : ''}`;
  });
  const key = dataset.primaryKey.length === 0 ? [] : [`PRIMARY KEY (${dataset.primaryKey.map(quoteIdentifier).join(', ')})`];
  return [createTable('CREATE TABLE IF NOT EXISTS', quoteName(schema, table), [...columns, ...key])];
}

/** Creates a staging table unless it is there: the columns and no constraint, so that COPY is fast and never stops. */
export function postgresStagingDdl(dataset: Dataset, { schema, table, unlogged = false, seq = true }: PostgresStaging): string[] {
  const columns = dataset.columns.map(({ name, type }) => `${quoteIdentifier(name)} ${postgresType(type)}`);
  if (seq) columns.push(`${quoteIdentifier(SEQ_COLUMN)} bigint NOT NULL`);
  return [createTable(`CREATE ${unlogged ? 'UNLOGGED ' : ''}TABLE IF NOT EXISTS`, quoteName(schema, table), columns)];
}

/** The target's and the staging table's DDL in one list. */
export function postgresDdl(dataset: Dataset, tables: { readonly target: PostgresTable; readonly staging: PostgresStaging }): string[] {
  return [...postgresTargetDdl(dataset, tables.target), ...postgresStagingDdl(dataset, tables.staging)];
}

/** Whether PostgreSQL compares the column by a collation. */
export function isText({ type }: Pick<Column, 'type'>): boolean {
  return type.kind === 'string';
}

function createTable(verb: string, name: string, lines: readonly string[]): string {
  return `${verb} ${name} (\n  ${lines.join(',\n  ')}\n)`;
}
