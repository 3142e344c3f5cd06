import { randomUUID } from 'node:crypto';
import { readFileSync, rmSync, statSync } from 'node:fs';
import { DuckDBInstance } from '@duckdb/node-api';
import { duckdbType, requireContract } from '@headrace/runtime/contract';
import { curateRows } from '@headrace/runtime/curate/rows/curate-rows';
import { shapeUnit } from '@headrace/runtime/curate/shape/shape-unit';
import { Report } from '@headrace/runtime/report/report';
import { resultRef } from '@headrace/runtime/run/work';
import { ObjectStore } from '@headrace/runtime/stores/object-store';
import { runCase, setting } from './run-case';

/** `rows`, `headrace` and `reference`, each also with `-large`: the same on the file that is ten times as long. */
const large = process.argv[2]?.endsWith('-large') ?? false;
const file = setting(large ? 'BENCH_LARGE_CSV' : 'BENCH_CSV');
const key = large ? 'bench/flights-large.csv' : 'bench/flights.csv';
const cleanFile = setting(large ? 'BENCH_LARGE_CLEAN_SOURCE' : 'BENCH_CLEAN_SOURCE');
const contract = requireContract(readFileSync(setting('BENCH_CONTRACT'), 'utf8'), 'flights.odcs.yaml');
const dataset = contract.datasets.find(({ name }) => name === 'flights');
if (dataset === undefined) throw new Error('the reference contract has no dataset flights');
const flights = dataset;
const bytes = statSync(file).size;
const MEMORY_MIB = 1024;
const THREADS = 2;

const store = new ObjectStore();
const report = new Report({ write: () => undefined });

/** The kernel: framing, grammars, all checks, quarantine; typed Parquet into S3. */
async function kernel(unitId: string, folder: never) {
  const item = { index: 0, dataset: 'flights', unit: 0, unitId, part: 0, key, bytes, compression: 'none' as const };
  return curateRows({ item, dataset: flights, pipeline: 'bench', rawBucket: 'raw', curatedBucket: 'curated', folder, store, report, cores: THREADS });
}

const sides = {
  rows: async () => {
    const unitId = `u${randomUUID().slice(0, 8)}-a1-i1`;
    const result = await kernel(unitId, { bucket: 'curated', prefix: `bench/work/${unitId}/` } as never);
    return { bytes, rows: result.counts.kept };
  },
  /** Rows, then Shape, from S3 to S3: dedupe, sort and column partitions besides. */
  headrace: async () => {
    const unitId = `u${randomUUID().slice(0, 8)}-a1-i1`;
    const folder = { bucket: 'curated', prefix: `bench/work/${unitId}/` } as never;
    const rows = await kernel(unitId, folder);
    await store.putJson(resultRef(folder, 'rows', 0), { schemaVersion: 1, ...rows });
    const settings = { pipeline: 'bench', rawBucket: 'raw', curatedBucket: 'curated', workPrefix: 'bench/work/', contract: { bucket: 'raw', key: 'x' }, codeVersion: '0', engine: 'embedded', targetFileBytes: 128 * 1024 * 1024 } as never;
    const shape = await shapeUnit({ index: 0, dataset: 'flights', unitId, kind: 'ingest', ingestSeq: 1, ingestManifestKey: 'x', supersedesIngestSeqs: [], firstItem: 0, items: 1 }, { settings, contract, folder, store, report });
    return { bytes, rows: shape.counts.written };
  },
  /** DuckDB's own COPY of the same file from disk to disk, with the declared types and without the 18 planted rows, which it cannot read. */
  reference: async () => {
    const instance = await DuckDBInstance.create(':memory:', { threads: String(THREADS), memory_limit: `${MEMORY_MIB}MB` });
    const connection = await instance.connect();
    const columns = flights.columns.map(({ name, type }) => `'${name}': '${duckdbType(type)}'`).join(', ');
    const target = `${setting('BENCH_FOLDER')}/${randomUUID()}.parquet`;
    await connection.run('SET preserve_insertion_order = false');
    const result = await connection.runAndReadAll(`COPY (SELECT * FROM read_csv('${cleanFile}', header = true, delim = ',', quote = '"', escape = '"', auto_detect = false, columns = {${columns}})) TO '${target}' (FORMAT parquet, COMPRESSION zstd)`);
    rmSync(target);
    return { bytes, rows: Number(result.getRows()[0]?.[0]) };
  },
};

void runCase({ ...sides, ...Object.fromEntries(Object.entries(sides).map(([name, side]) => [`${name}-large`, side])) });
