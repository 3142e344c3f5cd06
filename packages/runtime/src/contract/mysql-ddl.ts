import type { Column, Dataset } from './contract';
import { mysqlType } from './engine-types';

/** The two servers that speak MySQL's protocol and name their collations each in its own way. */
export type MysqlFlavour = 'mysql' | 'mariadb';

export interface MysqlTable {
  /** A database of the server. */
  readonly schema: string;
  readonly table: string;
}

/** What compares texts byte by byte and counts spaces at their end: `a`, `A` and `a ` are three keys. */
export const MYSQL_COLLATIONS: Readonly<Record<MysqlFlavour, string>> = { mysql: 'utf8mb4_0900_bin', mariadb: 'utf8mb4_nopad_bin' };

/** A name in backticks, which every sql_mode reads alike. */
export function quoteMysqlName(...parts: readonly string[]): string {
  return parts.map((name) => {
    if (name === '' || name.includes('\0')) throw new TypeError(`an SQL name must not be empty or hold U+0000, got ${JSON.stringify(name)}`);
    return `\`${name.replace(/`/g, '``')}\``;
  }).join('.');
}

/** A text literal, for sessions without NO_BACKSLASH_ESCAPES. */
export function quoteMysqlText(text: string): string {
  if (text.includes('\0')) throw new TypeError('an SQL text must not hold U+0000');
  return `'${text.replace(/\\/g, '\\\\').replace(/'/g, "''")}'`;
}

/** Type of a column in its table: a text that is part of the key needs a length, for MySQL indexes no text without. */
export function mysqlColumnType(column: Pick<Column, 'name' | 'type' | 'maxLength'>, { primaryKey }: Pick<Dataset, 'primaryKey'>): string {
  const length = textLength(column);
  return primaryKey.includes(column.name) && column.type.kind === 'string' && length !== undefined ? `varchar(${length})` : mysqlType(column.type);
}

/** The most characters that a text column holds, where the contract says it. */
export function textLength({ type, maxLength }: Pick<Column, 'type' | 'maxLength'>): number | undefined {
  if (type.kind !== 'string') return undefined;
  return type.length === undefined || (maxLength !== undefined && maxLength < type.length) ? maxLength : type.length;
}

/** Creates a dataset's table in the target unless it is there: NOT NULL where required, the primary key if there is one. */
export function mysqlTargetDdl(dataset: Dataset, { schema, table }: MysqlTable, flavour: MysqlFlavour): string[] {
  const columns = dataset.columns.map((column) => `${mysqlColumnDdl(column, dataset)}${column.required ? ' NOT NULL' : ' NULL'}`);
  const key = dataset.primaryKey.length === 0 ? [] : [`PRIMARY KEY (${dataset.primaryKey.map((name) => quoteMysqlName(name)).join(', ')})`];
  return [createTable(quoteMysqlName(schema, table), [...columns, ...key], flavour)];
}

/** Creates a staging table unless it is there: the columns and no constraint, so that rows go in fast and none is dropped. */
export function mysqlStagingDdl(dataset: Dataset, { schema, table }: MysqlTable, flavour: MysqlFlavour, comment = ''): string[] {
  const columns = dataset.columns.map((column) => `${mysqlColumnDdl(column, dataset)} NULL`);
  return [createTable(quoteMysqlName(schema, table), columns, flavour, comment)];
}

/** A column as ALTER TABLE takes it, without its constraint. */
export function mysqlColumnDdl(column: Column, dataset: Pick<Dataset, 'primaryKey'>): string {
  return `${quoteMysqlName(column.name)} ${mysqlColumnType(column, dataset)}`;
}

function createTable(name: string, lines: readonly string[], flavour: MysqlFlavour, comment = ''): string {
  const said = comment === '' ? '' : ` COMMENT=${quoteMysqlText(comment)}`;
  return `CREATE TABLE IF NOT EXISTS ${name} (\n  ${lines.join(',\n  ')}\n) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE ${MYSQL_COLLATIONS[flavour]}${said}`;
}
