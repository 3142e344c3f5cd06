import { Client, type types } from 'pg';
import { isRunning, type ProcessMark } from '../exec/process-mark';
import { databaseUrl, savedDatabases, startSavedDatabases } from '../stack/local-databases';
import type { StateFolder } from '../stack/state-folder';

export interface TargetResult {
  readonly columns: readonly string[];
  /** Values as PostgreSQL writes them; null for NULL. */
  readonly rows: ReadonlyArray<ReadonlyArray<string | null>>;
}

/** Text as it comes: a value that passes through a JavaScript number or date would not be the database's any more. */
const AS_TEXT = { getTypeParser: () => (value: string | Buffer) => String(value) } as unknown as typeof types;

/** Runs SQL in a database that is up. */
export async function queryUrl(url: string, sql: string): Promise<TargetResult> {
  const client = new Client({ connectionString: url, types: AS_TEXT });
  await client.connect();
  try {
    const result = await client.query<Array<string | null>>({ text: sql, rowMode: 'array' });
    const last = Array.isArray(result) ? result[result.length - 1] as typeof result : result;
    return { columns: last.fields.map(({ name }) => name), rows: last.rows };
  } finally {
    await client.end();
  }
}

/** Runs SQL in the target database of a state folder: the one that is up, else one that is started for the query. */
export async function queryTarget(state: StateFolder, sql: string): Promise<TargetResult> {
  const [saved] = savedDatabases(state);
  if (saved === undefined) throw new Error(`${state.root} has no target database: no run had one`);
  if (isRunning(state.read<Partial<ProcessMark>>('keeper.json'))) return queryUrl(databaseUrl(saved), sql);
  const databases = await startSavedDatabases(state);
  try {
    return await queryUrl(databaseUrl(saved), sql);
  } finally {
    await Promise.all(databases.map((database) => database.stop()));
  }
}
