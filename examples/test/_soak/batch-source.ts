import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DIRTY_ROWS } from '../../reference-pipeline/source/dirty-rows';

/** Clean flights of a batch; the planted dirty rows stay below the contract's threshold of 5 %. */
const FLIGHTS = 420;
/** Flights of the batch before that come again, newer: merges update as well as insert. */
const CHANGED = 20;
/** Records that repeat a flight of the same batch, older: dedupe has something to do. */
const REPEATED = 7;
const AIRPORTS = 30;

export const FLIGHT_COLUMNS = [
  'flight_id', 'flight_date', 'flight_month', 'departed_at', 'delay_minutes', 'distance_miles', 'origin', 'destination', 'origin_city',
  'destination_city', 'origin_latitude', 'origin_longitude', 'updated_at',
] as const;
export const AIRPORT_COLUMNS = ['iata', 'name', 'city', 'state', 'country', 'latitude', 'longitude'] as const;

export type Row = ReadonlyArray<string | null>;
const CITIES = ['Chicago', 'São Paulo', 'Zürich, Kloten', 'the "Big" Apple', '東京', null];

/** One answer of the source, in place of the whole file. */
export type SourceFault = { readonly status: number } | { readonly cutAt: number };

/** The source of the reference pipeline in numbered batches; it knows what must be in the target after each. */
export class BatchSource {
  /** Faults of the next answers, in order; an undefined one is an answer without fault. */
  faults: Array<SourceFault | undefined> = [];
  /** Characters by which each flight is made longer, so that its file needs an upload in parts. */
  padding = 0;
  private batch = 0;
  private files: Readonly<Record<string, Buffer>> = {};
  /** SHA-256 of every file that was served, by dataset, in the order of the batches. */
  readonly digests: Record<'flights' | 'airports', string[]> = { flights: [], airports: [] };
  private readonly flights = new Map<string, Row>();
  private airports: readonly Row[] = [];

  private constructor(private readonly server: Server) {}

  static async start(): Promise<BatchSource> {
    const server = createServer();
    const source = new BatchSource(server);
    server.on('request', (request, response) => source.answer(request, response));
    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    return source;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Batches served so far. */
  get batches(): number {
    return this.batch;
  }

  /** How many records of each flights file must be rejected, and how many deduplicated. */
  readonly perBatch = { rejected: DIRTY_ROWS.length, deduplicated: REPEATED } as const;

  /** Begins at the first batch again, for a stack that knows nothing yet. */
  restart(): void {
    this.batch = 0;
    this.flights.clear();
    this.faults = [];
    this.digests.flights = [];
    this.digests.airports = [];
  }

  /** Serves the next batch from now on. */
  next(): number {
    this.batch += 1;
    const rows: Row[] = [];
    const told = (batch: number, i: number, by: number) => padded(flight(batch, i, by), this.padding);
    const changed = this.batch === 1 ? [] : Array.from({ length: CHANGED }, (_, i) => told(this.batch - 1, i * 3, this.batch));
    for (const row of [...changed, ...Array.from({ length: FLIGHTS }, (_, i) => told(this.batch, i, this.batch))]) {
      this.flights.set(row[0] as string, row);
      rows.push(row);
    }
    const older = Array.from({ length: REPEATED }, (_, i) => told(this.batch, i * 11, this.batch - 1));
    const lines = [...rows, ...older].map((row) => row.map(csvField).join(','));
    // Every planted row stands somewhere between clean ones, the first and the last at the ends.
    DIRTY_ROWS.forEach(({ bytes }, i) => lines.splice(i === DIRTY_ROWS.length - 1 ? lines.length : i * 23, 0, bytes));
    const planted = new Set(DIRTY_ROWS.map(({ bytes }) => bytes));
    const encoded = lines.map((line) => Buffer.from(`${line}\n`, planted.has(line) ? 'latin1' : 'utf8'));
    this.airports = Array.from({ length: AIRPORTS }, (_, i) => airport(i, this.batch));
    this.files = {
      '/flights.csv': Buffer.concat([Buffer.from(`${FLIGHT_COLUMNS.join(',')}\n`), ...encoded]),
      '/airports.ndjson': Buffer.from(this.airports.map((row) => `${JSON.stringify(Object.fromEntries(AIRPORT_COLUMNS.map((column, i) => [
        column, column === 'latitude' || column === 'longitude' ? Number(row[i]) : row[i]])))}\n`).join('')),
    };
    for (const [name, body] of Object.entries(this.files)) {
      this.digests[name === '/flights.csv' ? 'flights' : 'airports'].push(createHash('sha256').update(body).digest('hex'));
    }
    return this.batch;
  }

  /** Every flight in its newest state, as text in the order of the columns. */
  get expectedFlights(): Row[] {
    return [...this.flights.values()];
  }

  get expectedAirports(): readonly Row[] {
    return this.airports;
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
    });
  }

  private answer({ url = '/', headers }: IncomingMessage, response: ServerResponse): void {
    const body = this.files[url] ?? Buffer.alloc(0);
    const etag = `"batch-${this.batch}"`;
    const fault = this.faults.shift();
    if (fault !== undefined && 'status' in fault) return void response.writeHead(fault.status, { 'retry-after': '0' }).end();
    if (headers['if-none-match'] === etag) return void response.writeHead(304, { etag }).end();
    const from = headers['if-range'] === etag ? Number(/^bytes=(\d+)-/.exec(headers.range ?? '')?.[1] ?? 0) : 0;
    const rest = body.subarray(from);
    response.writeHead(from > 0 ? 206 : 200, {
      etag, 'content-length': rest.length, 'accept-ranges': 'bytes',
      ...(from > 0 ? { 'content-range': `bytes ${from}-${body.length - 1}/${body.length}` } : {}),
    });
    if (fault === undefined) return void response.end(rest);
    response.write(rest.subarray(0, Math.floor(rest.length * fault.cutAt)), () => response.destroy());
  }
}

/** Flight `i` of a batch, as a later batch (or the same) tells it: whole again each time, so that every cell can be compared. */
function flight(batch: number, i: number, toldBy: number): Row {
  const month = i % 2 === 0 ? '2001-03' : '2001-04';
  const day = `${month}-${String((i % 28) + 1).padStart(2, '0')}`;
  return [
    `F${String(batch * 1000 + i).padStart(7, '0')}`, day, month, `${day} ${String(i % 24).padStart(2, '0')}:${String(i % 60).padStart(2, '0')}:00`,
    i % 13 === 0 ? null : String((i % 200) - 30 + toldBy), String(100 + i), 'ORD', i % 5 === 0 ? 'JFK' : 'LAX', CITIES[i % CITIES.length] as string | null,
    CITIES[(i + toldBy) % CITIES.length] as string | null, `${(i % 90)}.${String(100_000 + i)}`, i % 17 === 0 ? null : `-${(i % 179)}.${String(900_000 - i)}`,
    new Date(Date.UTC(2001, 6, 1) + toldBy * 60_000).toISOString().replace('.000Z', 'Z'),
  ];
}

const CITY = FLIGHT_COLUMNS.indexOf('destination_city');

function padded(row: Row, characters: number): Row {
  return characters === 0 ? row : row.map((cell, i) => (i === CITY ? `${cell ?? ''}${'x'.repeat(characters)}` : cell));
}

function airport(i: number, batch: number): Row {
  return [`A${String(i).padStart(2, '0')}`, `Airport ${i} as of ${batch}`, CITIES[i % CITIES.length] as string | null, 'IL', 'USA', `${i}.500001`, `-${i + 1}.250001`];
}

function csvField(value: string | null): string {
  if (value === null) return '';
  return /[",\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}
