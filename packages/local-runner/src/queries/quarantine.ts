import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { existsSync, readFileSync } from 'node:fs';
import * as path from 'node:path';
import { isBatch, isStanding, type PublishedLine } from '@headrace/runtime/contract';
import { commitKey, commitLogPrefix, publishedKey } from '@headrace/runtime/run/keys';
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

/** A commit with rejected records. */
export interface QuarantinedCommit {
  readonly place: QuarantinePlace;
  readonly manifest: CuratedManifest;
  /** Whether another commit has taken the place of this one. */
  readonly superseded: boolean;
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

/** All commits of a dataset, from its published object and their manifests; nothing is listed. */
export function curatedCommits(state: StateFolder, place: QuarantinePlace): QuarantinedCommit[] {
  const { bucket, pipeline, dataset } = place;
  const published = fileOf(state, bucket, publishedKey(pipeline, dataset));
  if (published === undefined) return [];
  const lines = readFileSync(published, 'utf8').split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as PublishedLine);
  return lines.filter(isBatch).flatMap((line) => {
    const file = fileOf(state, bucket, commitKey(commitLogPrefix('curated', pipeline, dataset), line.seq));
    return file === undefined ? [] : [{ place, manifest: JSON.parse(readFileSync(file, 'utf8')) as CuratedManifest, superseded: !isStanding(line) }];
  });
}

/** The first rejected records of a commit, in the order of the source. Files that the retention has removed are passed over. */
export async function quarantinedRecords(
  state: StateFolder, commits: readonly QuarantinedCommit[], options: { readonly code?: string; readonly limit: number },
): Promise<QuarantinedRecord[]> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
    const found: QuarantinedRecord[] = [];
    for (const { place: { bucket }, manifest } of commits) {
      const files = manifest.quarantine.parts.flatMap(({ key }) => fileOf(state, bucket, key) ?? []);
      if (found.length >= options.limit || files.length === 0) continue;
      found.push(...await readRecords(connection, files, manifest.runId, options.code, options.limit - found.length));
    }
    return found;
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

async function readRecords(
  connection: DuckDBConnection, files: readonly string[], run: string, code: string | undefined, limit: number,
): Promise<QuarantinedRecord[]> {
  const list = files.map((file) => `'${file.replace(/'/g, "''")}'`).join(', ');
  // Hexadecimal, because bytes need not be text.
  const result = await connection.runAndReadAll(
    `SELECT code, column_name, reason, part, byte_offset::VARCHAR, line::VARCHAR, hex(raw) FROM read_parquet([${list}])
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
