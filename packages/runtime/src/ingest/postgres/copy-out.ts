import { postgresSourceFailure } from './postgres-source-failure';
import type { SqlExport } from '../sql/sql-engine';

/** The part of node-postgres' connection that a query of its own kind works with. */
interface PgConnection {
  readonly stream: NodeJS.ReadableStream & { listeners(event: 'data'): unknown[] };
  query(text: string): void;
}

type OnData = (chunk: Buffer) => void;

const COPY_DATA = 0x64;
const HEADER_BYTES = 5;
/** The socket rests while this much waits for the consumer. */
const HIGH_WATER_BYTES = 1024 * 1024;

/**
 * `COPY … TO STDOUT` as chunks.
 *
 * The server sends a message for each row. Taking them apart one by one costs more than all the rest, so while the rows
 * come, this reads the socket itself: it closes the gaps that the heads of the messages leave in a chunk, and hands
 * everything else on to the client, which knows the protocol.
 */
export class CopyOut implements SqlExport {
  /** False once the server has ended it. */
  open = true;
  records: number | undefined;
  readonly chunks: AsyncIterable<Buffer>;
  private connection?: PgConnection;
  private handOn: OnData = () => undefined;
  private readonly queue: Buffer[] = [];
  private queued = 0;
  private failure?: unknown;
  private wake: () => void = () => undefined;
  /** Of the message that is being read: bytes of its body to come, and whether they are rows. */
  private left = 0;
  private rows = false;
  private head: Buffer = Buffer.alloc(0);

  constructor(private readonly text: string, private readonly doing: string) {
    this.chunks = this.read();
  }

  /** Called by the client when it is this query's turn. */
  submit(connection: PgConnection): void {
    const [listener, ...others] = connection.stream.listeners('data') as OnData[];
    if (listener === undefined || others.length > 0) throw new TypeError('the client must read its socket by one listener');
    this.connection = connection;
    this.handOn = listener;
    connection.stream.removeListener('data', listener);
    connection.stream.on('data', this.take);
    connection.query(this.text);
  }

  handleError(error: unknown): void {
    this.failure = error;
    this.release();
  }

  handleCommandComplete({ text }: { text?: string }): void {
    const rows = /^COPY (\d+)$/.exec(text ?? '')?.[1];
    this.records = rows === undefined ? undefined : Number(rows);
  }

  handleReadyForQuery(): void {
    this.release();
  }

  private async* read(): AsyncGenerator<Buffer, void, void> {
    for (;;) {
      const chunk = this.queue.shift();
      if (chunk !== undefined) {
        this.queued -= chunk.length;
        if (this.queued < HIGH_WATER_BYTES) this.connection?.stream.resume();
        yield chunk;
      } else if (this.open) {
        await new Promise<void>((resolve) => { this.wake = resolve; });
      } else {
        if (this.failure !== undefined) throw postgresSourceFailure(this.failure, this.doing);
        return;
      }
    }
  }

  private readonly take = (chunk: Buffer): void => {
    let at = 0;
    let start = -1;
    let end = -1;
    while (at < chunk.length) {
      if (this.left === 0) {
        const head = this.readHead(chunk, at);
        at = head.at;
        if (!head.whole) break;
        if (!this.rows) this.handOn(head.bytes);
        if (this.left === 0) continue;
      }
      const take = Math.min(this.left, chunk.length - at);
      if (this.rows) {
        if (start === -1) start = end = at;
        if (end !== at) chunk.copyWithin(end, at, at + take);
        end += take;
      } else {
        this.handOn(Buffer.from(chunk.subarray(at, at + take)));
      }
      at += take;
      this.left -= take;
    }
    if (end > start) this.push(chunk.subarray(start, end));
  };

  /** Reads the head of the next message; it may begin in one chunk and end in the next. */
  private readHead(chunk: Buffer, at: number): { at: number; whole: boolean; bytes: Buffer } {
    let bytes: Buffer;
    if (this.head.length === 0 && chunk.length - at >= HEADER_BYTES) {
      this.rows = chunk[at] === COPY_DATA;
      this.left = chunk.readUInt32BE(at + 1) - 4;
      bytes = this.rows ? this.head : Buffer.from(chunk.subarray(at, at + HEADER_BYTES));
      return { at: at + HEADER_BYTES, whole: true, bytes };
    }
    const missing = Math.min(HEADER_BYTES - this.head.length, chunk.length - at);
    bytes = Buffer.concat([this.head, chunk.subarray(at, at + missing)]);
    const whole = bytes.length === HEADER_BYTES;
    this.head = whole ? Buffer.alloc(0) : Buffer.from(bytes);
    if (whole) {
      this.rows = bytes[0] === COPY_DATA;
      this.left = bytes.readUInt32BE(1) - 4;
    }
    return { at: at + missing, whole, bytes };
  }

  private push(chunk: Buffer): void {
    this.queue.push(chunk);
    this.queued += chunk.length;
    if (this.queued >= HIGH_WATER_BYTES) this.connection?.stream.pause();
    this.wake();
  }

  /** Gives the socket back to the client. */
  private release(): void {
    if (!this.open) return;
    this.open = false;
    const stream = this.connection?.stream;
    if (stream !== undefined) {
      stream.removeListener('data', this.take);
      stream.on('data', this.handOn);
      stream.resume();
    }
    this.wake();
  }
}
