import type { Client } from 'pg';
import type { Column, Dataset } from '../../../contract/contract';
import { postgresType } from '../../../contract/engine-types';
import { quoteIdentifier, quoteName } from '../../../contract/quote-identifier';
import type { LoadCounts } from '../../ledger/ledger-row';
import type { TableName } from '../../table-name';

/** What a write mode works on, inside the publishing transaction. */
export interface WriteContext {
  readonly client: Client;
  readonly dataset: Dataset;
  readonly target: TableName;
  readonly staging: TableName;
  /** Rows in the staging table. */
  readonly staged: number;
  /** Collations of the target's text columns, as quoted names; keys are compared as the target's index compares them. */
  readonly collations: ReadonlyMap<string, string>;
  /** Merge only. */
  readonly newerBy?: string;
  /** Replace only. */
  readonly allowEmpty?: boolean;
}

/** Moves staged rows into the target and says what became of each. */
export type Write = (context: WriteContext) => Promise<LoadCounts>;

/** Names and expressions that the statements of a write mode have in common; `t` is the target, `s` the staging table. */
export interface WriteSql {
  readonly target: string;
  readonly staging: string;
  /** `"a", "b"`: the contract's columns. */
  readonly columns: string;
  /** `s."a", s."b"` */
  readonly stagedColumns: string;
  /** `t."k" = s."k" AND …`; `false` for a dataset without a key. */
  readonly sameKey: string;
  /** Every column that is not part of the key holds the same value, bit by bit. */
  readonly sameRest: string;
  /** `"a" = s."a", …` of the columns outside the key; empty when there are none. */
  readonly assignments: string;
}

export function writeSql({ dataset, target, staging, collations }: Pick<WriteContext, 'dataset' | 'target' | 'staging' | 'collations'>): WriteSql {
  const names = dataset.columns.map(({ name }) => quoteIdentifier(name));
  const rest = dataset.columns.filter(({ name }) => !dataset.primaryKey.includes(name));
  return {
    target: quoteName(target.schema, target.table),
    staging: quoteName(staging.schema, staging.table),
    columns: names.join(', '),
    stagedColumns: names.map((name) => `s.${name}`).join(', '),
    sameKey: allOf(dataset.primaryKey.map((name) => `t.${quoteIdentifier(name)} = ${stagedKey(name, collations)}`), 'false'),
    sameRest: allOf(rest.map((column) => `${comparable(column, 't')} IS NOT DISTINCT FROM ${comparable(column, 's')}`), 'true'),
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

function allOf(conditions: readonly string[], whenNone: 'true' | 'false'): string {
  return conditions.length === 0 ? whenNone : conditions.join(' AND ');
}
