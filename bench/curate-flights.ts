import { randomUUID } from 'node:crypto';
import { createWriteStream, readFileSync, statSync } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { requireContract } from '@headrace/runtime/contract';
import { curateRows } from '@headrace/runtime/curate/rows/curate-rows';
import { shapeUnit } from '@headrace/runtime/curate/shape/shape-unit';
import { Report } from '@headrace/runtime/report/report';
import { resultRef } from '@headrace/runtime/run/work';
import { ObjectStore } from '@headrace/runtime/stores/object-store';
import { setting } from './run-case';

export const THREADS = 2;

/** How the same records are written; each is an object of Raw called `flights.<name>`. */
export type FlightsFormat = 'csv' | 'csv-multiline' | 'ndjson' | 'xml';

const RECORDS: Readonly<Record<FlightsFormat, string>> = {
  csv: '{ format: csv, header: exact }',
  'csv-multiline': '{ format: csv, header: exact, multiline: true }',
  ndjson: '{ format: ndjson }',
  xml: '{ format: xml, recordsAt: /flights/flight }',
};

const store = new ObjectStore();
const report = new Report({ write: () => undefined });

/** The flights of the reference contract, as records of a format. */
export class CurateFlights {
  readonly contract;
  readonly dataset;
  private readonly unitId = `u${randomUUID().slice(0, 8)}-a1-i1`;
  private readonly folder = { bucket: 'curated', prefix: `bench/work/${this.unitId}/` };

  /** @param file of the records on disk, whose object in Raw has the same name */
  constructor(format: FlightsFormat, private readonly file: string) {
    const text = readFileSync(setting('BENCH_CONTRACT'), 'utf8').replace(RECORDS.csv, RECORDS[format]);
    this.contract = requireContract(text, 'flights.odcs.yaml');
    const dataset = this.contract.datasets.find(({ name }) => name === 'flights');
    if (dataset?.record.format !== format.replace('-multiline', '')) throw new Error(`the reference contract has no dataset flights in ${format}`);
    this.dataset = dataset;
  }

  /** The first request of the client of S3, which costs more than later ones: a task has made it when it read its contract. */
  async startUp(): Promise<void> {
    await store.head({ bucket: 'raw', key: this.key });
  }

  get bytes(): number {
    return statSync(this.file).size;
  }

  /** Name of the records' object in Raw. */
  private get key(): string {
    return `bench/${this.file.split('/').at(-1)}`;
  }

  /** Puts the records where an engine without S3 finds them. */
  async download(path: string): Promise<void> {
    await pipeline(await store.getStream({ bucket: 'raw', key: this.key }), createWriteStream(path));
  }

  /** Keeps what such an engine came to. */
  async upload(path: string): Promise<void> {
    await store.putFile({ bucket: this.folder.bucket, key: `${this.folder.prefix}bare.parquet` }, path);
  }

  /** The kernel: framing, grammars, all checks, quarantine; typed Parquet into S3. */
  async rows() {
    const item = { index: 0, dataset: 'flights', unit: 0, unitId: this.unitId, ingestSeq: 1, part: 0, key: this.key, bytes: this.bytes, compression: 'none' as const, engine: 'duckdb' as const };
    const result = await curateRows({
      item, dataset: this.dataset, pipeline: 'bench', rawBucket: 'raw', curatedBucket: 'curated', folder: this.folder as never, store, report, cores: THREADS,
    });
    return { bytes: this.bytes, rows: result.counts.kept, result };
  }

  /** What the kernel came to, where Shape looks for it. */
  async keep(result: Awaited<ReturnType<CurateFlights['rows']>>['result']): Promise<void> {
    await store.putJson(resultRef(this.folder as never, 'rows', 0), { schemaVersion: 1, ...result });
  }

  /** Dedupe, sort and column partitions by DuckDB, from S3 to S3. */
  async shape() {
    const shape = await shapeUnit(this.item, { settings: this.settings, contract: this.contract, folder: this.folder as never, store, report });
    return { bytes: this.bytes, rows: shape.counts.written };
  }

  get item() {
    return { index: 0, dataset: 'flights', unitId: this.unitId, engine: 'duckdb' as const, kind: 'ingest' as const, ingestSeq: 1, ingestManifestKey: 'x', supersedesIngestSeqs: [], firstItem: 0, items: 1 };
  }

  get settings() {
    return { pipeline: 'bench', rawBucket: 'raw', curatedBucket: 'curated', workPrefix: 'bench/work/', contract: { bucket: 'raw', key: 'x' }, codeVersion: '0', engine: 'embedded', targetFileBytes: 128 * 1024 * 1024 } as never;
  }

  get work(): { readonly bucket: string; readonly prefix: string } {
    return this.folder;
  }
}
