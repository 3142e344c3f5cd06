import type { Dataset } from '../../contract/contract';
import type { LoadCounts } from '../ledger/ledger-row';
import type { TableName } from '../table-name';
import type { Publication } from '../target/target-database';
import type { DeleteLimit, Deletes } from '../write-mode-settings';
import { guardOf, type GuardTable } from './guard-table';

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
  /** Merge only. */
  readonly deletes?: Deletes;
  /** Of deletes and partitions. @default - DEFAULT_DELETE_LIMIT */
  readonly maxDeletes?: DeleteLimit;
  /** An operator allows more deletes for this commit. @default false */
  readonly allowDeletes?: boolean;
  /** Partitions only. */
  readonly partitionBy?: readonly string[];
  /** What the mode remembers, where it has to. */
  readonly guard?: GuardTable;
  /** Number of the commit, and of the ingest commit that orders it among others. @default 0 */
  readonly seq?: number;
  readonly ingestSeq?: number;
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
  /** The same of `d`, the guard's row of a deleted key. */
  readonly sameDeletedKey: string;
  /** Every column that is not part of the key holds the same value, bit by bit. */
  readonly sameRest: string;
  /** Of the columns outside the key; empty when there are none. */
  readonly assignments: string;
}

/** What of a publication the write modes go by. */
export function modeOf(
  { ledgerSchema, target, dataset, writeMode, seq, ingestSeq, allowDeletes }: Publication,
): Omit<WriteContext<never>, 'client' | 'dataset' | 'target' | 'staging' | 'staged' | 'collations'> {
  const { newerBy, allowEmpty, deletes, maxDeletes, partitionBy } = writeMode;
  const guard = guardOf(ledgerSchema, target, dataset, writeMode);
  return { newerBy, allowEmpty, deletes, maxDeletes, partitionBy, allowDeletes, seq, ingestSeq, guard };
}

export function allOf(conditions: readonly string[], whenNone: 'TRUE' | 'FALSE'): string {
  return conditions.length === 0 ? whenNone : conditions.join(' AND ');
}
