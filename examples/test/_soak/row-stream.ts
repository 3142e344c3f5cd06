import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { FLIGHT_COLUMNS } from './batch-source';

/** Rows in one block; only the first four digits of an id differ from block to block. */
const BLOCK_ROWS = 1_000;
/** Makes a row some 215 bytes long, so that seven digits of ids are enough for two gigabytes. */
const CITY = 'Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch';
const MAX_BLOCKS = 10_000;

/** A source of clean flights of any size, made while it is sent: nothing of it is ever on disk or in memory at once. */
export class RowStream {
  private readonly block: Buffer;
  private blocks = 0;
  private version = 0;

  private constructor(private readonly server: Server) {
    this.block = Buffer.from(Array.from({ length: BLOCK_ROWS }, (_, i) => row(i)).join(''), 'latin1');
  }

  static async start(): Promise<RowStream> {
    const server = createServer();
    const stream = new RowStream(server);
    server.on('request', ({ url }, response) => {
      const flights = url?.endsWith('.csv') === true;
      response.writeHead(200, { etag: `"v${stream.version}"`, 'content-length': flights ? stream.bytes : AIRPORT.length });
      if (flights) Readable.from(stream.chunks()).on('error', () => response.destroy()).pipe(response);
      else response.end(AIRPORT);
    });
    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    return stream;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  get rows(): number {
    return this.blocks * BLOCK_ROWS;
  }

  get bytes(): number {
    return HEADER.length + this.blocks * this.block.length;
  }

  /** Sends about this many bytes from now on. */
  resize(bytes: number): void {
    this.blocks = Math.max(1, Math.round(bytes / this.block.length));
    this.version += 1;
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
    });
  }

  private async* chunks(): AsyncGenerator<Buffer> {
    yield HEADER;
    const width = this.block.length / BLOCK_ROWS;
    for (let n = 0; n < this.blocks; n += 1) {
      const chunk = Buffer.from(this.block);
      // Beyond ten million rows ids come again: such a stream is for ingest, which does not look.
      const digits = String(n % MAX_BLOCKS).padStart(4, '0');
      for (let at = 1; at < chunk.length; at += width) chunk.write(digits, at, 'latin1');
      yield chunk;
    }
  }
}

const HEADER = Buffer.from(`${FLIGHT_COLUMNS.join(',')}\n`);
const AIRPORT = Buffer.from('{"iata":"ORD","name":"O\'Hare","city":"Chicago","state":"IL","country":"USA","latitude":41.979595,"longitude":-87.904464}\n');

/** Every row has the same length, so that ids stand at known places. */
function row(i: number): string {
  const day = `2001-0${(i % 6) + 1}-${String((i % 28) + 1).padStart(2, '0')}`;
  return `F0000${String(i).padStart(3, '0')},${day},${day.slice(0, 7)},${day} ${String(i % 24).padStart(2, '0')}:00:00,${String(i % 90).padStart(2, '0')},`
    + `${1_000 + i},ORD,LAX,${CITY},${CITY},41.${String(100_000 + i)},-87.${String(900_000 - i)},2001-07-02T00:00:00Z\n`;
}
