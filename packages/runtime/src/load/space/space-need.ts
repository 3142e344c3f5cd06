import type { ColumnType, DerivedColumn, ScalarType } from '../../contract/contract';
import type { CuratedPart } from '../../run/manifest';
import type { LoadDatabase, WriteModeName } from '../settings';

export type DatabaseKind = LoadDatabase['kind'];

/**
 * Bytes that every row takes beside its values, at least.
 *
 * PostgreSQL: 24 of the header and 4 of the pointer in its page. InnoDB: 5 of the header, 6 of the transaction and 7 of its undo record. Indexes,
 * null bitmaps, padding and the share of a page that stays empty come on top.
 */
export const ROW_BYTES: Readonly<Record<DatabaseKind, number>> = { postgres: 28, mysql: 18 };

/** Bytes of log for each byte of a table that is written; see `LOG_SHARE`. */
export interface LogShare {
  /** Of staging tables. */
  readonly staging: number;
  /** Of the target. */
  readonly rows: number;
}

/**
 * PostgreSQL as measured: 0.7 bytes of log beside 0.9 of staging table, and 1.5 beside 1.1 of a table with a key. MySQL and MariaDB: the row again in
 * the binary log; the redo log has a fixed size. Log goes by itself, at a checkpoint or when replicas and backups have it, so it is told of and
 * refuses nothing.
 */
export const LOG_SHARE: Readonly<Record<DatabaseKind, LogShare>> = { postgres: { staging: 0.8, rows: 1.4 }, mysql: { staging: 1, rows: 1 } };

/** What is known of a commit before it is staged. */
export interface CommitSize {
  readonly writeMode: WriteModeName;
  /** Whether the target has a primary key: a replacement then leaves rows that are the same. */
  readonly keyed: boolean;
  /** Whether the target is not there yet, so that every row is new. */
  readonly missing: boolean;
  /** Columns of the files. */
  readonly columns: readonly DerivedColumn[];
  /** Whether all of these are loaded; what is left out takes no room. */
  readonly whole: boolean;
  readonly parts: readonly Pick<CuratedPart, 'bytes' | 'records'>[];
  /** Those of the parts whose rows are not in the staging table yet. */
  readonly open: readonly Pick<CuratedPart, 'bytes' | 'records'>[];
}

/** Bytes on the database's disk. */
export interface SpaceNeed {
  /** Of the staging table, until the commit is published; without what is there already. */
  readonly staging: number;
  /** Of rows that are surely written into the target beside those that it has. */
  readonly rows: number;
  /** Of the same, were every row new or changed. */
  readonly allRows: number;
}

/**
 * What a commit needs at least.
 *
 * A bound from below, and no estimate: a load that would have fitted must not be refused. How much longer texts are than their Parquet nobody
 * knows, so they count as their file; a row counts as its fixed columns that are never NULL.
 */
export function spaceNeed(kind: DatabaseKind, commit: CommitSize): SpaceNeed {
  const row = commit.columns.filter(({ nullable }) => !nullable).reduce((sum, { type }) => sum + widthOf(type), ROW_BYTES[kind]);
  const least = (parts: CommitSize['parts']): number => {
    const bytes = commit.whole ? parts.reduce((sum, part) => sum + part.bytes, 0) : 0;
    return Math.max(bytes, row * parts.reduce((sum, { records }) => sum + records, 0));
  };
  const allRows = least(commit.parts);
  return { staging: least(commit.open), rows: writesAll(commit) ? allRows : 0, allRows };
}

/** A merge may find every row there already, and so may a replacement with a key; partitions may have been written by a later batch. */
function writesAll({ writeMode, keyed, missing }: CommitSize): boolean {
  return missing || writeMode === 'append' || (writeMode === 'replace' && !keyed);
}

function widthOf(type: ColumnType): number {
  return WIDTH[type.kind as ScalarType['kind']]?.(type as never) ?? 0;
}

/** The shorter one of PostgreSQL's and MySQL's forms; texts, binary values and nested ones have no length of their own. */
const WIDTH: { readonly [kind in ScalarType['kind']]?: (type: Extract<ScalarType, { kind: kind }>) => number } = {
  integer: ({ bits }) => bits / 8,
  float: ({ bits }) => bits / 8,
  decimal: () => 1,
  boolean: () => 1,
  date: () => 3,
  time: () => 3,
  timestamp: () => 5,
  uuid: () => 16,
};

/**
 * What commits need together that are loaded by one load: all are staged before the first is published, and each staging table goes when its
 * commit is visible, so that at no time more than one commit is there twice.
 */
export function spaceOf(needs: readonly SpaceNeed[]): number {
  return needs.reduce((sum, { staging }) => sum + staging, 0) + Math.max(0, ...needs.map(({ rows }) => rows));
}

/** The same with the log of all of it, were every row new or changed. */
export function spaceWithLog(kind: DatabaseKind, needs: readonly SpaceNeed[]): number {
  const log = LOG_SHARE[kind];
  const written = needs.reduce((sum, { staging, allRows }) => sum + log.staging * staging + log.rows * allRows, 0);
  return spaceOf(needs.map((need) => ({ ...need, rows: need.allRows }))) + written;
}
