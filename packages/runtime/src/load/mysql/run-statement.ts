import { transientError } from '../../errors/pipeline-error';
import type { MysqlClient } from './connect';
import { sessionSettings } from './mysql-session-settings';

/**
 * Runs one statement of somebody else's, outside of any transaction, and gives the session back the settings that a load depends on.
 *
 * MariaDB ends what takes too long itself. MySQL does that for SELECT only: there the session is cut, and the server goes on until it notices.
 */
export async function runStatement(client: MysqlClient, sql: string, timeoutSeconds: number): Promise<void> {
  const isMaria = client.flavour === 'mariadb';
  await client.run(isMaria ? `SET SESSION max_statement_time = ${timeoutSeconds}` : `SET SESSION max_execution_time = ${timeoutSeconds * 1_000}`);
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    client.cut();
  }, (timeoutSeconds + GRACE_SECONDS) * 1_000);
  try {
    await client.run(sql);
  } catch (error) {
    if (late) throw transientError('TARGET_BUSY', 'the statement took too long', { errno: QUERY_INTERRUPTED });
    throw error;
  } finally {
    clearTimeout(timer);
    if (!late) for (const statement of sessionSettings(client.flavour, client.lockTimeoutSeconds)) await client.run(statement);
  }
}

const GRACE_SECONDS = 5;
/** The server's own number for a statement that was ended. */
const QUERY_INTERRUPTED = 1317;
