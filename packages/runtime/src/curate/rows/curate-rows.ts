import { mkdtemp, rm, stat } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Dataset } from '../../contract/contract';
import { asRecorded } from '../../contract/mask';
import { isNested } from '../../contract/nested-type';
import { isTyped } from '../../contract/record-formats';
import { PipelineError } from '../../errors/pipeline-error';
import type { Report } from '../../report/report';
import { quarantineKey } from '../../run/keys';
import type { WorkFolder } from '../../run/work';
import type { ObjectStore } from '../../stores/object-store';
import type { RowsItem, RowsResult } from '../documents';
import { DuckdbEngine, type EngineSession } from '../engine/duckdb-engine';
import { fileNumbers } from '../file-numbers';
import { readExcel } from './excel/excel-part';
import { readAvro } from './typed/avro-part';
import { ColumnCutter } from './csv/cut/column-cutter';
import { csvDialect } from './csv/csv-dialect';
import { mapHeader, mapPositions, mapRead, type FieldMap } from './csv/csv-header';
import { CsvScanner } from './csv/csv-scanner';
import { valueForms, type ValueForm } from './csv/cut/value-form';
import { FixedWidthRecords } from './fixed-width-records';
import type { BlockScanner, FramedRecords } from './framed-records';
import { withRoomyHeap } from './heap-growth';
import { InFlight } from './in-flight';
import { documentBlockBytes, DocumentScanner } from './document-scanner';
import { jsonDocument } from './json/json-document';
import { JsonRecords } from './json/json-records';
import { LineScanner } from './line-scanner';
import { compressionOf, readPacked } from './packed/packed-source';
import { readParquet } from './typed/parquet-part';
import { QuarantineWriter } from './quarantine-writer';
import { ProvenTexts } from './proven-texts';
import { scanRecords, type SourceExtent } from './record-blocks';
import { readHeader, shareRange, WHOLE_PART } from './share-range';
import { curateSegment, type SegmentJob } from './curate-segment';
import { MOST_NUMBERED_RUNS } from './record-numbers';
import { fieldColumn, readCanonical, readColumns, valueColumn } from './row-query';
import { useMaskSalt } from './mask-salt';
import { NO_PROOF, ProvenFields } from './csv/proven-fields';
import { SegmentRecords, type RecordEnds } from './segment-records';
import { SegmentWriter, type Segment } from './segment-writer';
import { sourceEncoding, type SourceEncoding } from './encoding/source-encoding';
import { SourceOffsets } from './encoding/source-offsets';
import { TextRecords, type TextSegment } from './typed/text-records';
import { TranscodedRecords } from './encoding/transcoded-records';
import type { TypedPart } from './typed/typed-part';
import { unusedNames } from './typed/typed-columns';
import { xmlDocument } from './xml/xml-document';

/** Bytes of a segment: enough rows for full row groups, few enough that two in flight fit a small task. */
const SEGMENT_BYTES = 32 * 1024 * 1024;

/**
 * A part of so many segments or fewer has twice as many, of half the length: what is done when its first is there and after its last
 * one was read is done by few threads (measured: 75 MB in 0.9 of the time, and 750 MB in the same).
 */
const FEW_SEGMENTS = 4;

/**
 * Segments in the engine at once, while the scanner fills the next: one for each core, each on one thread. The numbering of rows keeps a
 * statement on one thread anyhow, and a second one only burns time in search of work (measured: 0.95 s of processor time for 0.55 s).
 * The scanner feeds no more than the most; with fewer than two, the engine would idle while files come and go.
 */
const SEGMENT_THREADS = 1;
const [FEWEST_SEGMENTS, MOST_SEGMENTS] = [2, 4];

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
  private readonly inFlight: InFlight;
  private readonly idle: EngineSession[] = [];
  private readonly files: { kept: number; number: number; key: string; bytes: number; sha256: string }[] = [];
  private readonly quality: Record<number, number> = {};
  private filtered = 0;
  private fieldMap?: FieldMap;
  private proven?: ProvenFields | ProvenTexts;
  private valueForms?: ReadonlyMap<number, ValueForm>;
  private readonly encoding?: SourceEncoding;
  private range = WHOLE_PART;

  constructor(private readonly options: RowsOptions, private readonly directory: string, private readonly engine: Promise<DuckdbEngine>) {
    this.encoding = sourceEncoding(options.dataset.record.encoding);
    this.source = `s3://${options.rawBucket}/${options.item.key}`;
    this.inFlight = new InFlight(Math.min(MOST_SEGMENTS, Math.max(FEWEST_SEGMENTS, options.cores ?? availableParallelism())));
  }

  async run(): Promise<RowsResult> {
    const { signal, item, report, dataset } = this.options;
    const range = await shareRange(item, dataset.record, this.options.rawBucket, this.options.store, { signal });
    this.range = range ?? WHOLE_PART;
    const quarantine = this.openQuarantine();
    const segments = this.openSegments(quarantine);
    let extent: SourceExtent;
    try {
      extent = range === undefined ? NOTHING : await (isTyped(dataset.record.format) ? this.readTyped(quarantine) : this.scan(segments, quarantine));
      await segments.finish();
      await this.inFlight.drain();
      await quarantine.flush();
    } catch (error) {
      await segments.discard();
      throw error;
    } finally {
      // The engine must not be closed, nor its files removed, under a segment that is still at work.
      await this.inFlight.settle();
    }
    signal?.throwIfAborted();
    const { filtered } = this;
    const kept = this.files.reduce((sum, file) => sum + file.kept, 0) + filtered;
    const rejected = quarantine.total;
    const parsed = kept + rejected;
    const content = parsed > 0 ? 'records' : extent.bytes === 0 || extent.headerMissing ? 'empty' : 'header-only';
    report.say('CURATE_I1101', { dataset: item.dataset, key: item.key, parsed, kept, rejected, filtered, bytes: extent.bytes, byCode: quarantine.counts });
    return {
      unitId: item.unitId, key: item.key, content, sourceBytes: extent.bytes, counts: { parsed, kept, rejected }, filtered,
      files: this.files.sort((a, b) => a.number - b.number).map(({ key, bytes, sha256, kept: rows }) => ({ key, bytes, sha256, kept: rows })),
      quarantine: { parts: quarantine.parts, byCode: quarantine.counts },
      ...(dataset.quality.length === 0 ? {} : { quality: this.quality }),
    };
  }

  private openQuarantine(): QuarantineWriter {
    const { store, item, pipeline: name, curatedBucket: bucket, dataset, signal } = this.options;
    const numbers = fileNumbers();
    return new QuarantineWriter({
      session: async () => (await this.engine).session(signal), store, directory: this.directory, part: item.key, signal,
      // What is one byte of UTF-8 may be two in the source.
      maxRecordBytes: dataset.record.maxRecordBytes * (this.encoding?.unit ?? 1),
      target: () => ({ bucket, key: quarantineKey({ pipeline: name, dataset: dataset.name, attemptId: item.unitId, file: numbers() }) }),
    });
  }

  private openSegments(quarantine: QuarantineWriter): SegmentWriter {
    return new SegmentWriter({
      directory: this.directory, encoding: this.encoding, targetBytes: this.options.segmentBytes ?? this.segmentBytes, csvHeader: 'headrace',
      cutter: this.canonical ? undefined : () => this.cutter(),
      recordsBefore: this.range.start === undefined ? 0 : this.range.start.record - (this.hasHeader ? 1 : 0),
      mostRuns: this.options.dataset.lineageColumns === true ? MOST_NUMBERED_RUNS : undefined,
      takeProof: () => this.proven?.take() ?? NO_PROOF,
      dispatch: (segment) => this.inFlight.start(() => this.curate(segment, quarantine)),
      bad: (code, reason, bytes, offset, line) => quarantine.add({ code, reason, bytes: Buffer.from(bytes), offset, line }),
    });
  }

  private get segmentBytes(): number {
    const { bytes, share } = this.options.item;
    return bytes / (share?.of ?? 1) <= FEW_SEGMENTS * SEGMENT_BYTES ? SEGMENT_BYTES / 2 : SEGMENT_BYTES;
  }

  /** Whether records are re-told by us, because the engine's own reader of the format may not see them. */
  private get canonical(): boolean {
    return this.options.dataset.record.format !== 'csv';
  }

  private async scan(segments: SegmentWriter, quarantine: QuarantineWriter): Promise<SourceExtent> {
    const { store, item, rawBucket: bucket, dataset, signal, blockBytes } = this.options;
    const { record } = dataset;
    const quote = record.quote === '' ? -1 : record.quote.charCodeAt(0);
    let extent: SourceExtent | undefined;
    const { encoding, range: { start, end } } = this;
    const ref = { bucket, key: item.key };
    if (start !== undefined && this.hasHeader) {
      const header = await readHeader(ref, { record, source: this.source, store, signal });
      this.fieldMap = mapHeader(dataset, header, this.source);
    }
    const read = async (chunks: AsyncIterable<Uint8Array>): Promise<void> => {
      const offsets = encoding && new SourceOffsets(encoding);
      const transcoder = encoding?.transcoder(this.source);
      const framed = offsets === undefined ? segments : new TranscodedRecords(segments, encoding!, offsets);
      const found = await scanRecords(offsets === undefined ? chunks : offsets.read(chunks, transcoder!), {
        source: this.source, maxRecordBytes: record.maxRecordBytes, quote: record.multiline && quote >= 0 ? quote : undefined, framed, signal,
        release: offsets && ((offset) => { offsets.release(offset); }),
        blockBytes: isDocument(record) ? documentBlockBytes(record.maxRecordBytes, blockBytes) : blockBytes,
        start,
        header: !this.hasHeader || start !== undefined ? undefined : {
          quote: record.multiline ? quote : -1, read: (bytes) => { this.useHeader(bytes); },
        },
        scanner: (line) => this.scanner(framed, segments, line),
        flush: async () => {
          await segments.flush();
          if (quarantine.full) await quarantine.flush();
        },
      });
      extent = transcoder === undefined ? found : { ...found, bytes: transcoder.passed };
    };
    const range = this.range === WHOLE_PART ? undefined : { start: start?.offset ?? 0, ...(end === undefined ? {} : { end: end - 1 }) };
    await readPacked({ store, ref, range, bytes: item.bytes, compression: compressionOf(record, item), source: this.source, signal }, read);
    return extent!;
  }

  private get hasHeader(): boolean {
    const { format, header } = this.options.dataset.record;
    return format === 'csv' && header !== 'none';
  }

  private useHeader(bytes: Buffer): void {
    this.fieldMap = mapHeader(this.options.dataset, bytes, this.source);
    this.sayUnused(this.fieldMap.unused);
  }

  private sayUnused(unused: readonly string[]): void {
    if (unused.length > 0) this.options.report.say('CURATE_I1102', { dataset: this.options.dataset.name, key: this.options.item.key, fields: unused });
  }

  private scanner(framed: FramedRecords, segments: SegmentWriter, line: number): BlockScanner {
    const { dataset } = this.options;
    if (!this.canonical) return this.csvScanner(framed, line);
    const canonical = (bytes: Buffer): void => { segments.canonical(bytes); };
    const proven = this.proven = new ProvenTexts(dataset);
    switch (dataset.record.format) {
      case 'json': return new DocumentScanner(dataset, this.source, framed, jsonDocument(dataset, canonical, proven));
      case 'xml': return new DocumentScanner(dataset, this.source, framed, xmlDocument(dataset, canonical, proven));
      case 'fixed-width': return new LineScanner(dataset, framed, new FixedWidthRecords(dataset, canonical, proven), line);
      default: return new LineScanner(dataset, framed, new JsonRecords(dataset, canonical, proven), line);
    }
  }

  private csvScanner(framed: FramedRecords, line: number): BlockScanner {
    const { dataset } = this.options;
    this.fieldMap ??= mapPositions(dataset);
    const dialect = csvDialect(dataset.record, this.fieldMap.fields);
    const proven = this.proven = new ProvenFields(dataset, dialect, this.fieldMap, this.forms);
    return new CsvScanner(dialect, framed, line, proven);
  }

  private cutter(): ColumnCutter {
    const { dataset } = this.options;
    const { fields: count, byColumn } = this.fieldMap!;
    const read = new Set(byColumn);
    const fields = Array.from({ length: count }, (_, field) => {
      const form = this.forms.get(field);
      return read.has(field) ? { text: fieldColumn(field), value: form && { name: valueColumn(field), form } } : undefined;
    });
    return new ColumnCutter({ dialect: csvDialect(dataset.record, count), nullTokens: dataset.record.nullTokens, fields });
  }

  /** How fields of CSV are told as values. */
  private get forms(): ReadonlyMap<number, ValueForm> {
    return this.valueForms ??= valueForms(this.options.dataset, this.fieldMap!);
  }

  private async curate(segment: Segment, quarantine: QuarantineWriter): Promise<void> {
    const { dataset } = this.options;
    const { record } = dataset;
    const { textsPath } = segment;
    const texts = this.canonical ? readCanonical(textsPath, dataset, (await stat(textsPath)).size) : readColumns(textsPath);
    const values = this.canonical ? undefined : new Map([...this.forms.keys()].map((field) => [field, segment.others.has(fieldColumn(field))]));
    await this.curateTexts(quarantine, () => ({
      segment, texts, values, files: [textsPath, segment.sourcePath],
      openRecords: () => SegmentRecords.open(segment, recordEnds(record), this.encoding),
    }));
  }

  /** Curates a part whose values have types. */
  private async readTyped(quarantine: QuarantineWriter): Promise<SourceExtent> {
    const { store, item, rawBucket: bucket, dataset, signal, segmentBytes = SEGMENT_BYTES } = this.options;
    const { directory, source } = this;
    // Segments have their own, which work at the same time.
    const session = await this.session();
    const part: TypedPart = {
      store, ref: { bucket, key: item.key }, bytes: item.bytes, source, dataset, directory, segmentBytes, session, signal,
      useColumns: (names, unused) => { this.sayUnused(unused ?? unusedNames(dataset, names)); },
      curate: (segment) => this.inFlight.start(async () => {
        try {
          await this.curateTexts(quarantine, (engine) => textsOf(segment, engine));
        } catch (error) {
          throw await segment.failure?.(error) ?? error;
        }
      }),
      bad: (record) => { quarantine.add(record); },
      flush: async () => { if (quarantine.full) await quarantine.flush(); },
    };
    if (dataset.record.format === 'excel') return { bytes: item.bytes, headerMissing: await readExcel(part) };
    return { bytes: await (dataset.record.format === 'avro' ? readAvro : readParquet)(part), headerMissing: false };
  }

  private async curateTexts(quarantine: QuarantineWriter, tell: (session: EngineSession) => TextsOfSegment): Promise<void> {
    const { dataset, item, folder, store, signal } = this.options;
    const session = this.idle.pop() ?? await this.session();
    const told = tell(session);
    const { segment } = told;
    try {
      const { file, filtered, quality } = await curateSegment({
        ...told, session, dataset, fieldMap: this.fieldMap ?? mapRead(dataset), item, quarantine, store, signal, source: this.source,
        path: join(this.directory, `${segment.number}.parquet`),
        target: { bucket: folder.bucket, key: `${folder.prefix}rows/${item.index}-${TRY}-${segment.number}.parquet` },
      });
      this.filtered += filtered;
      if (file !== undefined) this.files.push({ ...file, number: segment.number });
      for (const [rule, count] of Object.entries(quality)) this.quality[Number(rule)] = (this.quality[Number(rule)] ?? 0) + count;
      this.idle.push(session);
    } catch (error) {
      session.close();
      throw PipelineError.is(error) || signal?.aborted ? this.discreet(error) : PipelineError.from(error);
    }
  }

  private async session(): Promise<EngineSession> {
    const { maskSalt, signal } = this.options;
    const session = await (await this.engine).session(signal);
    if (maskSalt !== undefined) await useMaskSalt(session, maskSalt);
    return session;
  }

  /** An engine that cannot read a line quotes it, and values of masked columns belong nowhere but to quarantine. */
  private discreet(error: unknown): unknown {
    const masked = this.options.dataset.columns.some(({ mask }) => mask !== undefined);
    if (!masked || !PipelineError.is(error) || !error.code.startsWith('ENGINE')) return error;
    const { code, kind, fault } = error;
    return new PipelineError(code, `${this.source}: the engine failed; what it said is left out, because it may quote values of masked columns`, { kind, fault });
  }
}

function textsOf(segment: TextSegment, session: EngineSession): TextsOfSegment {
  const { texts, files, where } = segment;
  return { segment: { ...segment, proof: NO_PROOF }, texts, files, where, openRecords: () => Promise.resolve(new TextRecords(segment, session)) };
}

type TextsOfSegment = Pick<SegmentJob, 'segment' | 'texts' | 'values' | 'files' | 'where' | 'openRecords'>;

/** Whether a part is one document, in which line ends are spaces. */
function isDocument({ format }: Dataset['record']): boolean {
  return format === 'json' || format === 'xml';
}

function recordEnds(record: Dataset['record']): RecordEnds {
  const { multiline, quote } = record;
  if (isDocument(record)) return 'marks';
  return multiline ? { quote: quote.charCodeAt(0) } : 'lines';
}

/** Tells the files of this process from those of another try of the same item, so that neither can overwrite the other's. */
const TRY = Math.random().toString(36).slice(2, 10);
