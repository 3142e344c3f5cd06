import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, rm, unlink } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { curatedColumns, duckdbType, LINEAGE_COLUMNS, quoteIdentifier, quoteLiteral, type Dataset } from '../../contract';
import { PipelineError } from '../../errors/pipeline-error';
import { checkBalance } from '../../run/balance';
import { readEntries } from '../../run/commit-log';
import { inParallel } from '../../run/in-parallel';
import { dataKey } from '../../run/keys';
import type { CuratedManifest, CuratedPart } from '../../run/manifest';
import type { Report } from '../../report/report';
import type { Abortable, ObjectStore } from '../../stores/object-store';
import { curatedLog } from '../curated-log';
import type { CompactItem, CompactResult } from '../documents';
import { DuckdbEngine, type EngineSession } from '../engine/duckdb-engine';
import { fileNumbers } from '../file-numbers';
import { byPartition } from '../plan/compaction-groups';
import type { CurateSettings } from '../settings';
import { copyFiles, MOST_GROUP_ROWS, parquetFormat, type WrittenFile } from '../shape/parquet-files';
import { negativeZerosOf } from '../shape/shape-sql';
import { evenLengths, sortClause, writeSortedFiles } from '../shape/sorted-files';

/** Files that are fetched or sent at the same time. */
const TRANSFERS = 8;

const MEMORY_MIB = 1_024;

export interface CompactDeps extends Abortable {
  readonly settings: CurateSettings;
  readonly dataset: Dataset;
  readonly store: ObjectStore;
  readonly report: Report;
}

/**
 * Writes the files of several commits again as fewer ones, column partition by column partition. A partition that would not get fewer
 * files keeps those it has. No row is changed or left out: counts and the sums of row hashes must be equal before and after. The new files
 * of a dataset with an order are sorted, and ranges of it.
 */
export async function compactUnit(item: CompactItem, deps: CompactDeps): Promise<CompactResult> {
  const { settings, dataset, store, signal, report } = deps;
  const commits = await readEntries<CuratedManifest>(store, curatedLog(settings, dataset.name), item.commits, { signal });
  const before = commits.flatMap(({ manifest }) => manifest.parts);
  const directory = await mkdtemp(join(tmpdir(), 'headrace-compact-'));
  const engine = await DuckdbEngine.open({ directory: join(directory, 'spill'), memoryMiB: MEMORY_MIB, threads: availableParallelism(), keepOrder: false });
  try {
    const writer = new PartitionWriter(item, deps, directory, await engine.session(signal));
    const parts: CuratedPart[] = [];
    let written = 0;
    for (const files of byPartition(before)) {
      const wanted = Math.ceil(sum(files.map(({ bytes }) => bytes)) / settings.targetFileBytes);
      if (wanted >= files.length) {
        parts.push(...files);
        continue;
      }
      const joined = await writer.join(files, wanted);
      written += joined.length;
      parts.push(...joined);
    }
    const rows = sum(before.map(({ records }) => records));
    checkBalance({ hop: `compaction of ${dataset.name} (${item.unitId})`, in: { rows }, out: { inFiles: sum(parts.map(({ records }) => records)) } });
    report.say('CURATE_I1401', { dataset: dataset.name, unitId: item.unitId, commits: commits.length, before: before.length, after: parts.length, rows });
    return { unitId: item.unitId, counts: { rows, filesBefore: before.length, written }, parts };
  } finally {
    engine.close();
    await rm(directory, { recursive: true, force: true });
  }
}

class PartitionWriter {
  private readonly numbers = fileNumbers();
  private partitions = 0;

  constructor(
    private readonly item: CompactItem, private readonly deps: CompactDeps,
    private readonly directory: string, private readonly session: EngineSession,
  ) {}

  /** Writes all rows of a partition's files into so many files, or about as many, of the wanted size. */
  async join(files: readonly CuratedPart[], wanted: number): Promise<CuratedPart[]> {
    const folder = join(this.directory, String(this.partitions++));
    await mkdir(folder);
    const query = this.rowsOf(await this.fetch(files, folder));
    const target = join(folder, wanted === 1 ? 'out.parquet' : 'out');
    const written = await this.write(query, target, wanted, sum(files.map(({ records }) => records)));
    await this.requireSameRows(query, this.rowsOf(written.map(({ path }) => path)));
    const { partition } = files[0]!;
    const parts = await inParallel(written, TRANSFERS, ({ path, records }) => this.send(path, records, partition));
    await rm(folder, { recursive: true, force: true });
    return parts;
  }

  private async write(query: string, target: string, files: number, rows: number): Promise<WrittenFile[]> {
    const { settings, dataset } = this.deps;
    const options = await parquetFormat(this.session, negativeZerosOf(dataset, query), MOST_GROUP_ROWS);
    const ordered = `${query}${sortClause(dataset)}`;
    if (dataset.sort !== undefined && files > 1) {
      const quoted = curatedColumns(dataset).map(({ name }) => quoteIdentifier(name));
      const lengths = evenLengths(rows, files);
      return writeSortedFiles(this.session, { ordered, columns: quoted, lengths, target, options, groupRows: MOST_GROUP_ROWS });
    }
    return copyFiles(this.session, ordered, target, files === 1 ? options : `${options}, FILE_SIZE_BYTES ${settings.targetFileBytes}`);
  }

  private rowsOf(paths: readonly string[]): string {
    const { dataset } = this.deps;
    const select = `SELECT ${curatedColumns(dataset).map(({ name }) => quoteIdentifier(name)).join(', ')} FROM`;
    const files = `[${paths.map(quoteLiteral).join(', ')}], hive_partitioning = false`;
    if (dataset.lineageColumns !== true) return `${select} read_parquet(${files})`;
    // Some of the files, or all, may be from before the dataset asked for these columns.
    const lineage = LINEAGE_COLUMNS.map(({ name, type }) => `CAST(NULL AS ${duckdbType(type)}) AS ${quoteIdentifier(name)}`).join(', ');
    return `${select} (SELECT * FROM read_parquet(${files}, union_by_name = true) UNION ALL BY NAME SELECT ${lineage} WHERE false)`;
  }

  private async fetch(files: readonly CuratedPart[], folder: string): Promise<string[]> {
    const { store, settings, signal } = this.deps;
    return inParallel(files, TRANSFERS, async ({ key, bytes }, index) => {
      const path = join(folder, `${index}.parquet`);
      const target = createWriteStream(path);
      await pipeline(await store.getStream({ bucket: settings.curatedBucket, key }, undefined, { signal }), target, { signal });
      if (target.bytesWritten === bytes) return path;
      throw new PipelineError('CURATED_FILE', `s3://${settings.curatedBucket}/${key} has ${target.bytesWritten} bytes, its commit says ${bytes}; restore the object, or curate its batch again`, { facts: { key, bytes } });
    });
  }

  /** Order is of no account, how often a row stands is. */
  private async requireSameRows(before: string, after: string): Promise<void> {
    const digest = async (from: string) => (await this.session.rows(
      `SELECT count(*)::VARCHAR AS n, coalesce(sum(hash(_rows)::HUGEINT), 0)::VARCHAR AS h FROM (${from}) AS _rows`,
    ))[0]!;
    const [was, is] = [await digest(before), await digest(after)];
    if (was.n === is.n && was.h === is.h) return;
    throw new PipelineError('COMPACT_ROWS', `${this.item.dataset}: a compaction of ${String(was.n)} rows wrote ${String(is.n)}, or other ones; nothing was published, and the current state is as before`, { facts: { unitId: this.item.unitId } });
  }

  private async send(path: string, records: number, partition: CuratedPart['partition']): Promise<CuratedPart> {
    const { store, settings, dataset, signal } = this.deps;
    const values = dataset.partitionColumns.map((column): [string, string | null] => [column, partition[column] ?? null]);
    const key = dataKey({ pipeline: settings.pipeline, dataset: dataset.name, attemptId: this.item.unitId, partition: values, file: this.numbers() });
    const { bytes, sha256, outcome } = await store.putFile({ bucket: settings.curatedBucket, key }, path, { ifNoneMatch: '*', signal });
    if (outcome === 'lost') throw new PipelineError('WRITE_ONCE', `s3://${settings.curatedBucket}/${key} exists already, and curated files are written once; start a new attempt`, { facts: { key } });
    await unlink(path);
    return { key, bytes, sha256, records, partition };
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
