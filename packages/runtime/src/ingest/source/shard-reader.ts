import type { PipelineError } from '../../errors/pipeline-error';
import type { SourceExport, SourceIdentity } from '../../run/manifest';

/** What the source told about the version that is read. */
export interface SourceHead {
  readonly identity: SourceIdentity;
  /** Length of the whole shard; undefined where the source does not tell. */
  readonly bytes?: number;
  readonly contentType?: string;
  /** Whether the end of the body can be told from a broken connection. */
  readonly endMarked: boolean;
  /** How a database wrote it. */
  readonly export?: SourceExport;
}

export type Opened =
  | { readonly outcome: 'unchanged' }
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

/** One failed try that is followed by another. */
export interface RetryNote {
  readonly error: PipelineError;
  /** Number of the failed try, from 1. */
  readonly try: number;
  readonly tries: number;
  readonly offset: number;
  readonly delayMs: number;
}
