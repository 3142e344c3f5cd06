import type { Client } from 'pg';
import { quoteName } from '../../contract/quote-identifier';
import type { TableName } from './epoch';

/** What became of the staged rows of one load, and of the target's. */
export interface LoadCounts {
  readonly staged: number;
  readonly inserted: number;
  readonly updated: number;
  readonly unchanged: number;
  /** Staged rows that are delete markers. */
  readonly deleted: number;
  /** Staged rows that are older than the target's row of the same key. */
  readonly stale: number;
  /** Rows of the target that a replacement took away; not part of the balance. */
  readonly removed: number;
}

export const NO_COUNTS: LoadCounts = { staged: 0, inserted: 0, updated: 0, unchanged: 0, deleted: 0, stale: 0, removed: 0 };

export interface LedgerRow extends LoadCounts {
  readonly seq: number;
  readonly ingestSeq: number;
  /**
   * `overtaken`: a newer snapshot, or a commit that supersedes it, was loaded instead, or it was past its retention; its own rows never were in
   * the table.
   */
  readonly outcome: 'loaded' | 'overtaken';
  readonly loadId: string;
  readonly epoch: bigint;
  readonly attemptId: string;
  readonly manifestKey: string;
  readonly contractVersion: string;
  readonly codeVersion: string;
  readonly writeMode: string;
}

/** The log that a commit number counts in. */
export interface CommitSource {
  readonly pipeline: string;
  readonly dataset: string;
}

interface Stored {
  seq: string; ingest_seq: string; outcome: 'loaded' | 'overtaken'; load_id: string; epoch: string; attempt_id: string; manifest_key: string;
  contract_version: string; code_version: string; write_mode: string;
  staged: string; inserted: string; updated: string; unchanged: string; deleted: string; stale: string; removed: string;
}

/** All that was published into a table from one commit log, in commit order; or the one commit `seq`. */
export async function readLedger(client: Client, ledgerSchema: string, target: TableName, source: CommitSource, seq?: number): Promise<LedgerRow[]> {
  const { rows } = await client.query<Stored>(
    `SELECT seq, ingest_seq, outcome, load_id, epoch, attempt_id, manifest_key, contract_version, code_version, write_mode,
       staged, inserted, updated, unchanged, deleted, stale, removed
     FROM ${quoteName(ledgerSchema, 'load_ledger')}
     WHERE table_schema = $1 AND table_name = $2 AND pipeline = $3 AND dataset = $4 AND ($5::bigint IS NULL OR seq = $5::bigint) ORDER BY seq`,
    [target.schema, target.table, source.pipeline, source.dataset, seq ?? null],
  );
  return rows.map((row) => ({
    seq: Number(row.seq), ingestSeq: Number(row.ingest_seq), outcome: row.outcome, loadId: row.load_id, epoch: BigInt(row.epoch),
    attemptId: row.attempt_id, manifestKey: row.manifest_key, contractVersion: row.contract_version,
    codeVersion: row.code_version, writeMode: row.write_mode,
    staged: Number(row.staged), inserted: Number(row.inserted), updated: Number(row.updated), unchanged: Number(row.unchanged),
    deleted: Number(row.deleted), stale: Number(row.stale), removed: Number(row.removed),
  }));
}

/** Adds a row. The primary key refuses a commit that is in the table already, whoever asks. */
export async function writeLedger(client: Client, ledgerSchema: string, target: TableName, source: CommitSource, row: LedgerRow): Promise<void> {
  const values = [
    target.schema, target.table, source.pipeline, source.dataset, row.seq, row.ingestSeq, row.outcome, row.loadId, String(row.epoch), row.attemptId,
    row.manifestKey, row.contractVersion, row.codeVersion, row.writeMode, row.staged, row.inserted, row.updated,
    row.unchanged, row.deleted, row.stale, row.removed,
  ];
  await client.query(
    `INSERT INTO ${quoteName(ledgerSchema, 'load_ledger')} (table_schema, table_name, pipeline, dataset, seq, ingest_seq, outcome, load_id, epoch, attempt_id,
       manifest_key, contract_version, code_version, write_mode, staged, inserted, updated, unchanged, deleted, stale, removed)
     VALUES (${values.map((_, index) => `$${index + 1}`).join(', ')})`,
    values,
  );
}
