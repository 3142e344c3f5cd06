import type { TableName } from '../table-name';

/** For whom a table is made or altered: what `load_ddl` says beside the statement. */
export interface DdlAuthor {
  readonly ledgerSchema: string;
  readonly pipeline: string;
  readonly attemptId: string;
  readonly contractVersion: string;
  /** Of the contract's text, lower-case hex. */
  readonly contractSha256: string;
  readonly codeVersion: string;
}

/** Columns that the author fills, and those of the table, in the order of {@link ddlValues}. */
export const DDL_COLUMNS = [
  'table_schema', 'table_name', 'pipeline', 'attempt_id', 'contract_version', 'contract_sha256', 'code_version', 'statement', 'state',
] as const;

/** `begun` is what a task leaves that died while the statement ran, in a database where tables have no transactions. */
export type DdlState = 'begun' | 'done';

/** @param table empty for the schema itself */
export function ddlValues(of: TableName, statement: string, state: DdlState, by: DdlAuthor): string[] {
  return [of.schema, of.table, by.pipeline, by.attemptId, by.contractVersion, by.contractSha256, by.codeVersion, statement, state];
}
