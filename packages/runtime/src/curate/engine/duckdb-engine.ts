import { totalmem } from 'node:os';
import { DuckDBInstance, type DuckDBConnection, type Json } from '@duckdb/node-api';
import { PipelineError, transientError } from '../../errors/pipeline-error';
import { quoteLiteral } from '../../contract/quote-identifier';

const MIB = 1024 * 1024;

/** Share of the container's memory that the engine may use; the rest is for Node, read buffers and what engines do not count. */
const ENGINE_SHARE = 0.5;

export interface EngineOptions {
  /** Where the engine spills what does not fit its memory. */
  readonly directory: string;
  /** The most that the engine may use, and never more than half of the container's memory. */
  readonly memoryMiB: number;
  readonly threads: number;
  /** Whether results keep the order of their source. @default true */
  readonly keepOrder?: boolean;
}

/** An in-process DuckDB whose every setting that could change a result or a footprint is said. */
export class DuckdbEngine {
  private constructor(private readonly instance: DuckDBInstance) {}

  static async open(options: EngineOptions): Promise<DuckdbEngine> {
    const instance = await DuckDBInstance.create(':memory:', {
      threads: String(options.threads),
      memory_limit: `${Math.floor(Math.min(options.memoryMiB, shareOfMemoryMiB()))}MiB`,
      temp_directory: options.directory,
      preserve_insertion_order: String(options.keepOrder ?? true),
      // Nothing may be fetched or loaded: all that is used is built in.
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
      default_null_order: 'nulls_last',
      // Every file is read once; a cache of them would fill whatever memory there is.
      enable_external_file_cache: 'false',
    });
    return new DuckdbEngine(instance);
  }

  /** Opens a session; sessions of one engine work at the same time and share its memory. */
  async session(signal?: AbortSignal): Promise<EngineSession> {
    const connection = await this.instance.connect();
    const session = new EngineSession(connection, signal);
    await session.run(`SET TimeZone = ${quoteLiteral('UTC')}`);
    return session;
  }

  close(): void {
    this.instance.closeSync();
  }
}

export class EngineSession {
  constructor(readonly connection: DuckDBConnection, private readonly signal?: AbortSignal) {}

  /** Runs a statement and returns the number of rows it changed or wrote. */
  async run(sql: string): Promise<number> {
    return this.interruptible(async () => {
      const result = await this.connection.run(sql);
      return result.rowsChanged;
    });
  }

  /** Runs a query with a small result; numbers beyond 53 bits and decimals come as text. */
  async rows(sql: string): Promise<Record<string, Json>[]> {
    return this.interruptible(async () => (await this.connection.runAndReadAll(sql)).getRowObjectsJson());
  }

  close(): void {
    this.connection.closeSync();
  }

  private async interruptible<T>(work: () => Promise<T>): Promise<T> {
    this.signal?.throwIfAborted();
    const interrupt = (): void => this.connection.interrupt();
    this.signal?.addEventListener('abort', interrupt, { once: true });
    try {
      return await work();
    } catch (error) {
      this.signal?.throwIfAborted();
      throw engineError(error);
    } finally {
      this.signal?.removeEventListener('abort', interrupt);
    }
  }
}

/** What the engine said, as an error of ours: `ENGINE_MEMORY`, `ENGINE_IO` or `ENGINE`. */
export function engineError(error: unknown): PipelineError {
  const message = error instanceof Error ? error.message : String(error);
  if (/^(Error: )?Out of Memory Error/i.test(message)) {
    return new PipelineError('ENGINE_MEMORY', `the engine ran out of memory: ${message.split('\n')[0]}; give the task more memory`, { fault: 'user', cause: error });
  }
  if (/^(Error: )?IO Error/i.test(message)) return transientError('ENGINE_IO', message.split('\n')[0] ?? message, {}, error);
  return new PipelineError('ENGINE', message, { cause: error });
}

function shareOfMemoryMiB(): number {
  // 0, or far more than there is, where no control group limits the process.
  const constrained = process.constrainedMemory();
  const bytes = constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
  return Math.max(128, (bytes / MIB) * ENGINE_SHARE);
}
