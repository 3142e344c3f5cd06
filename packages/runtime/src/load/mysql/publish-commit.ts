import { quoteMysqlName } from '../../contract/mysql-ddl';
import type { WriteMode } from '../settings';
import type { Publication, Published } from '../target/target-database';
import { modeOf } from '../write/write-context';
import type { MysqlClient } from './connect';
import { requireEpoch } from './ledger/epoch';
import { readLedger, writeLedger } from './ledger/ledger-rows';
import { append } from './write/append';
import { merge } from './write/merge';
import { mergeMarked } from './write/merge-marked';
import { mergeSnapshot } from './write/merge-snapshot';
import { replaceTable } from './write/replace';
import { replacePartitions } from './write/replace-partitions';
import { readCollations, type Write } from './write/write-context';

function writeOf({ mode, deletes }: WriteMode): Write {
  if (deletes !== undefined) return deletes.kind === 'marker' ? mergeMarked : mergeSnapshot;
  if (mode === 'partitions') return replacePartitions;
  return mode === 'append' ? append : merge;
}

/**
 * Statements of the stage's owner first, because some would commit.
 *
 * Append, merge and partitions: one transaction with the epoch, the checks, the rows and their ledger rows. Replace: a swap of tables.
 */
export async function publishCommit(client: MysqlClient, publication: Publication): Promise<Published> {
  const { ledgerSchema, source, seq, epoch, dataset, target, staging, writeMode, hasParts } = publication;
  await requireEpoch(client, ledgerSchema, target, epoch, 'none');
  await publication.before();
  // The planner knows little about rows that just came; its answer is of no interest, and committing first is what it does.
  if (hasParts) await client.rows(`ANALYZE NO_WRITE_TO_BINLOG TABLE ${quoteMysqlName(staging.schema, staging.table)}`);
  if (writeMode.mode === 'replace') return replaceTable(client, publication);
  return client.transaction(async () => {
    await requireEpoch(client, ledgerSchema, target, epoch, 'update');
    const [row] = await readLedger(client, ledgerSchema, target, source, seq);
    if (row !== undefined) return { outcome: 'already-committed', row };
    const staged = await publication.checkStaged();
    const collations = await readCollations(client, target);
    const counts = await writeOf(writeMode)({ client, dataset, target, staging, staged, collations, ...modeOf(publication) });
    for (const written of publication.ledgerRows(counts)) await writeLedger(client, ledgerSchema, target, source, written);
    return { outcome: 'committed', counts };
  });
}
