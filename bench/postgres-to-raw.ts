import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { rmSync, statSync } from 'node:fs';
import { Client } from 'pg';
import { postgresEngine } from '@headrace/runtime/ingest/postgres/postgres-engine';
import { exportTable } from './export-table';
import { runCase, setting } from './run-case';

const url = new URL(setting('BENCH_DATABASE'));
/** How many times the clean rows are in a table. */
const TABLES = { flights_export: 1, flights_export_large: 10 } as const;
type Table = keyof typeof TABLES;

/** The clean rows in a table of its own, made once: the case of the load empties its table. */
async function filled(table: Table): Promise<void> {
  const client = new Client({ connectionString: url.href });
  await client.connect();
  const { rows: [found] } = await client.query(`SELECT to_regclass('${table}') AS there`);
  if (found.there === null) {
    await client.query(`CREATE TABLE ${table} (LIKE flights)`);
    for (let copy = 0; copy < TABLES[table]; copy++) psql(`\\copy ${table} FROM '${setting('BENCH_CLEAN_CSV')}' (FORMAT csv, HEADER)`);
    await client.query(`VACUUM ANALYZE ${table}`);
  }
  await client.end();
}

function psql(command: string): void {
  execFileSync(setting('BENCH_PSQL'), ['-q', '-v', 'ON_ERROR_STOP=1', '-d', url.href, '-c', command]);
}

const rowsOf = (table: Table): number => Number(setting('BENCH_ROWS')) * TABLES[table];

async function headrace(table: Table): Promise<{ bytes: number; rows: number; seconds: number }> {
  await filled(table);
  const source = { kind: 'postgres', host: url.hostname, port: Number(url.port), database: url.pathname.slice(1), table } as const;
  return exportTable(postgresEngine, source, { username: url.username, password: url.password }, rowsOf(table));
}

/** psql \copy of the same table to a file. */
async function reference(table: Table): Promise<{ bytes: number; rows: number; seconds: number }> {
  await filled(table);
  const file = `${setting('BENCH_FOLDER')}/${randomUUID()}.csv`;
  const began = performance.now();
  psql(`\\copy ${table} TO '${file}' (FORMAT csv, HEADER)`);
  const seconds = (performance.now() - began) / 1_000;
  const bytes = statSync(file).size;
  rmSync(file);
  return { bytes, rows: rowsOf(table), seconds };
}

void runCase({
  headrace: () => headrace('flights_export'),
  reference: () => reference('flights_export'),
  'headrace-large': () => headrace('flights_export_large'),
  'reference-large': () => reference('flights_export_large'),
});
