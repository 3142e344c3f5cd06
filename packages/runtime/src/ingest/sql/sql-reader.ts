import { setTimeout as delay } from 'node:timers/promises';
import { PipelineError, transientError, userError } from '../../errors/pipeline-error';
import type { SourceExport } from '../../run/manifest';
import { DEFAULT_RETRY, retryDelayMs } from '../retry-policy';
import { SOURCE_CHANGED, type Opened, type RetryNote, type ShardReader } from '../source/shard-reader';
import type { Shard } from '../source/source-kind';
import type { SqlExport, SqlRead } from './sql-engine';
import type { SqlSourceSettings } from './sql-settings';
import type { Transaction } from './sql-session';

/** What the reader asks of the connection of its task. */
export interface ReaderSession {
  readonly source: SqlSourceSettings;
  transaction(shared: boolean): Promise<Transaction>;
  drop(): void;
}

interface ReaderDeps {
  readonly onRetry: (note: RetryNote) => void;
  readonly signal: AbortSignal;
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
}

const LF = 10;

/** One export. It cannot be continued in its middle: a failure that may pass begins again, with a new snapshot. */
export class SqlReader implements ShardReader {
  private readonly signal: AbortSignal;
  private readonly timer: NodeJS.Timeout;
  private readonly onAbort = (): void => this.session.drop();
  private failures = 0;
  private running?: SqlExport;

  constructor(private readonly shard: Shard<SqlRead>, private readonly session: ReaderSession, private readonly deps: ReaderDeps) {
    const { timeoutSeconds } = session.source;
    const limit = new AbortController();
    const late = transientError('SOURCE_TIMEOUT', `${shard.url} was not read within ${timeoutSeconds} s; raise timeout, or cut the source into shards with shardBy`, { url: shard.url, timeoutSeconds });
    this.timer = setTimeout(() => limit.abort(late), timeoutSeconds * 1_000);
    this.signal = AbortSignal.any([deps.signal, limit.signal]);
    this.signal.addEventListener('abort', this.onAbort, { once: true });
  }

  get tries(): number {
    return this.failures + 1;
  }

  /** As the server counted them. */
  get records(): number | undefined {
    return this.running?.records;
  }

  async open(): Promise<Opened> {
    const { read } = this.shard;
    for (;;) {
      try {
        this.signal.throwIfAborted();
        const { connection, snapshot } = await this.session.transaction(read.sharedSnapshot);
        this.running = connection.export(read);
        const told: SourceExport = {
          server: connection.server, dialect: read.dialect, session: connection.session, ...read.export, ...snapshot,
          consistency: snapshot.consistency === 'snapshot' && !read.sharedSnapshot ? 'shard' : snapshot.consistency,
        };
        return { outcome: 'open', head: { identity: {}, contentType: 'text/csv; charset=utf-8', endMarked: true, export: told }, body: this.body(this.running) };
      } catch (error) {
        await this.failedTry(error, 0);
      }
    }
  }

  close(): void {
    clearTimeout(this.timer);
    this.signal.removeEventListener('abort', this.onAbort);
  }

  private async* body(running: SqlExport): AsyncGenerator<Buffer, void, void> {
    let offset = 0;
    let lines = 0;
    const { oneLine, dialect } = this.shard.read;
    try {
      for await (const chunk of running.chunks) {
        offset += chunk.length;
        if (oneLine) lines += lineEnds(chunk);
        yield chunk;
      }
      this.signal.throwIfAborted();
    } catch (error) {
      await this.failedTry(error, offset);
      throw new PipelineError(SOURCE_CHANGED, `${this.shard.url} is exported again`, { cause: error });
    }
    if (oneLine) this.checkLines(lines - (dialect.header ? 1 : 0), running.records);
  }

  /** Otherwise curate would tear such records apart. */
  private checkLines(lines: number, records: number | undefined): void {
    if (records === undefined || lines === records) return;
    throw userError(
      'SOURCE_MULTILINE', `${this.shard.url}: ${records} records have ${lines} lines, so some value holds a line end; write multiline: true in headraceRecord, or remove line ends in a query. Nothing of this part is visible`,
      { url: this.shard.url, records, lines },
    );
  }

  /** Waits before the next try, or throws what cannot be mended. */
  private async failedTry(thrown: unknown, offset: number): Promise<void> {
    this.session.drop();
    if (this.signal.aborted) throw this.signal.reason;
    const error = PipelineError.from(thrown, 'SOURCE');
    const tries = this.session.source.retries + 1;
    this.failures += 1;
    if (error.kind !== 'transient' || this.failures >= tries) throw error;
    const delayMs = retryDelayMs({ ...DEFAULT_RETRY, tries }, this.failures, undefined, Math.random);
    this.deps.onRetry({ error, try: this.failures, tries, offset, delayMs });
    await (this.deps.sleep ?? ((ms, signal) => delay(ms, undefined, { signal })))(delayMs, this.signal);
  }
}

function lineEnds(chunk: Buffer): number {
  let count = 0;
  for (let at = chunk.indexOf(LF); at !== -1; at = chunk.indexOf(LF, at + 1)) count += 1;
  return count;
}
