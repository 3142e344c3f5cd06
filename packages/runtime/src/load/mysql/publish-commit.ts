import { quoteMysqlName } from '../../contract/mysql-ddl';
import type { Publication, Published } from '../target/target-database';
import type { MysqlClient } from './connect';
import { requireEpoch } from './ledger/epoch';
import { readLedger, writeLedger } from './ledger/ledger-rows';
import { append } from './write/append';
import { merge } from './write/merge';
import { replaceTable } from './write/replace';
import { readCollations } from './write/write-context';

/** Append and merge: one transaction with the epoch, the checks, the rows and their ledger rows. Replace: a swap of tables. */
export async function publishCommit(client: MysqlClient, publication: Publication): Promise<Published> {
  const { ledgerSchema, source, seq, epoch, dataset, target, staging, writeMode, hasParts } = publication;
  // The planner knows little about rows that just came; its answer is of no interest, and committing first is what it does.
  if (hasParts) await client.rows(`ANALYZE NO_WRITE_TO_BINLOG TABLE ${quoteMysqlName(staging.schema, staging.table)}`);
  if (writeMode.mode === 'replace') return replaceTable(client, publication);
  const write = writeMode.mode === 'append' ? append : merge;
  return client.transaction(async () => {
    await requireEpoch(client, ledgerSchema, target, epoch, 'update');
    const [row] = await readLedger(client, ledgerSchema, target, source, seq);
    if (row !== undefined) return { outcome: 'already-committed', row };
    const staged = await publication.checkStaged();
    const collations = await readCollations(client, target);
    const counts = await write({ client, dataset, target, staging, staged, collations, newerBy: writeMode.newerBy });
    for (const written of publication.ledgerRows(counts)) await writeLedger(client, ledgerSchema, target, source, written);
    return { outcome: 'committed', counts };
  });
}
