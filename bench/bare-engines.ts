import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { DuckDBInstance } from '@duckdb/node-api';
import { duckdbType } from '@headrace/runtime/contract';
import { THREADS, type CurateFlights } from './curate-flights';
import { setting } from './run-case';

const MEMORY_MIB = 1024;

/** DuckDB's own COPY from disk to disk, with the declared types and without a check. */
export async function duckdbCopy(flights: CurateFlights, from: (columns: string) => string): Promise<{ bytes: number; rows: number }> {
  const instance = await DuckDBInstance.create(':memory:', { threads: String(THREADS), memory_limit: `${MEMORY_MIB}MB` });
  const connection = await instance.connect();
  const columns = flights.dataset.columns.map(({ name, type }) => `'${name}': '${duckdbType(type)}'`).join(', ');
  const target = `${setting('BENCH_FOLDER')}/${randomUUID()}.parquet`;
  await connection.run('SET preserve_insertion_order = false');
  const result = await connection.runAndReadAll(`COPY (SELECT * FROM ${from(`{${columns}}`)}) TO '${target}' (FORMAT parquet, COMPRESSION zstd)`);
  rmSync(target);
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
