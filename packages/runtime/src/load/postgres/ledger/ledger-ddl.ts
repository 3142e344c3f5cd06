import { quoteIdentifier, quoteName } from '../../../contract/quote-identifier';
import type { GrantOptions, LedgerStatements, LedgerTable } from '../../ledger/ledger-tables';

/** Statements that make the ledger with its schema; each can be run again without harm. */
export function ledgerDdl(schema: string): string[] {
  return [`CREATE SCHEMA IF NOT EXISTS ${quoteIdentifier(schema)}`, ...Object.values(ledgerTablesDdl(schema)).flat()];
}

/** The statements of {@link ledgerDdl} by table, without that for the schema. */
export function ledgerTablesDdl(schema: string): LedgerStatements {
  const name = (table: LedgerTable): string => quoteName(schema, table);
  return {
    load_epoch: [`CREATE TABLE IF NOT EXISTS ${name('load_epoch')} (
  table_schema text NOT NULL,
  table_name text NOT NULL,
  epoch bigint NOT NULL CHECK (epoch > 0),
  pipeline text NOT NULL,
  attempt_id text NOT NULL,
  claimed_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (table_schema, table_name)
)`, `COMMENT ON TABLE ${name('load_epoch')} IS 'Headrace: who may publish into a table; a load with an older epoch is refused'`],
    load_part: [`CREATE TABLE IF NOT EXISTS ${name('load_part')} (
  load_id text NOT NULL,
  part_key text NOT NULL,
  sha256 text NOT NULL,
  records bigint NOT NULL,
  epoch bigint NOT NULL,
  staged_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (load_id, part_key)
)`, `COMMENT ON TABLE ${name('load_part')} IS 'Headrace: parts whose rows are in the staging table of a load'`],
    load_ledger: [`CREATE TABLE IF NOT EXISTS ${name('load_ledger')} (
  table_schema text NOT NULL,
  table_name text NOT NULL,
  pipeline text NOT NULL,
  dataset text NOT NULL,
  seq bigint NOT NULL,
  ingest_seq bigint NOT NULL,
  outcome text NOT NULL CHECK (outcome IN ('loaded', 'overtaken')),
  load_id text NOT NULL,
  epoch bigint NOT NULL,
  attempt_id text NOT NULL,
  manifest_key text NOT NULL,
  contract_version text NOT NULL,
  code_version text NOT NULL,
  write_mode text NOT NULL,
  staged bigint NOT NULL,
  inserted bigint NOT NULL,
  updated bigint NOT NULL,
  unchanged bigint NOT NULL,
  deleted bigint NOT NULL,
  stale bigint NOT NULL,
  removed bigint NOT NULL,
  published_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (table_schema, table_name, pipeline, dataset, seq),
  CHECK (inserted + updated + unchanged + deleted + stale = staged)
)`, `COMMENT ON TABLE ${name('load_ledger')} IS 'Headrace: one row per commit that is in a table, written in the transaction that made its rows visible'`],
    load_ddl: [`CREATE TABLE IF NOT EXISTS ${name('load_ddl')} (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  table_schema text NOT NULL,
  table_name text NOT NULL,
  pipeline text NOT NULL,
  attempt_id text NOT NULL,
  contract_version text NOT NULL,
  contract_sha256 text NOT NULL,
  code_version text NOT NULL,
  statement text NOT NULL,
  state text NOT NULL CHECK (state IN ('begun', 'done')),
  run_at timestamptz NOT NULL DEFAULT clock_timestamp()
)`, `COMMENT ON TABLE ${name('load_ddl')} IS 'Headrace: statements that a load ran to make or alter a table'`],
    load_lease: [`CREATE TABLE IF NOT EXISTS ${name('load_lease')} (
  table_schema text NOT NULL,
  table_name text NOT NULL,
  pipeline text NOT NULL,
  slot text NOT NULL,
  attempt_id text NOT NULL,
  since timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (table_schema, table_name)
)`, `COMMENT ON TABLE ${name('load_lease')} IS 'Headrace: who loads into a table, so that no other load works in vain; load_epoch is what fences'`],
  };
}

/**
 * The least rights with which a load works where `manageSchema` is false: an SQL script for a DBA.
 *
 * CREATE on the ledger schema is for staging tables, which the loader makes and drops itself.
 */
export function grantScript(options: GrantOptions): string {
  const role = quoteIdentifier(options.role);
  const ledger = (table: LedgerTable): string => quoteName(options.ledgerSchema, table);
  const statements = [
    ...ledgerDdl(options.ledgerSchema),
    `GRANT USAGE, CREATE ON SCHEMA ${quoteIdentifier(options.ledgerSchema)} TO ${role}`,
    `GRANT SELECT, INSERT, UPDATE ON ${ledger('load_epoch')} TO ${role}`,
    `GRANT SELECT, INSERT, DELETE ON ${ledger('load_part')} TO ${role}`,
    `GRANT SELECT, INSERT ON ${ledger('load_ledger')} TO ${role}`,
    `GRANT SELECT, INSERT ON ${ledger('load_ddl')} TO ${role}`,
    `GRANT SELECT, INSERT, UPDATE, DELETE ON ${ledger('load_lease')} TO ${role}`,
    `GRANT USAGE ON SCHEMA ${quoteIdentifier(options.targetSchema)} TO ${role}`,
    ...options.tables.map((table) => `GRANT SELECT, INSERT, UPDATE, DELETE ON ${quoteName(options.targetSchema, table)} TO ${role}`),
  ];
  return `${statements.join(';\n')};\n`;
}
