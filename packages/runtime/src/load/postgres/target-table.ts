import type { Client } from 'pg';
import type { Column, Dataset } from '../../contract/contract';
import { postgresTargetDdl } from '../../contract/postgres-ddl';
import { postgresType } from '../../contract/engine-types';
import { quoteIdentifier, quoteName } from '../../contract/quote-identifier';
import type { DdlAuthor } from '../ledger/ddl-author';
import type { WriteMode } from '../settings';
import type { TableName } from '../table-name';
import { because, ensureTable, hasKey, type Widening } from '../target/ensure-table';
import { isWiderInPlace } from '../target/wider-type';
import { ensureSchema, lockDdl } from './ledger/ensure-ledger';
import { noteDdl, runDdl } from './ledger/run-ddl';

interface TargetColumn {
  readonly name: string;
  readonly type: string;
  readonly notNull: boolean;
  /** It fills itself: a default, an identity or a generated column. */
  readonly filled: boolean;
  readonly generated: boolean;
  /** As a statement names it; null for the default of the type. */
  readonly collation: string | null;
}

/**
 * Makes the target table where it is missing, adds columns and widens types where the schema policy lets it grow,
 * and checks the rest against the contract. Needs an open transaction.
 *
 * @returns what was done, for the log.
 * Throws one `TARGET_SCHEMA` that lists every difference with the statement that cures it.
 */
export async function ensureTarget(client: Client, target: TableName, dataset: Dataset, writeMode: WriteMode, manage: boolean, by: DdlAuthor): Promise<'made' | 'there'> {
  return ensureTable(target, dataset, manage, {
    columns: () => columnsOf(client, target),
    ddl: postgresTargetDdl(dataset, target),
    addColumn: (column) => addColumn(target, column),
    run: async (statements, makes) => {
      await lockDdl(client);
      const made = makes === 'schema' ? await ensureSchema(client, target.schema) : undefined;
      if (made !== undefined) await noteDdl(client, { schema: target.schema, table: '' }, made, by);
      for (const statement of statements) await runDdl(client, target, statement, by);
    },
    widenings: (columns) => widenings(target, columns, dataset),
    widen: async ({ statement }) => {
      await lockDdl(client);
      await client.query('SAVEPOINT widen');
      try {
        await runDdl(client, target, statement, by);
      } catch (error) {
        // The check that follows names the statement.
        const why = HOLDS[(error as { code?: string }).code ?? ''];
        if (why === undefined) throw error;
        await client.query('ROLLBACK TO SAVEPOINT widen');
        return why;
      }
      await client.query('RELEASE SAVEPOINT widen');
      return undefined;
    },
    problems: async (columns, held) => [
      ...columnProblems(target, columns, dataset, held),
      ...(writeMode.mode === 'merge' ? await keyProblems(client, target, dataset) : []),
    ],
  });
}

const PARTITION_KEY = 'PostgreSQL changes no type of a column that is in the partition key or inherited: make a new table with the wider type, move the rows and rename it';

/** What keeps PostgreSQL from altering a column, by SQLSTATE. */
const HOLDS: Readonly<Record<string, string>> = {
  '0A000': 'a view, a rule, a trigger or a generated column uses it: drop that, run the statement, and make it again',
  '42P16': PARTITION_KEY,
  '42P17': PARTITION_KEY,
};

function widenings(target: TableName, columns: readonly TargetColumn[], dataset: Dataset): Widening[] {
  return dataset.columns.flatMap((column) => {
    const there = columns.find(({ name }) => name === column.name);
    if (there === undefined || there.generated || !isWiderInPlace(canonical(there.type), canonical(postgresType(column.type)))) return [];
    return [{ column: column.name, statement: alterType(target, column, there.collation) }];
  });
}

/** A column keeps its collation only where the statement says it. */
function alterType({ schema, table }: TableName, { name, type }: Column, collation?: string | null): string {
  const kept = collation === undefined || collation === null ? '' : ` COLLATE ${collation}`;
  return `ALTER TABLE ${quoteName(schema, table)} ALTER COLUMN ${quoteIdentifier(name)} TYPE ${postgresType(type)}${kept}`;
}

function columnProblems(target: TableName, columns: readonly TargetColumn[], dataset: Dataset, held: ReadonlyMap<string, string>): string[] {
  const name = quoteName(target.schema, target.table);
  return columns.flatMap((there) => {
    const column = dataset.columns.find((candidate) => candidate.name === there.name);
    if (column === undefined) {
      return there.notNull && !there.filled ? [`its column ${there.name} is NOT NULL without a default and not in the contract: ALTER TABLE ${name} ALTER COLUMN ${quoteIdentifier(there.name)} DROP NOT NULL`] : [];
    }
    const problems: string[] = [];
    const expected = postgresType(column.type);
    if (canonical(there.type) !== canonical(expected)) problems.push(`its column ${there.name} is ${there.type}, the contract says ${expected}: ${alterType(target, column, isWiderInPlace(there.type, expected) ? there.collation : undefined)}${because(held, there.name)}`);
    if (there.generated) problems.push(`its column ${there.name} is generated and cannot be loaded: ALTER TABLE ${name} ALTER COLUMN ${quoteIdentifier(there.name)} DROP EXPRESSION`);
    if (there.notNull && !column.required) problems.push(`its column ${there.name} is NOT NULL, the contract allows NULL: ALTER TABLE ${name} ALTER COLUMN ${quoteIdentifier(there.name)} DROP NOT NULL`);
    return problems;
  });
}

/** Merging by a key that is not unique in the target would update several rows for one. */
async function keyProblems(client: Client, target: TableName, dataset: Dataset): Promise<string[]> {
  const { rows } = await client.query<{ names: string[] }>(
    `SELECT ARRAY(
       SELECT a.attname::text FROM pg_catalog.unnest(i.indkey) WITH ORDINALITY AS k (attnum, ord)
       JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum WHERE k.ord <= i.indnkeyatts ORDER BY k.ord
     ) AS names
     FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = $1 AND c.relname = $2 AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL`,
    [target.schema, target.table],
  );
  if (hasKey(rows.map(({ names }) => names), dataset)) return [];
  const columns = dataset.primaryKey.map(quoteIdentifier).join(', ');
  return [`it has no unique index on the contract's key (${dataset.primaryKey.join(', ')}): ALTER TABLE ${quoteName(target.schema, target.table)} ADD PRIMARY KEY (${columns})`];
}

async function columnsOf(client: Client, { schema, table }: TableName): Promise<TargetColumn[]> {
  const { rows } = await client.query<TargetColumn>(
    `SELECT a.attname::text AS name, pg_catalog.format_type(a.atttypid, a.atttypmod) AS type, a.attnotnull AS "notNull",
       (a.atthasdef OR a.attidentity <> '') AS filled, (a.attgenerated <> '') AS generated,
       (SELECT pg_catalog.format('%I.%I', cn.nspname, co.collname) FROM pg_catalog.pg_collation co JOIN pg_catalog.pg_namespace cn ON cn.oid = co.collnamespace
         JOIN pg_catalog.pg_type t ON t.oid = a.atttypid WHERE co.oid = a.attcollation AND a.attcollation <> t.typcollation) AS collation
     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
     WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r', 'p') ORDER BY a.attnum`,
    [schema, table],
  );
  return rows;
}

function addColumn(target: TableName, column: Column): string {
  return `ALTER TABLE ${quoteName(target.schema, target.table)} ADD COLUMN ${quoteIdentifier(column.name)} ${postgresType(column.type)}${column.required ? ' NOT NULL' : ''}`;
}

/** One spelling for what PostgreSQL and we call differently; a precision of 6 is the default of times and means nothing. */
function canonical(type: string): string {
  return type.toLowerCase().replace('character varying', 'varchar').replace(/^(time|timestamp)\(6\)/, '$1').replace(/^decimal/, 'numeric');
}
