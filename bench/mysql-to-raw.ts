import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { closeSync, openSync, readFileSync, rmSync, statSync } from 'node:fs';
import { requireContract } from '@headrace/runtime/contract';
import { mysqlEngine } from '@headrace/runtime/ingest/mysql/mysql-engine';
import { pull } from '@headrace/runtime/ingest/pull';
import { planSql } from '@headrace/runtime/ingest/sql/plan-sql';
import { Report } from '@headrace/runtime/report/report';
import { ObjectStore } from '@headrace/runtime/stores/object-store';
import { runCase, setting } from './run-case';

const { port, user, password, database, table } = JSON.parse(setting('BENCH_MARIADB')) as Record<'user' | 'password' | 'database' | 'table', string> & { port: number };
const rows = Number(setting('BENCH_ROWS'));
const file = `${setting('BENCH_FOLDER')}/${randomUUID()}.sql`;

function toFile(program: string, args: readonly string[]): { bytes: number; rows: number; seconds: number } {
  const began = performance.now();
  const out = openSync(file, 'w');
  execFileSync(program, ['--no-defaults', '-h', '127.0.0.1', '-P', String(port), `-u${user}`, `-p${password}`, '--skip-ssl', ...args], { stdio: ['ignore', out, 'inherit'] });
  closeSync(out);
  const seconds = (performance.now() - began) / 1_000;
  const bytes = statSync(file).size;
  rmSync(file);
  return { bytes, rows, seconds };
}

void runCase({
  /** Plan and pull of the ingest task: the rows as CSV, digest, record count, write-once key. */
  headrace: async () => {
    const began = performance.now();
    const dataset = requireContract(readFileSync(setting('BENCH_CONTRACT'), 'utf8'), 'flights.odcs.yaml').datasets.find(({ name }) => name === 'flights');
    if (dataset === undefined) throw new Error('the reference contract has no dataset flights');
    const source = {
      kind: 'mysql', host: '127.0.0.1', port, database, secretArn: 'arn:bench', ssl: 'disable', table,
      timeoutSeconds: 600, retries: 0, minRows: 0, lockTimeoutSeconds: 60,
    } as const;
    const deps = {
      report: new Report({ write: () => undefined }), signal: new AbortController().signal,
      secret: async () => JSON.stringify({ username: user, password }),
    };
    const { shards } = await planSql(mysqlEngine, { ...deps, source, dataset, input: { slot: 's', attempt: 1, operation: 'ingest' } } as never);
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
  /** The database's own dump, streamed into a file. */
  reference: async () => toFile('mariadb-dump', ['--single-transaction', '--quick', '--no-create-info', '--skip-lock-tables', database, table]),
  /** The command line client's tab-separated rows, streamed into a file. */
  client: async () => toFile('mariadb', ['--quick', '--batch', database, '-e', `SELECT * FROM ${table}`]),
});
