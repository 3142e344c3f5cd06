import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Dataset } from '../../contract/contract';
import { asRecorded } from '../../contract/mask';
import { isNested } from '../../contract/nested-type';
import { isTyped } from '../../contract/record-formats';
import type { Report } from '../../report/report';
import { quarantineKey } from '../../run/keys';
import type { WorkFolder } from '../../run/work';
import type { ObjectStore } from '../../stores/object-store';
import type { RowsItem, RowsResult } from '../documents';
import { DuckdbEngine } from '../engine/duckdb-engine';
import { fileNumbers } from '../file-numbers';
import { mapRead } from './csv/csv-header';
import { NO_PROOF } from './csv/proven-fields';
import { sourceEncoding } from './encoding/source-encoding';
import { readExcel } from './excel/excel-part';
import { withRoomyHeap } from './heap-growth';
import { PartSegments, SEGMENT_THREADS } from './part-segments';
import { QuarantineWriter } from './quarantine-writer';
import type { SourceExtent } from './record-blocks';
import { shareRange, type ShareRange } from './share-range';
import { readTextPart, SEGMENT_BYTES } from './read-text-part';
import { readAvro } from './typed/avro-part';
import { readParquet } from './typed/parquet-part';
import { TextRecords } from './typed/text-records';
import { unusedNames } from './typed/typed-columns';
import type { TypedPart } from './typed/typed-part';

/** For the engine, in MiB: a segment needs some 100, and nothing of it is worth spilling. */
const MEMORY_MIB = 1024;
/**
 * For each byte that a record with an array may have: one of `[1,1,…` is told in six bytes an element, and its list of texts and the one
 * of values take 32 (measured: 64 MiB of it pass in 4 GiB, and not in 2).
 */
const MEMORY_FOR_NESTED = 64;

export interface RowsOptions {
  readonly item: RowsItem;
  readonly dataset: Dataset;
  readonly pipeline: string;
  readonly rawBucket: string;
  readonly curatedBucket: string;
  readonly folder: WorkFolder;
  /** What keys the hashes; needed where a column is hashed. */
  readonly maskSalt?: string;
  readonly store: ObjectStore;
  readonly report: Report;
  readonly signal?: AbortSignal;
  /**
   * Cores that segments may take; from 2 to 4 count.
   *
   * @default - those of the container
   */
  readonly cores?: number;
  /** @default 16 MiB for parts up to 128 MiB, 32 MiB for longer ones; 32 MiB for formats whose values have types */
  readonly segmentBytes?: number;
  /** @default 1 MiB */
  readonly blockBytes?: number;
}

/**
 * Turns one raw part into typed rows: each record comes out exact, or is in quarantine with its bytes and the reason.
 */
export async function curateRows(options: RowsOptions): Promise<RowsResult> {
  const directory = await mkdtemp(join(tmpdir(), 'headrace-rows-'));
  // It opens while the source is asked for; whoever needs it first is told if it could not.
  const engine = DuckdbEngine.open({ directory, memoryMiB: memoryMiB(options.dataset), threads: SEGMENT_THREADS });
  engine.catch(() => undefined);
  try {
    const part = new PartRows({ ...options, dataset: asRecorded(options.dataset) }, directory, engine);
    // Of the other formats, records can come as objects.
    return await (options.dataset.record.format === 'csv' ? withRoomyHeap(() => part.run()) : part.run());
  } finally {
    await engine.then((opened) => { opened.close(); }, () => undefined);
    await rm(directory, { recursive: true, force: true });
  }
}

/** The most that the engine is given, where the task has it. */
function memoryMiB({ columns, record }: Dataset): number {
  const nested = columns.some(({ type }) => isNested(type)) ? MEMORY_FOR_NESTED * record.maxRecordBytes : 0;
  return Math.max(MEMORY_MIB, Math.ceil(nested / 1024 / 1024));
}

/** Of an item without a stretch of its own. */
const NOTHING: SourceExtent = { bytes: 0, headerMissing: false };

class PartRows {
  private readonly source: string;
  private readonly quarantine: QuarantineWriter;
  private readonly segments: PartSegments;

  constructor(private readonly options: RowsOptions, private readonly directory: string, private readonly engine: Promise<DuckdbEngine>) {
    this.source = `s3://${options.rawBucket}/${options.item.key}`;
    this.quarantine = this.openQuarantine();
    const { quarantine, source } = this;
    this.segments = new PartSegments({ ...options, directory, engine, quarantine, source });
  }

  async run(): Promise<RowsResult> {
    const { signal, item, report, dataset } = this.options;
    const { segments, quarantine } = this;
    const range = await shareRange(item, dataset.record, this.options.rawBucket, this.options.store, { signal });
    let extent: SourceExtent;
    try {
      extent = range === undefined ? NOTHING : await (isTyped(dataset.record.format) ? this.readTyped() : this.readText(range));
      await segments.drain();
      await quarantine.flush();
    } finally {
      // The engine must not be closed, nor its files removed, under a segment that is still at work.
      await segments.settle();
    }
    signal?.throwIfAborted();
    const { filtered, files } = segments;
    const kept = files.reduce((sum, file) => sum + file.kept, 0) + filtered;
    const rejected = quarantine.total;
    const parsed = kept + rejected;
    const content = parsed > 0 ? 'records' : extent.bytes === 0 || extent.headerMissing ? 'empty' : 'header-only';
    report.say('CURATE_I1101', { dataset: item.dataset, key: item.key, parsed, kept, rejected, filtered, bytes: extent.bytes, byCode: quarantine.counts });
    return {
      unitId: item.unitId, key: item.key, content, sourceBytes: extent.bytes, counts: { parsed, kept, rejected }, filtered, files,
      quarantine: { parts: quarantine.parts, byCode: quarantine.counts },
      ...(dataset.quality.length === 0 ? {} : { quality: segments.quality }),
    };
  }

  private openQuarantine(): QuarantineWriter {
    const { store, item, pipeline: name, curatedBucket: bucket, dataset, signal } = this.options;
    const numbers = fileNumbers();
    return new QuarantineWriter({
      session: async () => (await this.engine).session(signal), store, directory: this.directory, part: item.key, signal,
      // What is one byte of UTF-8 may be two in the source.
      maxRecordBytes: dataset.record.maxRecordBytes * (sourceEncoding(dataset.record.encoding)?.unit ?? 1),
      target: () => ({ bucket, key: quarantineKey({ pipeline: name, dataset: dataset.name, attemptId: item.unitId, file: numbers() }) }),
    });
  }

  private readText(range: ShareRange): Promise<SourceExtent> {
    const { directory, source, segments, quarantine, options } = this;
    return readTextPart({ ...options, directory, source, segments, quarantine, range, sayUnused: (unused) => { this.sayUnused(unused); } });
  }

  private sayUnused(unused: readonly string[]): void {
    if (unused.length > 0) this.options.report.say('CURATE_I1102', { dataset: this.options.dataset.name, key: this.options.item.key, fields: unused });
  }

  /** Curates a part whose values have types. */
  private async readTyped(): Promise<SourceExtent> {
    const { store, item, rawBucket: bucket, dataset, signal, segmentBytes = SEGMENT_BYTES } = this.options;
    const { directory, source, segments, quarantine } = this;
    const part: TypedPart = {
      store, ref: { bucket, key: item.key }, bytes: item.bytes, source, dataset, directory, segmentBytes, signal,
      // Segments have their own, which work at the same time.
      session: await segments.session(),
      useColumns: (names, unused) => { this.sayUnused(unused ?? unusedNames(dataset, names)); },
      curate: (segment) => segments.start((session) => ({
        ...segment, segment: { ...segment, proof: NO_PROOF }, fieldMap: mapRead(dataset),
        openRecords: () => Promise.resolve(new TextRecords(segment, session)),
      })),
      bad: (record) => { quarantine.add(record); },
      flush: async () => { if (quarantine.full) await quarantine.flush(); },
    };
    if (dataset.record.format === 'excel') return { bytes: item.bytes, headerMissing: await readExcel(part) };
    return { bytes: await (dataset.record.format === 'avro' ? readAvro : readParquet)(part), headerMissing: false };
  }
}
