import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createWriteStream } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import type { RowsItem, RowsResult } from '../../../src/curate/documents';
import { curateRows, type RowsOptions } from '../../../src/curate/rows/curate-rows';
import { Report } from '../../../src/report/report';
import { ObjectStore } from '../../../src/stores/object-store';
import { FakeS3 } from '../../_fakes/s3-server';
import { testContract, type DatasetSpec } from './contract-text';

export interface Quarantined {
  readonly code: string;
  readonly column: string | null;
  readonly reason: string;
  readonly offset: number;
  readonly line: number;
  readonly raw: Buffer;
}

export interface RowsOutcome {
  readonly result: RowsResult;
  /** Kept rows in file order; every value as text, so that nothing is rounded on the way to the test. */
  readonly rows: (string | null)[][];
  readonly quarantine: Quarantined[];
}

/** Runs the rows kernel on bytes, against an S3 in memory, and reads back what it wrote. */
export class RowsBench {
  private files = 0;

  private constructor(
    readonly s3: FakeS3, readonly store: ObjectStore, private readonly connection: DuckDBConnection, private readonly directory: string,
  ) {}

  static async start(): Promise<RowsBench> {
    const s3 = await FakeS3.start();
    const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
    const connection = await instance.connect();
    await connection.run("SET TimeZone = 'UTC'");
    return new RowsBench(s3, new ObjectStore(s3.client()), connection, await mkdtemp(join(tmpdir(), 'headrace-test-')));
  }

  async close(): Promise<void> {
    this.connection.closeSync();
    await this.s3.close();
    await rm(this.directory, { recursive: true, force: true });
  }

  async curate(spec: DatasetSpec, bytes: Buffer | string, options: Partial<RowsOptions> & { key?: string; engine?: RowsItem['engine'] } = {}): Promise<RowsOutcome> {
    const dataset = options.dataset ?? testContract(spec).datasets[0]!;
    const key = options.key ?? 'lake/raw/trips/r1/a1/00000-trips.csv';
    await this.store.putFile({ bucket: 'raw', key }, await this.spill('source', bytes));
    const result = await curateRows({
      item: { index: 0, dataset: dataset.name, unit: 0, unitId: 'r1-a1-i1', ingestSeq: 1, part: 0, key, bytes: bytes.length, compression: 'none', engine: options.engine ?? 'duckdb' },
      dataset, pipeline: 'lake', rawBucket: 'raw', curatedBucket: 'curated', folder: { bucket: 'curated', prefix: 'lake/work/curate/r1-a1/' },
      store: this.store, report: new Report({ write: () => undefined }), cores: 2, ...options,
    });
    const rows: (string | null)[][] = [];
    for (const file of result.files) for (const row of await this.keptRows(file.key)) rows.push(row);
    const quarantine: Quarantined[] = [];
    for (const part of result.quarantine.parts) for (const record of await this.quarantined(part.key)) quarantine.push(record);
    return { result, rows, quarantine };
  }

  async keptRows(key: string): Promise<(string | null)[][]> {
    const path = await this.fetch(key);
    const names = await this.select(`SELECT column_name FROM (DESCRIBE SELECT * EXCLUDE (_reject) FROM '${path}')`);
    // The driver drops a byte order mark at the start of a text; hexadecimal digits hide nothing.
    const columns = names.map(([name]) => `hex(CAST("${String(name)}" AS VARCHAR))`).join(', ');
    const rows = await this.select(`SELECT ${columns} FROM '${path}' WHERE _reject IS NULL`);
    return rows.map((row) => row.map((value) => (value === null ? null : Buffer.from(value, 'hex').toString('utf8'))));
  }

  /** A Parquet file of what a query gives. */
  async parquet(query: string, options = ''): Promise<Buffer> {
    const path = join(this.directory, `${this.files++}.parquet`);
    await this.connection.run(`COPY (${query}) TO '${path}' (FORMAT parquet${options === '' ? '' : `, ${options}`})`);
    return readFile(path);
  }

  async types(key: string): Promise<Record<string, string>> {
    const path = await this.fetch(key);
    return Object.fromEntries(await this.select(`SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM '${path}')`)) as Record<string, string>;
  }

  /** Ways in which values of the columns are written. */
  async encodings(key: string): Promise<string[]> {
    const rows = await this.select(`SELECT DISTINCT unnest(string_split(encodings, ', ')) FROM parquet_metadata('${await this.fetch(key)}') ORDER BY 1`);
    return rows.map(([name]) => name!);
  }

  private async quarantined(key: string): Promise<Quarantined[]> {
    const path = await this.fetch(key);
    const rows = await this.select(`SELECT code, column_name, reason, CAST(byte_offset AS VARCHAR), CAST(line AS VARCHAR), hex(raw) FROM '${path}' ORDER BY byte_offset`);
    return rows.map(([code, column, reason, offset, line, raw]) => ({
      code: code!, column: column ?? null, reason: reason!, offset: Number(offset), line: Number(line), raw: Buffer.from(raw!, 'hex'),
    }));
  }

  private async select(sql: string): Promise<(string | null)[][]> {
    return (await this.connection.runAndReadAll(sql)).getRowsJson() as (string | null)[][];
  }

  private async fetch(key: string): Promise<string> {
    const path = join(this.directory, `${this.files++}.parquet`);
    await pipeline(await this.store.getStream({ bucket: 'curated', key }), createWriteStream(path));
    return path;
  }

  private async spill(name: string, bytes: Buffer | string): Promise<string> {
    const path = join(this.directory, `${name}-${this.files++}`);
    await writeFile(path, bytes);
    return path;
  }
}
