import type { Column, Dataset } from '../../../contract/contract';
import { MYSQL_COLLATIONS, quoteMysqlName, type MysqlFlavour } from '../../../contract/mysql-ddl';
import { isNested } from '../../../contract/nested-type';
import type { LoadCounts } from '../../ledger/ledger-row';
import type { TableName } from '../../table-name';
import type { MysqlClient } from '../connect';

/** What a write mode works on, inside the publishing transaction. */
export interface WriteContext {
  readonly client: MysqlClient;
  readonly dataset: Dataset;
  readonly target: TableName;
  readonly staging: TableName;
  /** Rows in the staging table. */
  readonly staged: number;
  /** Collations of the target's text columns; keys are compared as the target's index compares them. */
  readonly collations: ReadonlyMap<string, string>;
  /** Merge only. */
  readonly newerBy?: string;
}

/** Moves staged rows into the target and says what became of each. */
export type Write = (context: WriteContext) => Promise<LoadCounts>;

/** Names and expressions that the statements of a write mode have in common; `t` is the target, `s` the staging table. */
export interface WriteSql {
  readonly target: string;
  readonly staging: string;
  /** The contract's columns. */
  readonly columns: string;
  readonly stagedColumns: string;
  readonly sameKey: string;
  /** Every column that is not part of the key holds the same value, bit by bit. */
  readonly sameRest: string;
  /** Of the columns outside the key; empty when there are none. */
  readonly assignments: string;
  /** The staged row is older than the target's. */
  readonly stale: string;
  /** The staged key as the target compares it. */
  readonly key: string;
}

export function writeSql({ client: { flavour }, dataset, target, staging, collations, newerBy }: Omit<WriteContext, 'staged' | 'client'> & { readonly client: { readonly flavour: MysqlFlavour } }): WriteSql {
  const names = dataset.columns.map(({ name }) => quoteMysqlName(name));
  const rest = dataset.columns.filter(({ name }) => !dataset.primaryKey.includes(name));
  const binary = MYSQL_COLLATIONS[flavour];
  const comparableOf = (column: Column) => (alias: 's' | 't'): string => comparable(column, alias, binary, collations);
  const newer = dataset.columns.find(({ name }) => name === newerBy);
  return {
    target: quoteMysqlName(target.schema, target.table),
    staging: quoteMysqlName(staging.schema, staging.table),
    columns: names.join(', '),
    stagedColumns: names.map((name) => `s.${name}`).join(', '),
    sameKey: allOf(dataset.primaryKey.map((name) => `t.${quoteMysqlName(name)} = ${stagedKey(name, collations)}`), 'FALSE'),
    sameRest: allOf(rest.map((column) => same(comparableOf(column), column)), 'TRUE'),
    assignments: rest.map(({ name }) => `t.${quoteMysqlName(name)} = s.${quoteMysqlName(name)}`).join(', '),
    // NULL on either side never stops an update.
    stale: newer === undefined ? 'FALSE' : `COALESCE(${comparableOf(newer)('t')} > ${comparableOf(newer)('s')}, FALSE)`,
    key: dataset.primaryKey.map((name) => stagedKey(name, collations)).join(', '),
  };
}

function stagedKey(name: string, collations: WriteContext['collations']): string {
  const collation = collations.get(name);
  // Of a column of another character set the server converts by itself.
  return `s.${quoteMysqlName(name)}${collation?.startsWith('utf8mb4_') === true ? ` COLLATE ${collation}` : ''}`;
}

/** Equal as bits: to MySQL 0 equals -0, and under most collations `a` equals `A`. A change from one to the other would be lost. */
function same(comparableOf: (alias: 's' | 't') => string, { type }: Column): string {
  const [t, s] = [comparableOf('t'), comparableOf('s')];
  if (type.kind !== 'float') return `${t} <=> ${s}`;
  return `(${t} <=> ${s} AND (${t} IS NULL OR ${t} <> 0 OR CAST(${t} AS CHAR) = CAST(${s} AS CHAR)))`;
}

function comparable({ name, type }: Column, alias: 's' | 't', binary: string, collations: WriteContext['collations']): string {
  const value = `${alias}.${quoteMysqlName(name)}`;
  if (type.kind !== 'string' && type.kind !== 'uuid' && !isNested(type)) return value;
  const isOwn = alias === 's' || collations.get(name)?.startsWith('utf8mb4_') === true;
  return `${isOwn ? value : `CONVERT(${value} USING utf8mb4)`} COLLATE ${binary}`;
}

/** Reads {@link WriteContext.collations}. */
export async function readCollations(client: MysqlClient, { schema, table }: TableName): Promise<ReadonlyMap<string, string>> {
  const rows = await client.rows('SELECT COLUMN_NAME, COLLATION_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? AND COLLATION_NAME IS NOT NULL', [schema, table]);
  return new Map(rows as [string, string][]);
}

function allOf(conditions: readonly string[], whenNone: 'TRUE' | 'FALSE'): string {
  return conditions.length === 0 ? whenNone : conditions.join(' AND ');
}
