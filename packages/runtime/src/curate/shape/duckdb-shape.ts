import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, rm, unlink } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Dataset } from '../../contract/contract';
import { PipelineError, userError } from '../../errors/pipeline-error';
import { checkBalance } from '../../run/balance';
import { inParallel } from '../../run/in-parallel';
import { dataKey } from '../../run/keys';
import type { CuratedPart } from '../../run/manifest';
import type { ObjectStore } from '../../stores/object-store';
import type { RowsFile, ShapeResult } from '../documents';
import { DuckdbEngine, type EngineSession } from '../engine/duckdb-engine';
import { fileNumbers } from '../file-numbers';
import { duplicateRules, uniqueColumns } from '../plan/shape-spec';
import { runSqlRules } from '../quality/sql-rules';
import { collectRepeated, createLosers, duplicateKeys, type HashShare, LOSERS, REPEATED, repeatedRecords } from './shape-sql';
import { writeCurated, type CuratedFile } from './write-curated';

/** Files of typed rows that are fetched, or curated files that are sent, at the same time. */
const TRANSFERS = 4;

/** More shares would read the keys too often; the engine then spills. */
const MOST_KEY_SHARES = 32;

export interface ShapeOptions {
  readonly dataset: Dataset;
  readonly unitId: string;
  readonly files: readonly RowsFile[];
  /** Records that passed all checks. */
  readonly kept: number;
  /** Of these, the ones that the filter leaves out: they are in no file. */
  readonly filtered: number;
  readonly pipeline: string;
  readonly bucket: string;
  readonly targetFileBytes: number;
  readonly store: ObjectStore;
  readonly signal?: AbortSignal;
  /** Of all raw parts of the unit. */
  readonly sourceBytes: number;
  /** Of the engine, which spills what it has no room for. */
  readonly memoryMiB: number;
  /** Rows in the files, rejected ones included. */
  readonly rows: number;
  /** Rows whose keys are compared at once. */
  readonly keysAtOnce: number;
}

/** Makes the curated files of one unit from its typed rows, with DuckDB. */
export async function shapeWithDuckdb(options: ShapeOptions): Promise<ShapeResult> {
  const directory = await mkdtemp(join(tmpdir(), 'headrace-shape-'));
  const engine = await DuckdbEngine.open({ directory: join(directory, 'spill'), memoryMiB: options.memoryMiB, threads: availableParallelism(), keepOrder: false });
  try {
    return await new UnitShape(options, directory, await engine.session(options.signal)).run();
  } finally {
    engine.close();
    await rm(directory, { recursive: true, force: true });
  }
}

class UnitShape {
  constructor(private readonly options: ShapeOptions, private readonly directory: string, private readonly session: EngineSession) {}

  async run(): Promise<ShapeResult> {
    const { dataset, unitId, kept, filtered, files, sourceBytes, targetFileBytes } = this.options;
    const paths = await this.fetch();
    const quality = await this.measure(paths);
    const { inFiles } = this;
    if (inFiles === 0) return { unitId, engine: 'duckdb', counts: { kept, written: 0, deduplicated: 0, filtered }, parts: [], ...quality };
    const deduplicated = await this.findDuplicates(paths);
    const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
    const written = await writeCurated(this.session, {
      dataset, paths, losers: deduplicated > 0, rows: inFiles - deduplicated, directory: join(this.directory, 'out'), targetFileBytes, bytesPerRow: bytes / inFiles, sourceBytesPerRow: sourceBytes / inFiles,
    });
    const parts = await this.upload(written);
    const total = written.reduce((sum, file) => sum + file.records, 0);
    checkBalance({ hop: `rows to curated of ${dataset.name} (${unitId})`, in: { kept }, out: { written: total, deduplicated, filtered } });
    return { unitId, engine: 'duckdb', counts: { kept, written: total, deduplicated, filtered }, parts, ...quality };
  }

  /** Good rows that the files hold for this step. */
  private get inFiles(): number {
    return this.options.kept - this.options.filtered;
  }

  private async fetch(): Promise<string[]> {
    const { files, store, bucket, signal } = this.options;
    await mkdir(join(this.directory, 'in'));
    return inParallel(files, TRANSFERS, async ({ key, bytes }, index) => {
      const path = join(this.directory, 'in', `${index}.parquet`);
      const target = createWriteStream(path);
      await pipeline(await store.getStream({ bucket, key }, undefined, { signal }), target, { signal });
      if (target.bytesWritten !== bytes) throw new PipelineError('ROWS_FILE', `s3://${bucket}/${key} has ${target.bytesWritten} bytes, its result says ${bytes}; start a new attempt`, { facts: { key, bytes } });
      return path;
    });
  }

  /** What the quality rules over all rows give. */
  private async measure(paths: string[]): Promise<Pick<ShapeResult, 'quality'>> {
    const { dataset, unitId, memoryMiB, signal } = this.options;
    const measured: Record<number, string | null> = {};
    for (const { rule, columns } of duplicateRules(dataset)) {
      let repeated = 0;
      for (const share of paths.length === 0 ? [] : this.keyShares()) {
        const [row] = await this.session.rows(repeatedRecords(paths, columns, share));
        repeated += Number(row?.repeated);
      }
      measured[rule] = String(repeated);
    }
    if (dataset.quality.some(({ metric }) => metric === 'sql')) {
      Object.assign(measured, await runSqlRules({ dataset, unitId, paths, directory: join(this.directory, 'sql'), memoryMiB, signal }));
    }
    return Object.keys(measured).length === 0 ? {} : { quality: measured };
  }

  /** Returns how many rows a dedupe leaves out; without one, a key that stands twice stops the run. */
  private async findDuplicates(paths: string[]): Promise<number> {
    const { dataset, unitId } = this.options;
    const { primaryKey, dedupe } = dataset;
    let losers = 0;
    if (dedupe !== undefined) {
      for (const share of this.keyShares()) await this.session.run(collectRepeated(dataset, paths, share));
      if (await this.count(REPEATED) > 0) {
        await this.session.run(createLosers(dataset, paths));
        losers = await this.count(LOSERS);
      }
    } else if (primaryKey.length > 0) {
      await this.refuseDuplicates(paths, primaryKey, 'KEY', false, 'declare headraceDedupe to keep one record per key, or mend the source', unitId);
    }
    for (const name of uniqueColumns(dataset)) {
      await this.refuseDuplicates(paths, [name], 'UNIQUE', losers > 0, 'drop unique from the contract, or mend the source', unitId);
    }
    return losers;
  }

  private async refuseDuplicates(paths: string[], key: readonly string[], code: 'KEY' | 'UNIQUE', losers: boolean, cure: string, unitId: string): Promise<void> {
    const { dataset } = this.options;
    const found: Record<string, unknown>[] = [];
    for (const share of this.keyShares()) found.push(...await this.session.rows(duplicateKeys(paths, key, { ignoreNull: code === 'UNIQUE', losers, share })));
    if (found.length === 0) return;
    const [keys, copies] = [total(found, 'keys'), total(found, 'copies')];
    throw userError(code, `${dataset.name}: ${copies} records share ${keys} values of ${code === 'KEY' ? 'the primary key' : 'the unique column'} ${key.join(', ')} in one run `
      + `(for example ${String(found[0]?.example)}); nothing was published. Fix: ${cure}`, { dataset: dataset.name, unitId, key, keys, copies });
  }

  private async count(table: string): Promise<number> {
    const [row] = await this.session.rows(`SELECT count(*) AS rows FROM ${table}`);
    return Number(row?.rows);
  }

  private keyShares(): HashShare[] {
    const of = Math.min(MOST_KEY_SHARES, Math.max(1, Math.ceil(this.options.rows / this.options.keysAtOnce)));
    return Array.from({ length: of }, (_, number) => ({ number, of }));
  }

  private async upload(written: readonly CuratedFile[]): Promise<CuratedPart[]> {
    const { dataset, unitId, pipeline: name, bucket, store, signal } = this.options;
    const numbers = fileNumbers();
    return inParallel(written, TRANSFERS, async ({ path, records, partition }) => {
      const key = dataKey({ pipeline: name, dataset: dataset.name, attemptId: unitId, partition, file: numbers() });
      const { bytes, sha256, outcome } = await store.putFile({ bucket, key }, path, { ifNoneMatch: '*', signal });
      if (outcome === 'lost') throw new PipelineError('WRITE_ONCE', `s3://${bucket}/${key} exists already, and curated files are written once; start a new attempt`, { facts: { key } });
      await unlink(path);
      return { key, bytes, sha256, records, partition: Object.fromEntries(partition) };
    });
  }
}

function total(rows: readonly Record<string, unknown>[], name: string): number {
  return rows.reduce((sum, row) => sum + Number(row[name]), 0);
}
