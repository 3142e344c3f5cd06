import type { Dataset } from '../../contract/contract';
import type { LoadCounts } from '../ledger/ledger-row';
import type { TableName } from '../table-name';

/** What a write mode works on, inside the publishing transaction. */
export interface WriteContext<Client> {
  readonly client: Client;
  readonly dataset: Dataset;
  readonly target: TableName;
  readonly staging: TableName;
  /** Rows in the staging table. */
  readonly staged: number;
  /** Collations of the target's text columns, as the statements name them; keys are compared as the target's index compares them. */
  readonly collations: ReadonlyMap<string, string>;
  /** Merge only. */
  readonly newerBy?: string;
  /** Replace only. */
  readonly allowEmpty?: boolean;
}

/** Moves staged rows into the target and says what became of each. */
export type Write<Client> = (context: WriteContext<Client>) => Promise<LoadCounts>;

/** Names and expressions that the statements of a write mode have in common; `t` is the target, `s` the staging table. */
export interface WriteSql {
  readonly target: string;
  readonly staging: string;
  /** The contract's columns. */
  readonly columns: string;
  /** The same of the staging table. */
  readonly stagedColumns: string;
  /** The keys are the same; false for a dataset without a key. */
  readonly sameKey: string;
  /** Every column that is not part of the key holds the same value, bit by bit. */
  readonly sameRest: string;
  /** Of the columns outside the key; empty when there are none. */
  readonly assignments: string;
}

export function allOf(conditions: readonly string[], whenNone: 'TRUE' | 'FALSE'): string {
  return conditions.length === 0 ? whenNone : conditions.join(' AND ');
}
