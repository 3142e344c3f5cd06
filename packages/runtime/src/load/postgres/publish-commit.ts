import type { Client } from 'pg';
import { quoteName } from '../../contract/quote-identifier';
import { userError } from '../../errors/pipeline-error';
import type { WriteMode, WriteModeName } from '../settings';
import { modeOf } from '../write/write-context';
import type { Publication, Published } from '../target/target-database';
import { transaction } from './connect';
import { requireEpoch } from './ledger/epoch';
import { readLedger, writeLedger } from './ledger/ledger-rows';
import { transactionId } from './run-statement';
import { append } from './write/append';
import { merge } from './write/merge';
import { mergeMarked } from './write/merge-marked';
import { mergeSnapshot } from './write/merge-snapshot';
import { replace } from './write/replace';
import { replacePartitions } from './write/replace-partitions';
import { readCollations, type Write } from './write/write-context';

const WRITES: Readonly<Record<WriteModeName, Write>> = { append, merge, replace, partitions: replacePartitions };

function writeOf({ mode, deletes }: WriteMode): Write {
  if (deletes === undefined) return WRITES[mode];
  return deletes.kind === 'marker' ? mergeMarked : mergeSnapshot;
}

/** One short transaction: the epoch, the checks, the rows and their ledger rows. */
export async function publishCommit(client: Client, publication: Publication): Promise<Published> {
  const { ledgerSchema, source, seq, epoch, dataset, target, staging, writeMode, hasParts } = publication;
  // The planner knows nothing about rows that just came by COPY.
  if (hasParts) await client.query(`ANALYZE ${quoteName(staging.schema, staging.table)}`);
  return transaction(client, async () => {
    await requireEpoch(client, ledgerSchema, target, epoch, 'update');
    const [row] = await readLedger(client, ledgerSchema, target, source, seq);
    if (row !== undefined) return { outcome: 'already-committed', row };
    const staged = await publication.checkStaged();
    const own = await transactionId(client);
    await publication.before();
    // Rows must not come without their ledger row.
    if (await transactionId(client) !== own) throw userError('LOAD_SQL', 'a statement of beforePublish ended the transaction that publishes; nothing was published, take out what commits or rolls back', { dataset: dataset.name });
    const counts = await writeOf(writeMode)({
      client, dataset, target, staging, staged, collations: await readCollations(client, target), ...modeOf(publication),
    });
    for (const written of publication.ledgerRows(counts)) await writeLedger(client, ledgerSchema, target, source, written);
    await publication.after();
    return { outcome: 'committed', counts };
  });
}
