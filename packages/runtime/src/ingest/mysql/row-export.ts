import type { Connection } from 'mysql2';
import type { SqlExport, SqlRead } from '../sql/sql-engine';
import { CsvRows } from './csv-rows';
import type { FieldPacket } from './mysql-column';
import { mysqlSourceFailure } from './mysql-source-failure';

/** The socket rests while this much waits for the consumer. */
const HIGH_WATER_BYTES = 1024 * 1024;

/** What mysql2 calls for a query without a callback: rows one by one, as they come, and not kept. */
interface RowEvents {
  on(event: 'fields', listener: (fields: FieldPacket[] | undefined) => void): this;
  on(event: 'result', listener: (row: Array<Buffer | null>) => void): this;
  on(event: 'error', listener: (error: unknown) => void): this;
  on(event: 'end', listener: () => void): this;
}

/** One SELECT in the text protocol: the server's own texts, never made numbers or dates, written as CSV. */
export class RowExport implements SqlExport {
  /** False once the server has ended it. */
  open = true;
  records: number | undefined;
  readonly chunks: AsyncIterable<Buffer>;
  private rows = 0;
  private csv?: CsvRows;
  private readonly queue: Buffer[] = [];
  private queued = 0;
  private failure?: unknown;
  private wake: () => void = () => undefined;

  constructor(private readonly connection: Connection, read: SqlRead, private readonly doing: string) {
    const query = connection.query({ sql: read.sql, rowsAsArray: true, typeCast: false } as never) as unknown as RowEvents;
    query.on('fields', (fields) => {
      this.csv = new CsvRows((fields ?? []).map(({ name }) => name), read.renders, read.dialect, (chunk) => this.push(chunk));
    });
    query.on('result', (row) => {
      this.rows += 1;
      this.csv?.add(row);
    });
    query.on('error', (error) => this.end(error));
    query.on('end', () => this.end());
    this.chunks = this.take();
  }

  /** Ends the export with a failure of the connection, which mysql2 does not tell a query without a callback. */
  fail(error: unknown): void {
    this.end(error);
  }

  private async* take(): AsyncGenerator<Buffer, void, void> {
    for (;;) {
      const chunk = this.queue.shift();
      if (chunk !== undefined) {
        this.queued -= chunk.length;
        if (this.queued < HIGH_WATER_BYTES) this.connection.resume();
        yield chunk;
      } else if (this.open) {
        await new Promise<void>((resolve) => { this.wake = resolve; });
      } else {
        if (this.failure !== undefined) throw mysqlSourceFailure(this.failure, this.doing);
        return;
      }
    }
  }

  private push(chunk: Buffer): void {
    this.queue.push(chunk);
    this.queued += chunk.length;
    if (this.queued >= HIGH_WATER_BYTES) this.connection.pause();
    this.wake();
  }

  private end(error?: unknown): void {
    if (!this.open) return;
    this.open = false;
    this.failure = error;
    if (error === undefined) {
      this.csv?.end();
      this.records = this.rows;
    }
    this.wake();
  }
}
