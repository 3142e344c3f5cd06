import type { Client } from 'pg';
import { quoteName } from '../../../contract/quote-identifier';
import type { CommitSource, LedgerRow } from '../../ledger/ledger-row';
import type { TableName } from '../../table-name';

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
