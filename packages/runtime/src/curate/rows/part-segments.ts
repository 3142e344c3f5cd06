import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { PipelineError } from '../../errors/pipeline-error';
import type { RowsFile } from '../documents';
import type { DuckdbEngine, EngineSession } from '../engine/duckdb-engine';
import type { RowsOptions } from './curate-rows';
import { curateSegment, type SegmentJob } from './curate-segment';
import { InFlight } from './in-flight';
import { useMaskSalt } from './mask-salt';
import type { QuarantineWriter } from './quarantine-writer';

/**
 * Segments in the engine at once, while the scanner fills the next: one for each core, each on one thread. The numbering of rows keeps a
 * statement on one thread anyhow, and a second one only burns time in search of work (measured: 0.95 s of processor time for 0.55 s).
 * The scanner feeds no more than the most; with fewer than two, the engine would idle while files come and go.
 */
export const SEGMENT_THREADS = 1;
const [FEWEST_SEGMENTS, MOST_SEGMENTS] = [2, 4];

/** What a reader of the part's format tells of a segment. */
export interface ToldSegment extends Pick<SegmentJob, 'segment' | 'texts' | 'values' | 'files' | 'where' | 'openRecords' | 'fieldMap'> {
  /** What an error means, where it may be the source's fault. */
  readonly failure?: (error: unknown) => Promise<unknown>;
}

export interface PartSegmentsOptions extends Pick<RowsOptions, 'dataset' | 'item' | 'folder' | 'store' | 'signal' | 'maskSalt' | 'cores'> {
  /** For local files. */
  readonly directory: string;
  readonly engine: Promise<DuckdbEngine>;
  readonly quarantine: QuarantineWriter;
  /** Names the part in errors. */
  readonly source: string;
}

/** Curates the segments of a part, some at once, and keeps account of them. */
export class PartSegments {
  private readonly inFlight: InFlight;
  private readonly idle: EngineSession[] = [];
  private readonly uploaded: (RowsFile & { readonly number: number })[] = [];
  /** Records that each rule counts, by the rule's number in its dataset. */
  readonly quality: Record<number, number> = {};
  /** Good records that the dataset's filter leaves out. */
  filtered = 0;

  constructor(private readonly options: PartSegmentsOptions) {
    this.inFlight = new InFlight(Math.min(MOST_SEGMENTS, Math.max(FEWEST_SEGMENTS, options.cores ?? availableParallelism())));
  }

  /** Files of typed rows, in the order of the part. */
  get files(): RowsFile[] {
    return [...this.uploaded].sort((a, b) => a.number - b.number).map(({ key, bytes, sha256, kept }) => ({ key, bytes, sha256, kept }));
  }

  /** Starts with a segment as soon as there is room; resolves when it has begun, throws when one before it failed. */
  async start(tell: (session: EngineSession) => ToldSegment | Promise<ToldSegment>): Promise<void> {
    await this.inFlight.start(() => this.curate(tell));
  }

  /** Waits for all segments and throws the first failure. */
  async drain(): Promise<void> {
    await this.inFlight.drain();
  }

  /** Waits for all segments, whatever became of them. */
  async settle(): Promise<void> {
    await this.inFlight.settle();
  }

  /** A session of the engine; whoever asked for it closes it, or leaves that to the engine. */
  async session(): Promise<EngineSession> {
    const { engine, maskSalt, signal } = this.options;
    const session = await (await engine).session(signal);
    if (maskSalt !== undefined) await useMaskSalt(session, maskSalt);
    return session;
  }

  private async curate(tell: (session: EngineSession) => ToldSegment | Promise<ToldSegment>): Promise<void> {
    const { dataset, item, folder, store, signal, quarantine, source, directory } = this.options;
    const session = this.idle.pop() ?? await this.session();
    let told: ToldSegment | undefined;
    try {
      told = await tell(session);
      const { number } = told.segment;
      const { file, filtered, quality } = await curateSegment({
        ...told, session, dataset, item, quarantine, store, signal, source,
        path: join(directory, `${number}.parquet`),
        target: { bucket: folder.bucket, key: `${folder.prefix}rows/${item.index}-${TRY}-${number}.parquet` },
      });
      this.filtered += filtered;
      if (file !== undefined) this.uploaded.push({ ...file, number });
      for (const [rule, count] of Object.entries(quality)) this.quality[Number(rule)] = (this.quality[Number(rule)] ?? 0) + count;
      this.idle.push(session);
    } catch (error) {
      session.close();
      const discreet = PipelineError.is(error) || signal?.aborted ? this.discreet(error) : PipelineError.from(error);
      throw await told?.failure?.(discreet) ?? discreet;
    }
  }

  /** An engine that cannot read a line quotes it, and values of masked columns belong nowhere but to quarantine. */
  private discreet(error: unknown): unknown {
    const { dataset, source } = this.options;
    const masked = dataset.columns.some(({ mask }) => mask !== undefined);
    if (!masked || !PipelineError.is(error) || !error.code.startsWith('ENGINE')) return error;
    const { code, kind, fault } = error;
    return new PipelineError(code, `${source}: the engine failed; what it said is left out, because it may quote values of masked columns`, { kind, fault });
  }
}

/** Tells the files of this process from those of another try of the same item, so that neither can overwrite the other's. */
const TRY = Math.random().toString(36).slice(2, 10);
