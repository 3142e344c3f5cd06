import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { DuckDBInstance } from '@duckdb/node-api';
import { duckdbType } from '@headrace/runtime/contract';
import { curatedColumns } from '@headrace/runtime/contract/curated-columns';
import { MOST_GROUP_ROWS } from '@headrace/runtime/curate/shape/parquet-files';
import { orderKeys, sortClause } from '@headrace/runtime/curate/shape/sorted-files';
import { THREADS, type CurateFlights } from './curate-flights';
import { setting } from './run-case';

const MEMORY_MIB = 1024;
/** Its window over all rows fails with less, on the file that is ten times as long. */
const SHAPE_MEMORY_MIB = 4096;

/** DuckDB's own COPY from disk to disk, with the declared types and without a check. */
export async function duckdbCopy(flights: CurateFlights, from: (columns: string) => string): Promise<{ bytes: number; rows: number }> {
  return copied(flights, `SELECT * FROM ${from(declared(flights))}`, 'FORMAT parquet, COMPRESSION zstd');
}

/** The same from S3 to S3, as ours is: the object is downloaded to a file first and the result uploaded, both by our client of S3. */
export async function duckdbCopyBetweenStores(
  flights: CurateFlights, from: (file: string, columns: string) => string,
): Promise<{ bytes: number; rows: number }> {
  const file = `${setting('BENCH_FOLDER')}/${randomUUID()}.csv`;
  try {
    await flights.download(file);
    return await copied(flights, `SELECT * FROM ${from(file, declared(flights))}`, 'FORMAT parquet, COMPRESSION zstd', { upload: (path) => flights.upload(path) });
  } finally {
    rmSync(file, { force: true });
  }
}

/**
 * DuckDB doing in one statement what Rows and Shape do, without a check: one record for each key, sorted where the contract says so, a folder
 * for each value of the partition columns, files as ours are compressed and cut into row groups. Of equal records it keeps any.
 */
export async function duckdbShape(flights: CurateFlights, from: (columns: string) => string): Promise<{ bytes: number; rows: number }> {
  const { dataset } = flights;
  const { primaryKey, dedupe, partitionColumns } = dataset;
  if (dedupe === undefined) throw new Error('the reference contract has no dedupe of flights');
  const quoted = (names: readonly string[]): string => names.map((name) => `"${name}"`).join(', ');
  const order = orderKeys(dedupe.orderBy);
  const first = `QUALIFY ${dedupe.keep === 'first' ? '' : 'count(*) OVER key + 1 - '}row_number() OVER (key ORDER BY ${order}) = 1`;
  const query = `SELECT ${quoted(curatedColumns(dataset).map(({ name }) => name))} FROM ${from(declared(flights))} WINDOW key AS (PARTITION BY ${quoted(primaryKey)}) ${first}`;
  return copied(flights, `SELECT * FROM (${query})${sortClause(dataset)}`,
    `FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE ${MOST_GROUP_ROWS}, DICTIONARY_SIZE_LIMIT 8192, PARTITION_BY (${quoted(partitionColumns)}), WRITE_PARTITION_COLUMNS true`, { memoryMib: SHAPE_MEMORY_MIB });
}

function declared({ dataset }: CurateFlights): string {
  return `{${dataset.columns.map(({ name, type }) => `'${name}': '${duckdbType(type)}'`).join(', ')}}`;
}

async function copied(
  flights: CurateFlights, query: string, options: string,
  { memoryMib = MEMORY_MIB, upload }: { memoryMib?: number; upload?: (path: string) => Promise<void> } = {},
): Promise<{ bytes: number; rows: number }> {
  const instance = await DuckDBInstance.create(':memory:', { threads: String(THREADS), memory_limit: `${memoryMib}MB` });
  const connection = await instance.connect();
  const target = `${setting('BENCH_FOLDER')}/${randomUUID()}.parquet`;
  await connection.run('SET preserve_insertion_order = false');
  const result = await connection.runAndReadAll(`COPY (${query}) TO '${target}' (${options})`);
  await upload?.(target);
  rmSync(target, { recursive: true });
  return { bytes: flights.bytes, rows: Number(result.getRows()[0]?.[0]) };
}

/** Types of Spark are those of DuckDB, but for three names. */
const SPARK_TYPES: Readonly<Record<string, string>> = { VARCHAR: 'STRING', TIMESTAMP: 'TIMESTAMP_NTZ', 'TIMESTAMP WITH TIME ZONE': 'TIMESTAMP', TIMESTAMPTZ: 'TIMESTAMP' };

const COPY = `
import sys, time
from pyspark.sql import SparkSession
form, source, target, schema = sys.argv[1:]
spark = SparkSession.builder.config("spark.sql.parquet.compression.codec", "zstd").config("spark.sql.session.timeZone", "UTC").getOrCreate()
spark.range(1).count()
began = time.monotonic()
read = spark.read.schema(schema).option("mode", "FAILFAST")
frame = read.option("header", "true").csv(source) if form == "csv" else read.json(source)
frame.write.parquet(target)
print(time.monotonic() - began)
print(spark.read.parquet(target).count())
spark.stop()
`;

/** Spark's own read and write on as many cores, with the declared types. Its start is not measured, as that of our process is not. */
export async function sparkCopy(flights: CurateFlights, format: 'csv' | 'json', file: string): Promise<{ bytes: number; rows: number; seconds: number }> {
  const schema = flights.dataset.columns.map(({ name, type }) => `${name} ${SPARK_TYPES[duckdbType(type)] ?? duckdbType(type)}`).join(', ');
  const target = `${setting('BENCH_FOLDER')}/${randomUUID()}`;
  try {
    const told = execFileSync(setting('BENCH_SPARK'), ['-c', COPY, format, file, target, schema], {
      encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, SPARK_LOCAL_IP: '127.0.0.1', PYSPARK_SUBMIT_ARGS: `--master local[${THREADS}] --driver-memory 2g --conf spark.ui.enabled=false --conf spark.driver.bindAddress=127.0.0.1 --conf spark.driver.host=127.0.0.1 pyspark-shell` },
    });
    const [seconds, rows] = told.trim().split('\n').slice(-2).map(Number) as [number, number];
    return { bytes: flights.bytes, rows, seconds };
  } finally {
    rmSync(target, { recursive: true, force: true });
  }
}
