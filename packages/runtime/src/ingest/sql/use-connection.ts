import type { SqlColumn } from './source-columns';
import type { SqlConnection } from './sql-engine';

/** Works with a connection, which is cut when the signal fires, and closed in the end. */
export async function useConnection<C extends SqlColumn, T>(
  connection: SqlConnection<C>, signal: AbortSignal, work: (connection: SqlConnection<C>) => Promise<T>,
): Promise<T> {
  const cut = (): void => connection.destroy();
  signal.addEventListener('abort', cut, { once: true });
  try {
    return await work(connection);
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', cut);
    await connection.close();
  }
}
