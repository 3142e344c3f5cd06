/** The tables that a load keeps in the target, with their columns: what is checked where a DBA makes them. */
export const LEDGER_TABLES = {
  load_epoch: ['table_schema', 'table_name', 'epoch', 'pipeline', 'attempt_id', 'claimed_at'],
  load_part: ['load_id', 'part_key', 'sha256', 'records', 'epoch', 'staged_at'],
  load_ledger: [
    'table_schema', 'table_name', 'pipeline', 'dataset', 'seq', 'ingest_seq', 'outcome', 'load_id', 'epoch', 'attempt_id', 'manifest_key',
    'contract_version', 'code_version', 'write_mode', 'staged', 'inserted', 'updated', 'unchanged', 'deleted', 'stale', 'removed', 'published_at',
  ],
  load_ddl: ['id', 'table_schema', 'table_name', 'pipeline', 'attempt_id', 'contract_version', 'contract_sha256', 'code_version', 'statement', 'state', 'run_at'],
  load_lease: ['table_schema', 'table_name', 'pipeline', 'slot', 'attempt_id', 'since', 'expires_at'],
} as const;

export type LedgerTable = keyof typeof LEDGER_TABLES;

/** Statements that make each table of a ledger, in the order of {@link LEDGER_TABLES}; each can be run again without harm. */
export type LedgerStatements = Readonly<Record<LedgerTable, readonly string[]>>;

/** What is missing of the ledger, given `table.column` of everything that is there under its names. */
export function missingOfLedger(columns: readonly { readonly table: string; readonly column: string }[]): string[] {
  const there = new Set(columns.map(({ table, column }) => `${table}.${column}`));
  const tables = new Set(columns.map(({ table }) => table));
  return (Object.keys(LEDGER_TABLES) as LedgerTable[]).flatMap((table) => (
    tables.has(table) ? LEDGER_TABLES[table].map((column) => `${table}.${column}`).filter((column) => !there.has(column)) : [table]
  ));
}

/** The tables that are missing as a whole: what an older version of the loader did not have, or all of them. */
export function missingTables(missing: readonly string[]): LedgerTable[] {
  return (Object.keys(LEDGER_TABLES) as LedgerTable[]).filter((table) => missing.includes(table));
}

/** Tables that a load writes to, for the script of rights. */
export interface GrantOptions {
  readonly ledgerSchema: string;
  readonly targetSchema: string;
  /** Target tables, without schema. */
  readonly tables: readonly string[];
  /** The role or user that the loader logs in with. */
  readonly role: string;
}
