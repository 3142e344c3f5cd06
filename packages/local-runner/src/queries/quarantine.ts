import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import * as path from 'node:path';
import { isBatch, isStanding, type PublishedLine } from '@headrace/runtime/contract';
import { parseAttemptId } from '@headrace/runtime/run/ids';
import { commitKey, commitLogPrefix, publishedKey, quarantineFolder } from '@headrace/runtime/run/keys';
import type { CuratedManifest } from '@headrace/runtime/run/manifest';
import type { GlueSeeds } from '../services/glue-catalog';
import type { StateFolder } from '../stack/state-folder';
import { CATALOG_FILE } from './query-curated';

/** The quarantine of one dataset: where its catalog table of rejected records says that it is. */
export interface QuarantinePlace {
  readonly bucket: string;
  readonly pipeline: string;
  readonly dataset: string;
}

/** `unpublished`: the batch failed, most often at its threshold, so no commit names it. `superseded`: another commit has taken its place. */
export type BatchState = 'stands' | 'superseded' | 'unpublished';

/** A batch with rejected records. */
export interface QuarantinedBatch {
  readonly dataset: string;
  readonly run: string;
  readonly state: BatchState;
  readonly byCode: Readonly<Record<string, number>>;
  /** Paths of the quarantine's files. Those that the retention has removed are left out. */
  readonly files: readonly string[];
}

/** One rejected record. */
export interface QuarantinedRecord {
  readonly run: string;
  readonly code: string;
  readonly column: string | null;
  readonly reason: string;
  /** Key of the raw object. */
  readonly part: string;
  /** Of the first byte in the decompressed part. */
  readonly offset: number;
  /** From 1. */
  readonly line: number;
  readonly bytes: Buffer;
}

export function quarantinePlaces(state: StateFolder): QuarantinePlace[] {
  const { tables = [] } = state.read<GlueSeeds>(CATALOG_FILE) ?? {};
  return tables.flatMap(({ table }) => {
    const { Location } = (table.StorageDescriptor ?? {}) as { Location?: string };
    const [, bucket, pipeline, dataset] = /^s3:\/\/([^/]+)\/([^/]+)\/quarantine\/([^/]+)\/$/.exec(Location ?? '') ?? [];
    return bucket === undefined || pipeline === undefined || dataset === undefined ? [] : [{ bucket, pipeline, dataset }];
  });
}

/** All batches of a dataset with what was rejected of them: those of its commits, then those that failed. */
export async function quarantinedBatches(state: StateFolder, place: QuarantinePlace): Promise<QuarantinedBatch[]> {
  const lines = publishedLines(state, place);
  return [...committed(state, place, lines), ...await unpublished(state, place, lines)];
}

function publishedLines(state: StateFolder, { bucket, pipeline, dataset }: QuarantinePlace): PublishedLine[] {
  const published = fileOf(state, bucket, publishedKey(pipeline, dataset));
  if (published === undefined) return [];
  return readFileSync(published, 'utf8').split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as PublishedLine);
}

/** From the published object and the manifests; nothing is listed. */
function committed(state: StateFolder, { bucket, pipeline, dataset }: QuarantinePlace, lines: readonly PublishedLine[]): QuarantinedBatch[] {
  return lines.filter(isBatch).flatMap((line) => {
    const file = fileOf(state, bucket, commitKey(commitLogPrefix('curated', pipeline, dataset), line.seq));
    if (file === undefined) return [];
    const { runId: run, quarantine: { byCode, parts } } = JSON.parse(readFileSync(file, 'utf8')) as CuratedManifest;
    return [{ dataset, run, byCode, state: isStanding(line) ? 'stands' as const : 'superseded' as const, files: parts.flatMap(({ key }) => fileOf(state, bucket, key) ?? []) }];
  });
}

/** The newest unit of each raw commit that was never published, from the folders of the quarantine. */
async function unpublished(
  state: StateFolder, { bucket, pipeline, dataset }: QuarantinePlace, lines: readonly PublishedLine[],
): Promise<QuarantinedBatch[]> {
  const folder = path.join(state.s3, bucket, quarantineFolder(pipeline, dataset));
  const units = (existsSync(folder) ? readdirSync(folder) : []).flatMap((name) => {
    const [, attempt = '', seq] = /^(.+)-i(\d+)$/.exec(name) ?? [];
    const slot = parseAttemptId(attempt)?.slot;
    const files = readdirSync(path.join(folder, name)).filter((file) => file.endsWith('.parquet')).map((file) => path.join(folder, name, file));
    if (slot === undefined || files.length === 0 || lines.some(({ ingest_seq: done }) => done === Number(seq))) return [];
    return [{ seq, slot, files, written: Math.max(...files.map((file) => statSync(file).mtimeMs)) }];
  }).sort((a, b) => a.written - b.written);
  const newest = [...new Map(units.map((unit) => [unit.seq, unit])).values()];
  if (newest.length === 0) return [];
  return withDuckDB((connection) => Promise.all(newest.map(async ({ slot: run, files }) => {
    // A task that was tried again wrote its records twice.
    const counts = await connection.runAndReadAll(
      `SELECT code, count(DISTINCT (part, byte_offset, line))::INTEGER FROM read_parquet(${listOf(files)}) GROUP BY code ORDER BY code`,
    );
    return { dataset, run, state: 'unpublished' as const, byCode: Object.fromEntries(counts.getRowsJson() as [string, number][]), files };
  })));
}

/** The first rejected records of some batches, in the order of the source. */
export async function quarantinedRecords(
  batches: readonly QuarantinedBatch[], options: { readonly code?: string; readonly limit: number },
): Promise<QuarantinedRecord[]> {
  return withDuckDB(async (connection) => {
    const found: QuarantinedRecord[] = [];
    for (const { run, files } of batches) {
      if (found.length >= options.limit || files.length === 0) continue;
      found.push(...await readRecords(connection, files, run, options.code, options.limit - found.length));
    }
    return found;
  });
}

async function withDuckDB<T>(use: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
    return await use(connection);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

function listOf(files: readonly string[]): string {
  return `[${files.map((file) => `'${file.replace(/'/g, "''")}'`).join(', ')}]`;
}

async function readRecords(
  connection: DuckDBConnection, files: readonly string[], run: string, code: string | undefined, limit: number,
): Promise<QuarantinedRecord[]> {
  // Hexadecimal, because bytes need not be text.
  const result = await connection.runAndReadAll(
    `SELECT DISTINCT code, column_name, reason, part, byte_offset::VARCHAR, line::VARCHAR, hex(raw), byte_offset FROM read_parquet(${listOf(files)})
    WHERE code = $1 OR $1 IS NULL ORDER BY part, byte_offset LIMIT ${limit}`, [code ?? null],
  );
  return (result.getRowsJson() as (string | null)[][]).map(([name, column, reason, part, offset, line, raw]) => ({
    run, code: name ?? '', column: column ?? null, reason: reason ?? '', part: part ?? '', offset: Number(offset), line: Number(line),
    bytes: Buffer.from(raw ?? '', 'hex'),
  }));
}

function fileOf(state: StateFolder, bucket: string, key: string): string | undefined {
  const file = path.join(state.s3, bucket, key);
  return existsSync(file) ? file : undefined;
}
