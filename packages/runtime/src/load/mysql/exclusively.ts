import { createHash } from 'node:crypto';
import { transientError } from '../../errors/pipeline-error';
import type { MysqlClient } from './connect';

/**
 * Runs `work` while no other load of this ledger makes or drops tables.
 *
 * Each such statement commits, so no transaction can hold others off; a named lock of the server does, until it is released
 * or the session ends. What is done before the first of them is one transaction.
 */
export async function exclusively<T>(client: MysqlClient, ledgerSchema: string, work: () => Promise<T>): Promise<T> {
  const name = `headrace:${createHash('sha256').update(ledgerSchema).digest('hex').slice(0, 16)}`;
  const [row] = await client.rows('SELECT GET_LOCK(?, ?)', [name, client.lockTimeoutSeconds]);
  if (row?.[0] !== '1') throw transientError('TARGET_BUSY', `another load makes its tables, for longer than ${client.lockTimeoutSeconds} s; try again`, { ledgerSchema });
  try {
    return await client.transaction(work);
  } finally {
    await client.rows('SELECT RELEASE_LOCK(?)', [name]).catch(() => undefined);
  }
}
