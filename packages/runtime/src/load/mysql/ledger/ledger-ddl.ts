import { MYSQL_COLLATIONS, quoteMysqlName, quoteMysqlText, type MysqlFlavour } from '../../../contract/mysql-ddl';
import type { GrantOptions, LedgerStatements, LedgerTable } from '../../ledger/ledger-tables';

/** Statements that make the ledger with its database; each can be run again without harm. */
export function mysqlLedgerDdl(schema: string, flavour: MysqlFlavour): string[] {
  return [`CREATE DATABASE IF NOT EXISTS ${quoteMysqlName(schema)}`, ...Object.values(ledgerTablesDdl(schema, flavour)).flat()];
}

/** The statements of {@link mysqlLedgerDdl} by table, without that for the database. */
export function ledgerTablesDdl(schema: string, flavour: MysqlFlavour): LedgerStatements {
  const make = (table: LedgerTable, comment: string, lines: readonly string[]): string[] => [`CREATE TABLE IF NOT EXISTS ${quoteMysqlName(schema, table)} (
  ${lines.join(',\n  ')}
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE ${MYSQL_COLLATIONS[flavour]} COMMENT=${quoteMysqlText(comment)}`];
  return {
    load_epoch: make('load_epoch', 'Headrace: who may publish into a table; a load with an older epoch is refused', [
      'table_schema varchar(64) NOT NULL',
      'table_name varchar(64) NOT NULL',
      'epoch bigint NOT NULL CHECK (epoch > 0)',
      'pipeline varchar(64) NOT NULL',
      'attempt_id varchar(512) NOT NULL',
      'claimed_at datetime(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6)',
      'PRIMARY KEY (table_schema, table_name)',
    ]),
    load_part: make('load_part', 'Headrace: parts whose rows are in the staging table of a load', [
      'load_id varchar(64) NOT NULL',
      // As bytes: the longest key of an object would be too long for an index as text.
      'part_key varbinary(1024) NOT NULL',
      'sha256 char(64) NOT NULL',
      'records bigint NOT NULL',
      'epoch bigint NOT NULL',
      'staged_at datetime(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6)',
      'PRIMARY KEY (load_id, part_key)',
    ]),
    load_ledger: make('load_ledger', 'Headrace: one row per commit that is in a table, or is being swapped into it', [
      'table_schema varchar(64) NOT NULL',
      'table_name varchar(64) NOT NULL',
      'pipeline varchar(64) NOT NULL',
      'dataset varchar(64) NOT NULL',
      'seq bigint NOT NULL',
      'ingest_seq bigint NOT NULL',
      "outcome varchar(16) NOT NULL CHECK (outcome IN ('loaded', 'overtaken', 'swapping', 'overtaking'))",
      'load_id varchar(64) NOT NULL',
      'epoch bigint NOT NULL',
      'attempt_id varchar(512) NOT NULL',
      'manifest_key varchar(1024) NOT NULL',
      'contract_version varchar(512) NOT NULL',
      'code_version varchar(512) NOT NULL',
      'write_mode varchar(16) NOT NULL',
      ...['staged', 'inserted', 'updated', 'unchanged', 'deleted', 'stale', 'removed'].map((count) => `${count} bigint NOT NULL`),
      'published_at datetime(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6)',
      'PRIMARY KEY (table_schema, table_name, pipeline, dataset, seq)',
      'CHECK (inserted + updated + unchanged + deleted + stale = staged)',
    ]),
    load_ddl: make('load_ddl', 'Headrace: statements that a load ran to make or alter a table', [
      'id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY',
      'table_schema varchar(64) NOT NULL',
      'table_name varchar(64) NOT NULL',
      'pipeline varchar(64) NOT NULL',
      'attempt_id varchar(512) NOT NULL',
      'contract_version varchar(512) NOT NULL',
      'contract_sha256 char(64) NOT NULL',
      'code_version varchar(512) NOT NULL',
      'statement longtext NOT NULL',
      "state varchar(16) NOT NULL CHECK (state IN ('begun', 'done'))",
      'run_at datetime(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6)',
    ]),
    load_lease: make('load_lease', 'Headrace: who loads into a table, so that no other load works in vain; load_epoch is what fences', [
      'table_schema varchar(64) NOT NULL',
      'table_name varchar(64) NOT NULL',
      'pipeline varchar(64) NOT NULL',
      'slot varchar(64) NOT NULL',
      'attempt_id varchar(512) NOT NULL',
      'since datetime(6) NOT NULL',
      'expires_at datetime(6) NOT NULL',
      'PRIMARY KEY (table_schema, table_name)',
    ]),
  };
}

export interface MysqlGrantOptions extends GrantOptions {
  readonly flavour: MysqlFlavour;
  /** Hosts that the user comes from. @default '%' */
  readonly host?: string;
  /** Tables that are replaced: their rights are those of renaming them. @default - none */
  readonly replaced?: readonly string[];
  /** Tables that rows are deleted from: by a merge with deletes, or with their partition. @default - none */
  readonly deleting?: readonly string[];
}

/**
 * The least rights with which a load works where `manageSchema` is false: an SQL script for a DBA.
 *
 * In the ledger's database the loader makes, fills and drops staging tables. A table that is replaced is renamed away, and
 * the new one takes its name, which needs the rights to alter, drop and create a table of that name.
 */
export function mysqlGrantScript({ flavour, host = '%', role, ledgerSchema, targetSchema, tables, replaced = [], deleting = [] }: MysqlGrantOptions): string {
  const user = `${quoteMysqlText(role)}@${quoteMysqlText(host)}`;
  const statements = [
    ...mysqlLedgerDdl(ledgerSchema, flavour),
    `GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, DROP ON ${quoteMysqlName(ledgerSchema)}.* TO ${user}`,
    ...tables.map((table) => {
      const rights = replaced.includes(table) ? 'SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, DROP' : `SELECT, INSERT, UPDATE${deleting.includes(table) ? ', DELETE' : ''}`;
      return `GRANT ${rights} ON ${quoteMysqlName(targetSchema, table)} TO ${user}`;
    }),
  ];
  return `${statements.join(';\n')};\n`;
}
