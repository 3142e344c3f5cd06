import type { Client } from 'pg';
import { isText } from '../../../contract/postgres-ddl';
import { postgresType } from '../../../contract/engine-types';
import { quoteIdentifier, quoteLiteral, quoteName } from '../../../contract/quote-identifier';
import type { DdlAuthor } from '../../ledger/ddl-author';
import type { TableName } from '../../table-name';
import { changedMark, COMMIT_COLUMN, guardComment, guardMark, INGEST_COLUMN, readGuardMark, type GuardMark, type GuardTable } from '../../write/guard-table';
import { lockDdl } from '../ledger/ensure-ledger';
import { runDdl } from '../ledger/run-ddl';
import { readCollations } from './write-context';

/** What a guard that is there says about itself. */
export async function readGuard(client: Client, guard: GuardTable): Promise<GuardMark | undefined> {
  return readGuardMark(await commentOf(client, guard) ?? '');
}

/** Makes a guard unless it is there, or alters its columns to the types that contract and target have now. Needs an open transaction. */
export async function ensureGuard(client: Client, guard: GuardTable, target: TableName, by: DdlAuthor, since: number): Promise<void> {
  const name = quoteName(guard.schema, guard.table);
  const collations = await readCollations(client, target);
  const types = guard.columns.map((column) => {
    // Keys are the same where the target's index says so; values of partitions are the same as bytes.
    const collation = guard.kind === 'written' ? '"C"' : collations.get(column.name);
    return `${postgresType(column.type)}${isText(column) && collation !== undefined ? ` COLLATE ${collation}` : ''}`;
  });
  const mark = guardMark(guard, target, by.pipeline, types, since);
  const commentOn = (its: GuardMark): string => `COMMENT ON TABLE ${name} IS ${quoteLiteral(guardComment(guard, its))}`;
  const isFit = (comment: string | undefined): boolean => comment !== undefined && changedMark(guard, mark, comment, `DROP TABLE ${name}`) === undefined;
  if (isFit(await commentOf(client, guard))) return;
  await lockDdl(client);
  // Another load may have made it while this one waited.
  const there = await commentOf(client, guard);
  if (there === undefined) {
    const columns = guard.columns.map((column, index) => `${quoteIdentifier(column.name)} ${types[index]}${guard.kind === 'deleted' ? ' NOT NULL' : ''}`);
    const numbers = [INGEST_COLUMN, COMMIT_COLUMN].map((column) => `${quoteIdentifier(column)} bigint NOT NULL`);
    const key = guard.key.length === 0 ? [] : [`PRIMARY KEY (${guard.key.map(quoteIdentifier).join(', ')})`];
    await runDdl(client, guard, `CREATE TABLE ${name} (\n  ${[...columns, ...numbers, ...key].join(',\n  ')}\n)`, by);
    await client.query(commentOn(mark));
    return;
  }
  const changed = changedMark(guard, mark, there, `DROP TABLE ${name}`);
  if (changed === undefined) return;
  await runDdl(client, guard, `ALTER TABLE ${name} ${guard.columns.map((column, index) => `ALTER COLUMN ${quoteIdentifier(column.name)} TYPE ${types[index]}`).join(', ')}`, by);
  await client.query(commentOn(changed));
}

/** Undefined where there is no such table. */
async function commentOf(client: Client, { schema, table }: GuardTable): Promise<string | undefined> {
  const { rows: [there] } = await client.query<{ comment: string | null }>(
    `SELECT pg_catalog.obj_description(c.oid, 'pg_class') AS comment FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = $1 AND c.relname = $2`, [schema, table],
  );
  return there && (there.comment ?? '');
}
