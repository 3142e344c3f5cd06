import type { PipelineError } from '../../errors/pipeline-error';
import type { Count, SourceExport, SourceIdentity } from '../../run/manifest';

/** What the source told about the version that is read. */
export interface SourceHead {
  readonly identity: SourceIdentity;
  /** Length of the whole shard; undefined where the source does not tell. */
  readonly bytes?: number;
  readonly contentType?: string;
  /** Whether the end of the body can be told from a broken connection. */
  readonly endMarked: boolean;
  /** Where a series goes on, if its head says so and not its bytes. Kept with the object, for a try that finds it landed. */
  readonly follow?: string;
  /** Of an object that was found: whether `follow` could not be kept, so that nobody knows if there is one. */
  readonly followLost?: boolean;
  /** How a database wrote it. */
  readonly export?: SourceExport;
}

export type Opened =
  /** `since` is the number of the commit, where only the reader knows it. */
  | { readonly outcome: 'unchanged'; readonly since?: number }
  /** There is no such file, and the source may lack it. */
  | { readonly outcome: 'missing' }
  | { readonly outcome: 'open'; readonly head: SourceHead; readonly body: AsyncIterable<Buffer> };

/** The code of the failure that says: what was read so far is of no use, open the shard again. */
export const SOURCE_CHANGED = 'SOURCE_CHANGED';

/**
 * Reads one shard of a source.
 *
 * The body is either every byte of one version of the shard, or it throws. What a reader can mend it mends by itself;
 * where only a new beginning helps, the body throws `SOURCE_CHANGED`, and the caller opens again.
 */
export interface ShardReader {
  /** Opens the shard at its first byte. Retries until it answers, or throws the last failure. */
  open(): Promise<Opened>;
  /** Tries that were needed so far, from 1. */
  readonly tries: number;
  /** Records that the source says it sent; known when the body has ended, undefined where the source does not tell. */
  readonly records?: number;
  /** Ends timers and connections of this shard. */
  close(): void | Promise<void>;
}

/**
 * The parts of a shard whose number nobody knows before its end, such as the pages of an API. They are read one by one, in
 * order; each says where the next one is.
 */
export interface ShardSeries {
  /** The next part; undefined when the one before, which must have ended, was the last. */
  next(): SeriesPart | undefined;
  /** How far the shard came, where only its end tells. */
  readonly cursorTo?: string;
  /** The commit that has all of it already, where only its end tells that nothing is new. */
  readonly unchangedSince?: number;
}

/** One part of a series. */
export interface SeriesPart {
  /** Its place without secrets; equal URLs are the same part of a later run. */
  readonly url: string;
  /** What the part is called behind its number. @default - as the shard is */
  readonly fileName?: string;
  reader(): ShardReader;
  /** An earlier try landed the part: its head and all its bytes, passed to the answer, take the place of reading it. */
  adopt(head: SourceHead): (chunk: Uint8Array) => void;
  /** Called when all bytes have passed and, unless it was adopted, none is visible; throws where the part must not count. */
  end(sum: { readonly bytes: number; readonly sha256: string }): void;
  /** Records where lines are none; undefined where lines are counted. Known after `end`. */
  readonly records?: Count;
}

/** One failed try that is followed by another. */
export interface RetryNote {
  readonly error: PipelineError;
  /** Number of the failed try, from 1. */
  readonly try: number;
  readonly tries: number;
  readonly offset: number;
  readonly delayMs: number;
}
