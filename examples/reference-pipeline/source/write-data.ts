/**
 * Writes the reference pipeline's source files: flights.csv (real flights of the first half of 2001, joined with
 * their airports, plus the dirty rows of dirty-rows.ts) and airports.ndjson.
 */
import { createReadStream, existsSync } from 'node:fs';
import { mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import * as path from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { DIRTY_ROWS, DUPLICATES, type DirtyRow } from './dirty-rows';

/** Default number of clean records: every fifth of the 3,000,000 flights in vega-datasets. */
export const DEFAULT_RECORDS = 600_000;
const ALL_FLIGHTS = 3_000_000;
const NEWLINE = 0x0a;

export interface SourceFiles {
  readonly flights: string;
  readonly airports: string;
  /** What the pipeline must find: the demo and the tests compare with it. */
  readonly expected: { readonly parsed: number; readonly rejected: number; readonly deduplicated: number; readonly airports: number };
}

/** Writes the files once: a folder that holds them for the same number of records is left alone. */
export async function writeSourceFiles(folder: string, records = DEFAULT_RECORDS): Promise<SourceFiles> {
  if (!Number.isInteger(records) || records < DUPLICATES || records > ALL_FLIGHTS) {
    throw new Error(`records must be a whole number from ${DUPLICATES} to ${ALL_FLIGHTS}, got ${records}`);
  }
  const flights = path.join(folder, 'flights.csv');
  const airports = path.join(folder, 'airports.ndjson');
  const receipt = path.join(folder, `written-${records}.json`);
  if (existsSync(receipt)) return JSON.parse(await readFile(receipt, 'utf8'));
  await mkdir(folder, { recursive: true });
  const airportCount = await exportClean(folder, records);
  await plantDirtyRows(path.join(folder, 'clean.csv'), `${flights}.tmp`);
  await rename(`${flights}.tmp`, flights);
  await rm(path.join(folder, 'clean.csv'));
  const expected = {
    parsed: records + DUPLICATES + DIRTY_ROWS.length, rejected: DIRTY_ROWS.length, deduplicated: DUPLICATES, airports: airportCount,
  };
  const files = { flights, airports, expected };
  await writeFile(receipt, JSON.stringify(files, null, 2));
  return files;
}

async function exportClean(folder: string, records: number): Promise<number> {
  const data = path.join(packageFolder('vega-datasets'), 'data');
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  const quoted = (file: string) => `'${file.replace(/'/g, "''")}'`;
  try {
    await connection.run(`CREATE TABLE airport AS SELECT * FROM read_csv(${quoted(path.join(data, 'airports.csv'))}, all_varchar = true, nullstr = 'NA')`);
    await connection.run(`CREATE TABLE flight AS
      SELECT row_number() OVER (ORDER BY n) AS i, * FROM (
        SELECT row_number() OVER () AS n, * FROM ${quoted(path.join(data, 'flights-3m.parquet'))})
      WHERE (n * ${records}) % ${ALL_FLIGHTS} < ${records}`);
    await connection.run(`CREATE TABLE clean AS
      SELECT 'F' || lpad(i::VARCHAR, 7, '0') AS flight_id, strftime(date, '%Y-%m-%d') AS flight_date, strftime(date, '%Y-%m') AS flight_month,
        strftime(date, '%Y-%m-%d %H:%M:%S') AS departed_at, delay AS delay_minutes, distance AS distance_miles,
        origin, destination, o.city AS origin_city, d.city AS destination_city,
        o.latitude::DECIMAL(9,6) AS origin_latitude, o.longitude::DECIMAL(9,6) AS origin_longitude, '2001-07-02T00:00:00Z' AS updated_at, i
      FROM flight LEFT JOIN airport o ON o.iata = origin LEFT JOIN airport d ON d.iata = destination`);
    await connection.run(`COPY (
      SELECT * EXCLUDE (i) FROM (
        SELECT * FROM clean
        UNION ALL SELECT * REPLACE ('2001-07-01T00:00:00Z' AS updated_at, delay_minutes + 1 AS delay_minutes, i + 100000 AS i) FROM clean WHERE i <= ${DUPLICATES})
      ORDER BY i, updated_at) TO ${quoted(path.join(folder, 'clean.csv'))} (FORMAT csv, HEADER)`);
    await connection.run(`COPY (SELECT iata, name, city, state, country, latitude::DECIMAL(9,6) AS latitude, longitude::DECIMAL(9,6) AS longitude
      FROM airport ORDER BY iata) TO ${quoted(path.join(folder, 'airports.ndjson'))} (FORMAT json)`);
    const counted = await connection.runAndReadAll('SELECT count(*)::INT FROM airport');
    return Number(counted.getRows()[0]?.[0]);
  } finally {
    connection.closeSync();
  }
}

/** The package exports neither its data nor its manifest, and its entry is ESM: it is found as Node finds packages. */
function packageFolder(name: string): string {
  const found = (require.resolve.paths(name) ?? []).map((folder) => path.join(folder, name)).find((folder) => existsSync(folder));
  if (found === undefined) throw new Error(`the package ${name} is not installed; run npm ci at the root of the repository`);
  return found;
}

/** Copies the clean file and puts each dirty row, as raw bytes, after the record it names. */
async function plantDirtyRows(clean: string, target: string): Promise<void> {
  const out = await open(target, 'w');
  try {
    let records = -1; // the header line is record -1
    let next = 0;
    for await (const chunk of createReadStream(clean, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
      let written = 0;
      for (let newline = chunk.indexOf(NEWLINE); newline >= 0; newline = chunk.indexOf(NEWLINE, newline + 1)) {
        records += 1;
        for (; DIRTY_ROWS[next]?.afterRecords === records; next += 1) {
          await out.write(chunk.subarray(written, newline + 1));
          written = newline + 1;
          await out.write(lineOf(DIRTY_ROWS[next]));
        }
      }
      await out.write(chunk.subarray(written));
    }
    // A small file ends before the later positions: what is left goes to its end, so the list always holds.
    for (const row of DIRTY_ROWS.slice(next)) await out.write(lineOf(row));
  } finally {
    await out.close();
  }
}

function lineOf(row: DirtyRow | undefined): Buffer {
  return Buffer.from(`${row?.bytes}\n`, 'latin1');
}
