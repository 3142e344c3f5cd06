import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { requireContract } from '@headrace/runtime/contract';
import { pull } from '@headrace/runtime/ingest/pull';
import { planSql } from '@headrace/runtime/ingest/sql/plan-sql';
import type { SqlEngine } from '@headrace/runtime/ingest/sql/sql-engine';
import { Report } from '@headrace/runtime/report/report';
import { ObjectStore } from '@headrace/runtime/stores/object-store';
import { setting } from './run-case';

export interface BenchTable {
  readonly kind: 'postgres' | 'mysql';
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly table: string;
}

/** Plan and pull of the ingest task: the rows as CSV, digest, record count, write-once key. */
export async function exportTable(
  engine: SqlEngine, table: BenchTable, account: { readonly username: string; readonly password: string },
  rows = Number(setting('BENCH_ROWS')),
): Promise<{ bytes: number; rows: number; seconds: number }> {
  const began = performance.now();
  const dataset = requireContract(readFileSync(setting('BENCH_CONTRACT'), 'utf8'), 'flights.odcs.yaml').datasets.find(({ name }) => name === 'flights');
  if (dataset === undefined) throw new Error('the reference contract has no dataset flights');
  const source = { ...table, secretArn: 'arn:bench', ssl: 'disable', timeoutSeconds: 600, retries: 0, minRows: 0, lockTimeoutSeconds: 60 } as const;
  const deps = {
    report: new Report({ write: () => undefined }), signal: new AbortController().signal, secret: async () => JSON.stringify(account),
  };
  const { shards } = await planSql(engine, { ...deps, source, dataset, input: { slot: 's', attempt: 1, operation: 'ingest' } } as never);
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
}
