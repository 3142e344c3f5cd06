import type { Dataset } from './contract';
import { isText, SEQ_COLUMN, type PostgresTable } from './postgres-ddl';
import { quoteIdentifier, quoteName } from './quote-identifier';

export interface WriteTables {
  readonly staging: PostgresTable;
  readonly target: PostgresTable;
  /**
   * Whether the staging table has `_seq`, so that it may hold rows of several commits.
   *
   * @default true
   */
  readonly seq?: boolean;
}

export interface MergeTables extends WriteTables {
  /** A row replaces another only if this column is equal or greater. Without it the staged row always wins. */
  readonly newerBy?: string;
}

/**
 * The one row that a write statement returns; each is a bigint, so drivers give it as text.
 *
 * inserted + updated + unchanged + stale = staged rows. A smaller sum means that rows of the same key and commit met,
 * or that somebody else wrote to the target: the transaction must not be committed then.
 */
export interface WriteCounts {
  readonly inserted: string;
  readonly updated: string;
  readonly unchanged: string;
  readonly deleted: string;
  /** Older than the row in the target, or than another staged row of the same key. */
  readonly stale: string;
}

/**
 * One statement that brings staged rows into the target by primary key.
 *
 * Equal rows are not rewritten, so that a repeated load costs no write-ahead log, no dead rows and fires no trigger.
 * One join classifies every row first: `ON CONFLICT` would lock, and so write, unchanged rows as well, and MERGE
 * counts nothing before PostgreSQL 17. An `INSERT … WHERE NOT EXISTS` on the target would, where statistics call it
 * empty, search it row by row while it grows.
 */
export function postgresMerge(dataset: Dataset, { staging, target, newerBy, seq = true }: MergeTables): string {
  if (dataset.primaryKey.length === 0) throw new TypeError(`dataset ${dataset.name} has no primary key to merge by`);
  const names = dataset.columns.map(({ name }) => quoteIdentifier(name));
  const keys = dataset.primaryKey.map(quoteIdentifier);
  const values = names.filter((name) => !keys.includes(name));
  const onKey = (left: string, right: string): string => keys.map((key) => `${left}.${key} = ${right}.${key}`).join(' AND ');
  const into = quoteName(target.schema, target.table);
  const update = values.length === 0 ? '' : `, updated AS (
  UPDATE ${into} AS t SET ${values.map((name) => `${name} = c.${name}`).join(', ')}
  FROM classified c WHERE c._action = 'update' AND ${onKey('t', 'c')}
  RETURNING 1
)`;
  return `WITH staged AS (
  ${newestStaged(dataset, { staging, target, newerBy, seq })}
), classified AS MATERIALIZED (
  SELECT ${names.map((name) => `s.${name}`).join(', ')},
    CASE WHEN t.${keys[0]} IS NULL THEN 'insert'
      WHEN ${sameValues(dataset)} THEN 'unchanged'
      WHEN ${isOlder(dataset, newerBy)} THEN 'stale'
      ELSE 'update' END AS _action
  FROM staged s LEFT JOIN ${into} t ON ${onKey('t', 's')}
), inserted AS (
  INSERT INTO ${into} (${names.join(', ')})
  SELECT ${names.join(', ')} FROM classified WHERE _action = 'insert'
  RETURNING 1
)${update}
SELECT (SELECT count(*) FROM inserted) AS inserted,
  ${values.length === 0 ? '0::bigint' : '(SELECT count(*) FROM updated)'} AS updated,
  count(*) FILTER (WHERE _action = 'unchanged') AS unchanged,
  0::bigint AS deleted,
  count(*) FILTER (WHERE _action = 'stale')${seq ? ` + (SELECT count(*) FROM ${quoteName(staging.schema, staging.table)}) - count(*)` : ''} AS stale
FROM classified`;
}

/** One statement that adds staged rows to the target; a key that is there already fails it, by name. */
export function postgresAppend(dataset: Dataset, { staging, target }: WriteTables): string {
  return insertAll(dataset, target, `FROM ${quoteName(staging.schema, staging.table)}`, '0::bigint');
}

/**
 * Two statements, for one transaction, that leave the newest staged commit as the whole content of the target.
 *
 * Rows are deleted and not truncated: readers go on seeing the old rows until the commit. The first returns
 * `deleted`, the second the other counts.
 */
export function postgresReplace(dataset: Dataset, { staging, target, seq = true }: WriteTables): string[] {
  const from = quoteName(staging.schema, staging.table);
  const newest = seq ? ` WHERE "${SEQ_COLUMN}" = (SELECT max("${SEQ_COLUMN}") FROM ${from})` : '';
  const stale = seq ? `(SELECT count(*) FROM ${from}) - count(*)` : '0::bigint';
  return [
    `WITH deleted AS (DELETE FROM ${quoteName(target.schema, target.table)} RETURNING 1) SELECT count(*) AS deleted FROM deleted`,
    insertAll(dataset, target, `FROM ${from}${newest}`, stale),
  ];
}

/**
 * A query whose single row tells what would make a merge ambiguous: `null_keys`, rows without a full key, and
 * `repeated_keys`, keys that occur more than once in a commit. Both must be 0.
 */
export function postgresStagingChecks(dataset: Dataset, { staging, seq = true }: Pick<WriteTables, 'staging' | 'seq'>): string {
  const from = quoteName(staging.schema, staging.table);
  const keys = dataset.primaryKey.map(quoteIdentifier);
  if (keys.length === 0) return 'SELECT 0::bigint AS null_keys, 0::bigint AS repeated_keys';
  const group = [...keys, ...(seq ? [`"${SEQ_COLUMN}"`] : [])].join(', ');
  return `SELECT (SELECT count(*) FROM ${from} WHERE ${keys.map((key) => `${key} IS NULL`).join(' OR ')}) AS null_keys,
  (SELECT count(*) FROM (SELECT 1 FROM ${from} GROUP BY ${group} HAVING count(*) > 1) r) AS repeated_keys`;
}

/** Without `_seq` a staging table holds one commit, in which a key occurs once. */
function newestStaged(dataset: Dataset, { staging, newerBy, seq }: MergeTables): string {
  const from = quoteName(staging.schema, staging.table);
  const columns = dataset.columns.map(({ name }) => quoteIdentifier(name)).join(', ');
  if (!seq) return `SELECT ${columns} FROM ${from}`;
  const keys = dataset.primaryKey.map(quoteIdentifier).join(', ');
  const newer = newerBy === undefined ? '' : `${compared(dataset, newerBy, '')} DESC NULLS LAST, `;
  return `SELECT DISTINCT ON (${keys}) ${columns} FROM ${from} ORDER BY ${keys}, ${newer}"${SEQ_COLUMN}" DESC`;
}

function sameValues(dataset: Dataset): string {
  const names = dataset.columns.map(({ name }) => name).filter((name) => !dataset.primaryKey.includes(name));
  if (names.length === 0) return 'true';
  const row = (alias: string): string => names.map((name) => asBits(dataset, name, `${alias}.`)).join(', ');
  return `ROW(${row('t')}) IS NOT DISTINCT FROM ROW(${row('s')})`;
}

function isOlder(dataset: Dataset, newerBy: string | undefined): string {
  if (newerBy === undefined) return 'false';
  const [staged, kept] = [compared(dataset, newerBy, 's.'), compared(dataset, newerBy, 't.')];
  return `${staged} < ${kept} OR (${staged} IS NULL AND ${kept} IS NOT NULL)`;
}

/** A column's value as bits: to PostgreSQL 0 equals -0, and a change from one to the other would be lost. */
function asBits(dataset: Dataset, name: string, prefix: string): string {
  const type = dataset.columns.find((column) => column.name === name)?.type;
  const value = compared(dataset, name, prefix);
  return type?.kind === 'float' ? `pg_catalog.${type.bits === 32 ? 'float4send' : 'float8send'}(${value})` : value;
}

/** A column for comparison: texts by their bytes, because a target's collation may call different texts equal. */
function compared(dataset: Dataset, name: string, prefix: string): string {
  const column = dataset.columns.find((candidate) => candidate.name === name);
  if (column === undefined) throw new TypeError(`dataset ${dataset.name} has no column ${JSON.stringify(name)}`);
  return `${prefix}${quoteIdentifier(name)}${isText(column) ? ' COLLATE "C"' : ''}`;
}

function insertAll(dataset: Dataset, target: PostgresTable, from: string, stale: string): string {
  const names = dataset.columns.map(({ name }) => quoteIdentifier(name)).join(', ');
  return `WITH inserted AS (
  INSERT INTO ${quoteName(target.schema, target.table)} (${names})
  SELECT ${names} ${from}
  RETURNING 1
)
SELECT count(*) AS inserted, 0::bigint AS updated, 0::bigint AS unchanged, 0::bigint AS deleted, ${stale} AS stale FROM inserted`;
}
