import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, rm, unlink } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Dataset } from '../../contract/contract';
import { quoteLiteral } from '../../contract/quote-identifier';
import { PipelineError, userError } from '../../errors/pipeline-error';
import { checkBalance } from '../../run/balance';
import { dataKey } from '../../run/keys';
import type { CuratedPart } from '../../run/manifest';
import type { ObjectStore } from '../../stores/object-store';
import type { RowsFile, ShapeResult } from '../documents';
import { DuckdbEngine, type EngineSession } from '../engine/duckdb-engine';
import { fileNumbers } from '../file-numbers';
import { uniqueColumns } from '../plan/shape-spec';
import { createLosers, createPartitions, duplicateKeys, FILE_COLUMN, LOSERS, negativeZeros, numberFiles, outputQuery, PARTITIONS } from './shape-sql';

/** Each value makes at least one file and one catalog partition in every run. */
const MAX_PARTITIONS = 10_000;

/**
 * Values that a column may have in a row group to be kept as a dictionary.
 *
 * The engine's default is far larger; measured, it made files larger and took twice the time for columns of numbers.
 */
const DICTIONARY_VALUES = 8_192;

/** The engine's dictionary holds 0.0 and -0.0 as one value, whichever came first: with both, there must be none. */
const NO_DICTIONARY = 0;

/**
 * Memory of the engine for each core, in MiB. Beyond it a sort spills: measured on 6 million rows, 512 MiB in all took
 * 15 % more processor time than 8 GiB, and peaked at 0.7 GiB, however many rows come.
 */
const MEMORY_MIB_PER_CORE = 512;

/** Files of typed rows that are fetched, or curated files that are sent, at the same time. */
const TRANSFERS = 4;

export interface ShapeOptions {
  readonly dataset: Dataset;
  readonly unitId: string;
  readonly files: readonly RowsFile[];
  readonly kept: number;
  readonly pipeline: string;
  readonly bucket: string;
  readonly targetFileBytes: number;
  readonly store: ObjectStore;
  readonly signal?: AbortSignal;
  /** Of the engine, which spills what it has no room for. @default - 512 for each core */
  readonly memoryMiB?: number;
  /** @default - the cores of the container */
  readonly threads?: number;
}

/** Makes the curated files of one unit from its typed rows, with DuckDB. */
export async function shapeWithDuckdb(options: ShapeOptions): Promise<ShapeResult> {
  const directory = await mkdtemp(join(tmpdir(), 'headrace-shape-'));
  const { threads = availableParallelism(), memoryMiB = threads * MEMORY_MIB_PER_CORE } = options;
  const engine = await DuckdbEngine.open({ directory: join(directory, 'spill'), memoryMiB, threads, keepOrder: options.dataset.partitionColumns.length > 0 });
  try {
    return await new UnitShape(options, directory, await engine.session(options.signal)).run();
  } finally {
    engine.close();
    await rm(directory, { recursive: true, force: true });
  }
}

/** A file that the engine wrote. */
interface WrittenFile { readonly path: string; readonly records: number; readonly file?: number }

class UnitShape {
  private readonly partitioned: boolean;

  constructor(private readonly options: ShapeOptions, private readonly directory: string, private readonly session: EngineSession) {
    this.partitioned = options.dataset.partitionColumns.length > 0;
  }

  async run(): Promise<ShapeResult> {
    const { dataset, unitId, kept } = this.options;
    if (kept === 0) return { unitId, engine: 'duckdb', counts: { kept: 0, written: 0, deduplicated: 0, filtered: 0 }, parts: [] };
    const paths = await this.fetch();
    const deduplicated = await this.findDuplicates(paths);
    if (this.partitioned) await this.findPartitions(paths);
    const written = await this.write(paths, deduplicated > 0);
    const parts = await this.upload(written);
    const total = written.reduce((sum, file) => sum + file.records, 0);
    checkBalance({ hop: `rows to curated of ${dataset.name} (${unitId})`, in: { kept }, out: { written: total, deduplicated, filtered: 0 } });
    return { unitId, engine: 'duckdb', counts: { kept, written: total, deduplicated, filtered: 0 }, parts };
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

  /** Returns how many rows a dedupe leaves out; without one, a key that stands twice stops the run. */
  private async findDuplicates(paths: string[]): Promise<number> {
    const { dataset, unitId } = this.options;
    const { primaryKey, dedupe } = dataset;
    let losers = 0;
    if (dedupe !== undefined) {
      await this.session.run(createLosers(dataset, paths));
      const [row] = await this.session.rows(`SELECT count(*) AS losers FROM ${LOSERS}`);
      losers = Number(row?.losers);
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
    const [found] = await this.session.rows(duplicateKeys(paths, key, { ignoreNull: code === 'UNIQUE', losers }));
    if (found === undefined) return;
    throw userError(code, `${dataset.name}: ${String(found.copies)} records share ${String(found.keys)} values of ${code === 'KEY' ? 'the primary key' : 'the unique column'} ${key.join(', ')} in one run `
      + `(for example ${String(found.example)}); nothing was published. Fix: ${cure}`, { dataset: dataset.name, unitId, key, keys: found.keys, copies: found.copies });
  }

  private async findPartitions(paths: string[]): Promise<void> {
    const { dataset, files, kept, targetFileBytes } = this.options;
    await this.session.run(createPartitions(dataset, paths));
    const [row] = await this.session.rows(`SELECT count(*) AS partitions FROM ${PARTITIONS}`);
    if (Number(row?.partitions) > MAX_PARTITIONS) {
      throw userError('PARTITIONS', `${dataset.name}: one run has ${String(row?.partitions)} values of its partition columns ${dataset.partitionColumns.join(', ')}, the most is ${MAX_PARTITIONS}; `
        + 'each makes at least one file and one catalog partition. Fix: partition by a coarser column', { dataset: dataset.name, partitions: row?.partitions });
    }
    const bytesPerRow = files.reduce((sum, file) => sum + file.bytes, 0) / kept;
    for (const statement of numberFiles(bytesPerRow, targetFileBytes)) await this.session.run(statement);
  }

  private async write(paths: string[], losers: boolean): Promise<WrittenFile[]> {
    const { dataset, targetFileBytes } = this.options;
    const target = join(this.directory, 'out');
    const dictionary = await this.hasNegativeZero(paths) ? NO_DICTIONARY : DICTIONARY_VALUES;
    const files = this.partitioned ? `PARTITION_BY (${FILE_COLUMN})` : `FILE_SIZE_BYTES ${targetFileBytes}`;
    const rows = await this.session.rows(`COPY (${outputQuery(dataset, paths, { losers, partitioned: this.partitioned })}) TO ${quoteLiteral(target)}`
      + ` (FORMAT parquet, COMPRESSION zstd, DICTIONARY_SIZE_LIMIT ${dictionary}, ${files}, RETURN_STATS)`);
    return rows.map((row) => ({
      path: String(row.filename), records: Number(row.count),
      ...(this.partitioned ? { file: Number(/_file=(\d+)/.exec(String(row.filename))?.[1]) } : {}),
    })).filter(({ records }) => records > 0);
  }

  private async hasNegativeZero(paths: string[]): Promise<boolean> {
    const query = negativeZeros(this.options.dataset, paths);
    return query !== undefined && (await this.session.rows(query))[0]?.found === true;
  }

  private async upload(written: readonly WrittenFile[]): Promise<CuratedPart[]> {
    const { dataset, unitId, pipeline: name, bucket, store, signal } = this.options;
    const values = await this.partitionValues();
    const numbers = fileNumbers();
    const parts = await inParallel(written, TRANSFERS, async ({ path, records, file }) => {
      const partition = file === undefined ? [] : values(file);
      const key = dataKey({ pipeline: name, dataset: dataset.name, attemptId: unitId, partition, file: numbers() });
      const { bytes, sha256, outcome } = await store.putFile({ bucket, key }, path, { ifNoneMatch: '*', signal });
      if (outcome === 'lost') throw new PipelineError('WRITE_ONCE', `s3://${bucket}/${key} exists already, and curated files are written once; start a new attempt`, { facts: { key } });
      await unlink(path);
      return { key, bytes, sha256, records, partition: Object.fromEntries(partition) };
    });
    return parts;
  }

  /** Tells the partition values of a file number. */
  private async partitionValues(): Promise<(file: number) => [string, string | null][]> {
    if (!this.partitioned) return () => [];
    const { partitionColumns } = this.options.dataset;
    const rows = await this.session.rows(`SELECT * FROM ${PARTITIONS} ORDER BY _first_file`);
    const starts = rows.map((row) => Number(row._first_file));
    return (file) => {
      let low = 0;
      let high = starts.length - 1;
      while (low < high) {
        const middle = (low + high + 1) >> 1;
        if (starts[middle]! <= file) low = middle;
        else high = middle - 1;
      }
      return partitionColumns.map((column, index) => [column, textOfHex(rows[low]![`_text${index}`] as string | null)]);
    };
  }
}

function textOfHex(hex: string | null): string | null {
  return hex === null ? null : Buffer.from(hex, 'hex').toString('utf8');
}

/** Maps with a limited number of jobs at once; results keep the order of the items. */
async function inParallel<T, R>(items: readonly T[], limit: number, job: (item: T, index: number) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < items.length; index = next++) results[index] = await job(items[index]!, index);
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  return results;
}
