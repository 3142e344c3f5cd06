import { MYSQL_COLLATIONS, mysqlColumnType, quoteMysqlName, quoteMysqlText } from '../../../contract/mysql-ddl';
import type { Column } from '../../../contract/contract';
import type { DdlAuthor } from '../../ledger/ddl-author';
import type { TableName } from '../../table-name';
import { changedMark, COMMIT_COLUMN, guardComment, guardMark, INGEST_COLUMN, readGuardMark, type GuardMark, type GuardTable } from '../../write/guard-table';
import type { MysqlClient } from '../connect';
import { runDdl, settleDdl } from '../ledger/run-ddl';
import { readCollations } from './write-context';

/** What a guard that is there says about itself. */
export async function readGuard(client: MysqlClient, guard: GuardTable): Promise<GuardMark | undefined> {
  return readGuardMark(await commentOf(client, guard) ?? '');
}

/** Makes a guard unless it is there, or alters its columns to the types that contract and target have now. Needs the lock of {@link runDdl}. */
export async function ensureGuard(client: MysqlClient, guard: GuardTable, target: TableName, by: DdlAuthor, since: number): Promise<void> {
  const name = quoteMysqlName(guard.schema, guard.table);
  const collations = await readCollations(client, target);
  const definitions = guard.columns.map((column) => definitionOf(column, guard, collations));
  const mark = guardMark(guard, target, by.pipeline, definitions, since);
  const there = await commentOf(client, guard);
  const comment = (its: GuardMark): string => `COMMENT=${quoteMysqlText(guardComment(guard, its))}`;
  if (there === undefined) {
    const numbers = [INGEST_COLUMN, COMMIT_COLUMN].map((column) => `${quoteMysqlName(column)} bigint NOT NULL`);
    const key = guard.key.length === 0 ? [] : [`PRIMARY KEY (${guard.key.map((column) => quoteMysqlName(column)).join(', ')})`];
    await runDdl(client, guard, `CREATE TABLE ${name} (\n  ${[...definitions, ...numbers, ...key].join(',\n  ')}\n) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE ${MYSQL_COLLATIONS[client.flavour]} ${comment(mark)}`, by);
  } else {
    const changed = changedMark(guard, mark, there, `DROP TABLE ${name}`);
    if (changed !== undefined) {
      await runDdl(client, guard, `ALTER TABLE ${name} ${definitions.map((definition) => `MODIFY COLUMN ${definition}`).join(', ')}, ${comment(changed)}`, by);
    }
  }
  await settleDdl(client, guard, by);
}

/** Undefined where there is no such table. */
async function commentOf(client: MysqlClient, { schema, table }: GuardTable): Promise<string | undefined> {
  const [there] = await client.rows('SELECT TABLE_COMMENT FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ?', [schema, table]);
  return there && (there[0] ?? '');
}

/** Keys are the same where the target's index says so; values of partitions are the same as bytes. */
function definitionOf(column: Column, { kind, key }: GuardTable, collations: ReadonlyMap<string, string>): string {
  const type = mysqlColumnType(column, { primaryKey: key });
  const collation = kind === 'deleted' && key.includes(column.name) ? collations.get(column.name) : undefined;
  const compared = collation === undefined ? '' : ` CHARACTER SET ${collation.split('_')[0]} COLLATE ${collation}`;
  return `${quoteMysqlName(column.name)} ${type}${compared}${kind === 'deleted' ? ' NOT NULL' : ' NULL'}`;
}
