import type { Client } from 'pg';
import type { Column } from '../../../contract/contract';
import { postgresType } from '../../../contract/engine-types';
import { quoteIdentifier, quoteName } from '../../../contract/quote-identifier';
import type { TableName } from '../../table-name';
import * as shared from '../../write/write-context';

/** What a write mode of this database works on. */
export type WriteContext = shared.WriteContext<Client>;
export type Write = shared.Write<Client>;

export function writeSql({ dataset, target, staging, collations }: Pick<WriteContext, 'dataset' | 'target' | 'staging' | 'collations'>): shared.WriteSql {
  const names = dataset.columns.map(({ name }) => quoteIdentifier(name));
  const rest = dataset.columns.filter(({ name }) => !dataset.primaryKey.includes(name));
  const sameKey = (alias: string): string => shared.allOf(dataset.primaryKey.map((name) => `${alias}.${quoteIdentifier(name)} = ${stagedKey(name, collations)}`), 'FALSE');
  return {
    target: quoteName(target.schema, target.table),
    staging: quoteName(staging.schema, staging.table),
    columns: names.join(', '),
    stagedColumns: names.map((name) => `s.${name}`).join(', '),
    sameKey: sameKey('t'),
    sameDeletedKey: sameKey('d'),
    sameRest: shared.allOf(rest.map((column) => `${comparable(column, 't')} IS NOT DISTINCT FROM ${comparable(column, 's')}`), 'TRUE'),
    assignments: rest.map(({ name }) => `${quoteIdentifier(name)} = s.${quoteIdentifier(name)}`).join(', '),
  };
}

/** `s."k", …`: the order of the target's index on the key. */
export function keyOrder({ dataset, collations }: Pick<WriteContext, 'dataset' | 'collations'>): string {
  return dataset.primaryKey.map((name) => stagedKey(name, collations)).join(', ');
}

function stagedKey(name: string, collations: WriteContext['collations']): string {
  const collation = collations.get(name);
  return `s.${quoteIdentifier(name)}${collation === undefined ? '' : ` COLLATE ${collation}`}`;
}

/**
 * A column's value as bits: to PostgreSQL 0 equals -0, and under some collations `a` equals `A`. A change from one to
 * the other would be lost if equality decided.
 */
function comparable({ name, type }: Column, alias: string): string {
  const value = `${alias}.${quoteIdentifier(name)}`;
  if (type.kind === 'string') return `${value} COLLATE "C"`;
  if (type.kind === 'float') return `pg_catalog.${postgresType(type) === 'real' ? 'float4send' : 'float8send'}(${value})`;
  return value;
}

/** Reads {@link WriteContext.collations}. */
export async function readCollations(client: Client, { schema, table }: TableName): Promise<ReadonlyMap<string, string>> {
  const { rows } = await client.query<{ name: string; collation: string }>(
    `SELECT a.attname::text AS name, pg_catalog.format('%I.%I', cn.nspname, co.collname) AS collation
     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
     JOIN pg_catalog.pg_collation co ON co.oid = a.attcollation JOIN pg_catalog.pg_namespace cn ON cn.oid = co.collnamespace
     WHERE n.nspname = $1 AND c.relname = $2`,
    [schema, table],
  );
  return new Map(rows.map(({ name, collation }) => [name, collation]));
}
