import { transientError, type PipelineError } from '../../errors/pipeline-error';
import { sameVersion } from '../source/file-selection';
import { SOURCE_CHANGED, type Opened, type ShardReader, type SourceHead } from '../source/shard-reader';
import type { ShardTries } from '../source/shard-tries';
import type { SftpConnection } from './sftp-connection';
import { sftpFailure } from './sftp-failure';
import { identityOf, type SftpRead } from './sftp-listing';
import type { SftpSourceSettings } from './sftp-settings';

/** What every server answers in one packet. */
const READ_BYTES = 32 * 1024;

/** Requests under way: 2 MiB ahead of the consumer, enough for 160 Mbit/s over 100 ms. */
const READS_AHEAD = 64;

/**
 * One file, with retries and resumption.
 *
 * After a broken connection it goes on at the byte reached when size and time are as before, and begins anew otherwise. They
 * are compared once more after the last byte, so a file that was written to while it was read does not land.
 */
export class SftpFile implements ShardReader {
  constructor(
    private readonly source: SftpSourceSettings, private readonly read: SftpRead,
    /** The connection of the session; a new one where the last has broken. */
    private readonly connection: (signal: AbortSignal) => Promise<SftpConnection>,
    private readonly attempts: ShardTries,
  ) {}

  get tries(): number {
    return this.attempts.count;
  }

  async open(): Promise<Opened> {
    for (;;) {
      try {
        const opened = await this.handle();
        const { identity } = opened;
        const head: SourceHead = { identity, bytes: identity.bytes, endMarked: true };
        return { outcome: 'open', head, body: this.body(opened, head) };
      } catch (error) {
        await this.attempts.failed(this.failure(error, 0), 0);
      }
    }
  }

  close(): void {
    this.attempts.close();
  }

  private async* body(first: OpenHandle, head: SourceHead): AsyncGenerator<Buffer, void, void> {
    const size = head.bytes as number;
    let opened = first;
    let offset = 0;
    for (;;) {
      try {
        for await (const chunk of readAhead(opened, offset, size, this.attempts.signal)) {
          offset += chunk.length;
          yield chunk;
        }
        const after = identityOf(await opened.connection.statHandle(opened.handle));
        if (offset === size && sameVersion(after, head.identity)) return;
        throw this.unstable(offset);
      } catch (error) {
        const failure = this.failure(error, offset);
        await this.attempts.failed(failure, offset);
        if (failure.code === UNSTABLE) throw this.changed(offset);
      } finally {
        await opened.connection.close(opened.handle);
      }
      opened = await this.again(offset, head);
    }
  }

  /** The same version of the file, on a connection that works. */
  private async again(offset: number, head: SourceHead): Promise<OpenHandle> {
    for (;;) {
      try {
        const opened = await this.handle();
        if (sameVersion(opened.identity, head.identity)) return opened;
        await opened.connection.close(opened.handle);
        throw this.unstable(offset);
      } catch (error) {
        const failure = this.failure(error, offset);
        if (failure.code === UNSTABLE) throw this.changed(offset);
        await this.attempts.failed(failure, offset);
      }
    }
  }

  private async handle(): Promise<OpenHandle> {
    const { signal } = this.attempts;
    const connection = await this.connection(signal);
    // A call that waits for an answer ends with the time-out too.
    const stop = (): void => { connection.destroy(signal.reason as Error); };
    signal.addEventListener('abort', stop, { once: true });
    try {
      const handle = await connection.open(this.read.path);
      return { connection, handle, identity: identityOf(await connection.statHandle(handle)) };
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  private failure(error: unknown, offset: number): PipelineError {
    this.attempts.signal.throwIfAborted();
    return sftpFailure(error, this.source, this.read.path, offset);
  }

  private unstable(offset: number): PipelineError {
    return transientError(UNSTABLE, `${this.read.path} was written to each time it was read; raise settle above the time that writing takes, or have the writer rename finished files`, { path: this.read.path, offset });
  }

  private changed(offset: number): PipelineError {
    return transientError(SOURCE_CHANGED, `${this.read.path} changed while it was read; all of it must be read again`, { path: this.read.path, offset });
  }
}

const UNSTABLE = 'SOURCE_UNSTABLE';

interface OpenHandle { readonly connection: SftpConnection; readonly handle: Buffer; readonly identity: ReturnType<typeof identityOf> }

/** Bytes from `offset` up to `size`, in order, with a fixed number of requests under way. Ends early where the file does. */
async function* readAhead({ connection, handle }: OpenHandle, offset: number, size: number, signal: AbortSignal): AsyncGenerator<Buffer> {
  const ahead: Array<Promise<Buffer>> = [];
  let next = offset;
  const ask = (): void => {
    while (ahead.length < READS_AHEAD && next < size) {
      const want = Math.min(READ_BYTES, size - next);
      const asked = readWhole(connection, handle, next, want);
      // The first failure in order is the one that is told.
      asked.catch(() => undefined);
      ahead.push(asked);
      next += want;
    }
  };
  const stop = (): void => { connection.destroy(signal.reason as Error); };
  signal.addEventListener('abort', stop, { once: true });
  try {
    for (ask(); ahead.length > 0; ask()) {
      const expected = Math.min(READ_BYTES, size - offset);
      const chunk = await (ahead.shift() as Promise<Buffer>);
      if (chunk.length > 0) yield chunk;
      offset += chunk.length;
      if (chunk.length < expected) return;
    }
  } finally {
    signal.removeEventListener('abort', stop);
    await Promise.allSettled(ahead);
  }
}

/** Servers may answer with less than was asked for. */
async function readWhole(connection: SftpConnection, handle: Buffer, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafeSlow(length);
  let have = 0;
  while (have < length) {
    const bytes = await connection.read(handle, buffer.subarray(have), position + have);
    if (bytes === 0) break;
    have += bytes;
  }
  return buffer.subarray(0, have);
}
