import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { rmSync, statSync } from 'node:fs';
import { Client } from 'pg';
import { postgresEngine } from '@headrace/runtime/ingest/postgres/postgres-engine';
import { exportTable } from './export-table';
import { runCase, setting } from './run-case';

const url = new URL(setting('BENCH_DATABASE'));
const TABLE = 'flights_export';

/** The clean rows in a table of its own, made once: the case of the load empties its table. */
async function filled(): Promise<void> {
  const client = new Client({ connectionString: url.href });
  await client.connect();
  const { rows: [found] } = await client.query(`SELECT to_regclass('${TABLE}') AS there`);
  if (found.there === null) {
    await client.query(`CREATE TABLE ${TABLE} (LIKE flights)`);
    execFileSync(setting('BENCH_PSQL'), ['-q', '-v', 'ON_ERROR_STOP=1', '-d', url.href, '-c', `\\copy ${TABLE} FROM '${setting('BENCH_CLEAN_CSV')}' (FORMAT csv, HEADER)`]);
    await client.query(`VACUUM ANALYZE ${TABLE}`);
  }
  await client.end();
}

const file = `${setting('BENCH_FOLDER')}/${randomUUID()}.csv`;
const rows = Number(setting('BENCH_ROWS'));

void runCase({
  headrace: async () => {
    await filled();
    const table = { kind: 'postgres', host: url.hostname, port: Number(url.port), database: url.pathname.slice(1), table: TABLE } as const;
    return exportTable(postgresEngine, table, { username: url.username, password: url.password });
  },
  /** psql \copy of the same table to a file. */
  reference: async () => {
    await filled();
    const began = performance.now();
    execFileSync(setting('BENCH_PSQL'), ['-q', '-v', 'ON_ERROR_STOP=1', '-d', url.href, '-c', `\\copy ${TABLE} TO '${file}' (FORMAT csv, HEADER)`]);
    const seconds = (performance.now() - began) / 1_000;
    const bytes = statSync(file).size;
    rmSync(file);
    return { bytes, rows, seconds };
  },
});
