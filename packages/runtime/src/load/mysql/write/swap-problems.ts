import { quoteMysqlName } from '../../../contract/mysql-ddl';
import type { TableName } from '../../table-name';
import type { MysqlClient } from '../connect';

/** What would stay with the old table when a new one takes its name. */
export async function swapProblems(client: MysqlClient, { schema, table }: TableName): Promise<string[]> {
  const name = quoteMysqlName(schema, table);
  const keys = await client.rows(
    `SELECT TABLE_SCHEMA, TABLE_NAME, CONSTRAINT_NAME FROM information_schema.KEY_COLUMN_USAGE
     WHERE (TABLE_SCHEMA = ? AND TABLE_NAME = ? AND REFERENCED_TABLE_NAME IS NOT NULL) OR (REFERENCED_TABLE_SCHEMA = ? AND REFERENCED_TABLE_NAME = ?) ORDER BY 1, 2, 3`,
    [schema, table, schema, table],
  );
  const triggers = await client.rows('SELECT TRIGGER_NAME FROM information_schema.TRIGGERS WHERE EVENT_OBJECT_SCHEMA = ? AND EVENT_OBJECT_TABLE = ?', [schema, table]);
  const unique = new Map(keys.map(([of, on, constraint]) => [`${of}.${on}.${constraint}`, [of, on, constraint] as [string, string, string]]));
  return [
    ...[...unique.values()].map(([of, on, constraint]) => (
      `foreign key ${constraint} of ${of}.${on} would stay with the old table when it is replaced; use merge, or ALTER TABLE ${quoteMysqlName(of, on)} DROP FOREIGN KEY ${quoteMysqlName(constraint)}`)),
    ...triggers.map(([trigger]) => `trigger ${trigger} of ${name} would stay with the old table when it is replaced; use merge, or drop it`),
  ];
}
