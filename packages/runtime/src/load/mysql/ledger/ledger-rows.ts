import { quoteMysqlName } from '../../../contract/mysql-ddl';
import type { CommitSource, LedgerRow } from '../../ledger/ledger-row';
import type { TableName } from '../../table-name';
import type { MysqlClient } from '../connect';

/** Whether rows tell what is, or what a swap of tables that is under way will make them tell. */
export type LedgerState = 'settled' | 'swapping';

const OUTCOMES = { settled: { loaded: 'loaded', overtaken: 'overtaken' }, swapping: { loaded: 'swapping', overtaken: 'overtaking' } } as const;

const COLUMNS = [
  'seq', 'ingest_seq', 'outcome', 'load_id', 'epoch', 'attempt_id', 'manifest_key', 'contract_version', 'code_version', 'write_mode',
  'staged', 'inserted', 'updated', 'unchanged', 'deleted', 'stale', 'removed',
] as const;

/** All that was published into a table from one commit log, in commit order; or the one commit `seq`. */
export async function readLedger(
  client: MysqlClient, ledgerSchema: string, target: TableName, source: CommitSource, seq?: number,
): Promise<LedgerRow[]> {
  const rows = await client.rows(
    `SELECT ${COLUMNS.join(', ')} FROM ${quoteMysqlName(ledgerSchema, 'load_ledger')}
     WHERE table_schema = ? AND table_name = ? AND pipeline = ? AND dataset = ? AND outcome IN ('loaded', 'overtaken')${seq === undefined ? '' : ' AND seq = ?'} ORDER BY seq`,
    [target.schema, target.table, source.pipeline, source.dataset, ...(seq === undefined ? [] : [seq])],
  );
  return rows.map((values) => {
    const row = Object.fromEntries(COLUMNS.map((column, index) => [column, values[index] as string])) as Record<(typeof COLUMNS)[number], string>;
    return {
      seq: Number(row.seq), ingestSeq: Number(row.ingest_seq), outcome: row.outcome as LedgerRow['outcome'], loadId: row.load_id, epoch: BigInt(row.epoch),
      attemptId: row.attempt_id, manifestKey: row.manifest_key, contractVersion: row.contract_version,
      codeVersion: row.code_version, writeMode: row.write_mode,
      staged: Number(row.staged), inserted: Number(row.inserted), updated: Number(row.updated), unchanged: Number(row.unchanged),
      deleted: Number(row.deleted), stale: Number(row.stale), removed: Number(row.removed),
    };
  });
}

/** Adds a row. The primary key refuses a commit that is in the table already, or being swapped into it, whoever asks. */
export async function writeLedger(
  client: MysqlClient, ledgerSchema: string, target: TableName, source: CommitSource, row: LedgerRow, state: LedgerState = 'settled',
): Promise<void> {
  const values = [
    target.schema, target.table, source.pipeline, source.dataset, row.seq, row.ingestSeq, OUTCOMES[state][row.outcome], row.loadId,
    String(row.epoch), row.attemptId, row.manifestKey, row.contractVersion, row.codeVersion, row.writeMode,
    row.staged, row.inserted, row.updated, row.unchanged, row.deleted, row.stale, row.removed,
  ];
  await client.run(
    `INSERT INTO ${quoteMysqlName(ledgerSchema, 'load_ledger')} (table_schema, table_name, pipeline, dataset, ${COLUMNS.join(', ')}) VALUES (${values.map(() => '?').join(', ')})`, values,
  );
}
