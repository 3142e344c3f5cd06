import type { Client } from 'pg';

/** Runs one statement of somebody else's. The extended protocol takes no second one behind it, which could end the transaction. */
export async function runStatement(client: Client, sql: string, timeoutSeconds: number): Promise<void> {
  await client.query('SELECT pg_catalog.set_config($1, $2, false)', ['statement_timeout', `${timeoutSeconds}s`]);
  try {
    await client.query({ text: sql, queryMode: 'extended' } as { text: string });
  } finally {
    // In a transaction that failed only its end resets it.
    await client.query('SELECT pg_catalog.set_config($1, $2, false)', ['statement_timeout', '0']).catch(() => undefined);
  }
}

/** The transaction that is open; a statement that ended it leaves another one, or none. */
export async function transactionId(client: Client): Promise<string | null> {
  const { rows } = await client.query<{ id: string | null }>('SELECT pg_catalog.txid_current_if_assigned()::text AS id');
  return rows[0]!.id;
}
