import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync, rmSync, statSync } from 'node:fs';
import { Client } from 'pg';
import { requireContract } from '@headrace/runtime/contract';
import { planSql } from '@headrace/runtime/ingest/sql/plan-sql';
import { postgresEngine } from '@headrace/runtime/ingest/postgres/postgres-engine';
import { pull } from '@headrace/runtime/ingest/pull';
import { Report } from '@headrace/runtime/report/report';
import { ObjectStore } from '@headrace/runtime/stores/object-store';
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
  /** Plan and pull of the ingest task: COPY, digest, record count, write-once key. */
  headrace: async () => {
    await filled();
    const began = performance.now();
    const dataset = requireContract(readFileSync(setting('BENCH_CONTRACT'), 'utf8'), 'flights.odcs.yaml').datasets.find(({ name }) => name === 'flights');
    if (dataset === undefined) throw new Error('the reference contract has no dataset flights');
    const source = {
      kind: 'postgres', host: url.hostname, port: Number(url.port), database: url.pathname.slice(1), secretArn: 'arn:bench', ssl: 'disable', table: TABLE,
      timeoutSeconds: 600, retries: 0, minRows: 0, lockTimeoutSeconds: 60,
    } as const;
    const deps = {
      report: new Report({ write: () => undefined }), signal: new AbortController().signal,
      secret: async () => JSON.stringify({ username: url.username, password: url.password }),
    };
    const { shards } = await planSql(postgresEngine, { ...deps, source, dataset, input: { slot: 's', attempt: 1, operation: 'ingest' } } as never);
    const outcome = await pull(
      {
        dataset: 'flights', source, count: { unit: 'lines', headerLines: 1, openGzip: false },
        shards: shards.map((shard, part) => ({ ...shard, part, raw: { bucket: 'raw', key: `bench/${randomUUID()}` } })),
      } as never,
      { ...deps, store: new ObjectStore() },
    );
    const [shard] = outcome.shards;
    if (shard?.outcome !== 'landed' || shard.part.records !== rows) throw new Error(`landed ${JSON.stringify(shard)} of ${rows} rows`);
    return { bytes: shard.part.bytes, rows, seconds: (performance.now() - began) / 1_000 };
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
