import type { Column } from '../../../contract/contract';
import { MYSQL_COLLATIONS, quoteMysqlName, type MysqlFlavour } from '../../../contract/mysql-ddl';
import { isNested } from '../../../contract/nested-type';
import type { TableName } from '../../table-name';
import * as shared from '../../write/write-context';
import type { MysqlClient } from '../connect';

/** What a write mode of this database works on. */
export type WriteContext = shared.WriteContext<MysqlClient>;
export type Write = shared.Write<MysqlClient>;

export interface WriteSql extends shared.WriteSql {
  /** The staged row is older than the target's. */
  readonly stale: string;
  /** The target does not hold the staged key, where it is joined from the left. */
  readonly notThere: string;
  /** The staged key as the target compares it. */
  readonly key: string;
}

export function writeSql({ client: { flavour }, dataset, target, staging, collations, newerBy }: Omit<WriteContext, 'staged' | 'client'> & { readonly client: { readonly flavour: MysqlFlavour } }): WriteSql {
  const names = dataset.columns.map(({ name }) => quoteMysqlName(name));
  const rest = dataset.columns.filter(({ name }) => !dataset.primaryKey.includes(name));
  const binary = MYSQL_COLLATIONS[flavour];
  const comparableOf = (column: Column) => (alias: 's' | 't'): string => comparable(column, alias, binary, collations);
  const newer = dataset.columns.find(({ name }) => name === newerBy);
  const sameKey = (alias: 't' | 'd'): string => shared.allOf(dataset.primaryKey.map((name) => `${alias}.${quoteMysqlName(name)} = ${stagedKey(name, collations)}`), 'FALSE');
  return {
    target: quoteMysqlName(target.schema, target.table),
    staging: quoteMysqlName(staging.schema, staging.table),
    columns: names.join(', '),
    stagedColumns: names.map((name) => `s.${name}`).join(', '),
    sameKey: sameKey('t'),
    sameDeletedKey: sameKey('d'),
    notThere: `t.${quoteMysqlName(dataset.primaryKey[0] ?? dataset.columns[0]!.name)} IS NULL`,
    sameRest: shared.allOf(rest.map((column) => same(comparableOf(column), column)), 'TRUE'),
    assignments: rest.map(({ name }) => `t.${quoteMysqlName(name)} = s.${quoteMysqlName(name)}`).join(', '),
    // NULL on either side never stops an update.
    stale: newer === undefined ? 'FALSE' : `COALESCE(${comparableOf(newer)('t')} > ${comparableOf(newer)('s')}, FALSE)`,
    key: dataset.primaryKey.map((name) => stagedKey(name, collations)).join(', '),
  };
}

/** The staged value of a key's column, as the target compares it. */
export function stagedKey(name: string, collations: WriteContext['collations']): string {
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
