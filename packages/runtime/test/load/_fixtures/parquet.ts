import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { CuratedPart } from '../../../src/run/manifest';

/** A DuckDB in memory for writing and reading test files. */
export interface OpenDuckdb { readonly connection: DuckDBConnection; close(): void }

export async function openDuckdb(): Promise<OpenDuckdb> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  await connection.run("SET TimeZone = 'UTC'");
  return {
    connection,
    close: () => {
      connection.closeSync();
      instance.closeSync();
    },
  };
}

/** One that is closed after its use. */
export async function withDuckdb<T>(use: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
  const duckdb = await openDuckdb();
  try {
    return await use(duckdb.connection);
  } finally {
    duckdb.close();
  }
}

/** Writes the rows of a query as a Parquet file. */
export async function writeParquet(connection: DuckDBConnection, query: string, file: string, rowGroupSize = 122_880): Promise<void> {
  await connection.run(`COPY (${query}) TO '${file}' (FORMAT parquet, ROW_GROUP_SIZE ${rowGroupSize})`);
}

/** A file as a manifest lists it. */
export function partOf(file: string, key: string, records: number, partition: CuratedPart['partition'] = {}): CuratedPart {
  const body = readFileSync(file);
  return { key, bytes: body.length, sha256: createHash('sha256').update(body).digest('hex'), records, partition };
}

/** Rows of a query as texts; NULL stays null. */
export async function texts(connection: DuckDBConnection, query: string): Promise<(string | null)[][]> {
  const reader = await connection.runAndReadAll(query);
  return reader.getRows().map((row) => row.map((value) => (value === null ? null : String(value))));
}
