import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';

/** A DuckDB in memory for one test file. */
export interface TestDuckDb {
  /** Rows as texts: every value is cast to VARCHAR by the caller's SQL, or is one already. */
  rows(sql: string): Promise<(string | null)[][]>;
  run(sql: string): Promise<void>;
  close(): void;
}

export async function startTestDuckDb(): Promise<TestDuckDb> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '2', memory_limit: '512MB' });
  const connection: DuckDBConnection = await instance.connect();
  return {
    rows: async (sql) => (await connection.runAndReadAll(sql)).getRows().map((row) => row.map((value) => (value === null ? null : String(value)))),
    run: async (sql) => {
      await connection.run(sql);
    },
    close: () => {
      connection.closeSync();
      instance.closeSync();
    },
  };
}

/** A VALUES list of one VARCHAR column with an index, in order: `(VALUES (0, 'a'), (1, NULL)) v(i, x)`. */
export function textValues(texts: readonly (string | null)[]): string {
  const rows = texts.map((text, index) => `(${index}, ${text === null ? 'NULL' : `'${text.replace(/'/g, "''")}'`}::VARCHAR)`);
  return `(VALUES ${rows.join(', ')}) v(i, x)`;
}
