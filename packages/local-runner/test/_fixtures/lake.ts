import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { queryAthena, type AthenaQuery, type AthenaResult, type CatalogColumn, type CatalogPartition, type CatalogTable } from '../../src/engines/athena';

/** Buckets as folders, and a catalog in memory, for tests of the Athena stand-in. */
export class Lake {
  readonly root = mkdtempSync(path.join(os.tmpdir(), 'runner-lake-'));
  private readonly databases = new Map<string, Map<string, { table: CatalogTable; partitions: CatalogPartition[] }>>();

  database(name: string): this {
    this.databases.set(name, new Map());
    return this;
  }

  table(database: string, table: CatalogTable, partitions: CatalogPartition[] = []): this {
    this.databases.get(database)?.set(table.Name, { table, partitions });
    return this;
  }

  partition(database: string, table: string, Values: string[], Location: string, more: { Columns?: CatalogColumn[] } = {}): void {
    this.databases.get(database)?.get(table)?.partitions.push({ Values, StorageDescriptor: { Location, ...more } });
  }

  put(uri: string, text: string): void {
    writeFileSync(this.file(uri), text);
  }

  /** Writes what a DuckDB query gives as Parquet. */
  async parquet(uri: string, sql: string): Promise<void> {
    const connection = await (await DuckDBInstance.create()).connect();
    await connection.run("SET TimeZone = 'UTC'");
    await connection.run(`COPY (${sql}) TO '${this.file(uri)}' (FORMAT parquet)`);
    connection.closeSync();
  }

  query(sql: string, options: Partial<AthenaQuery> = {}): Promise<AthenaResult> {
    return queryAthena({
      sql,
      database: 'db',
      catalog: {
        listDatabases: () => [...this.databases.keys()].map((Name) => ({ Name })),
        tables: (database) => [...(this.databases.get(database)?.values() ?? [])].map(({ table }) => table),
        partitions: (database, table) => this.databases.get(database)?.get(table)?.partitions ?? [],
      },
      storage: {
        pathOf: (bucket, key) => {
          const file = path.join(this.root, bucket, key);
          return existsSync(file) ? file : undefined;
        },
        listKeys: async (bucket, prefix) => this.keys(path.join(this.root, bucket)).filter((key) => key.startsWith(prefix)),
      },
      ...options,
    });
  }

  /** The rows of a query. */
  async rows(sql: string): Promise<AthenaResult['rows']> {
    return (await this.query(sql)).rows;
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }

  private file(uri: string): string {
    const file = path.join(this.root, uri.replace(/^s3:\/\//, ''));
    mkdirSync(path.dirname(file), { recursive: true });
    return file;
  }

  private keys(folder: string): string[] {
    if (!existsSync(folder)) return [];
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
      .sort();
  }
}
