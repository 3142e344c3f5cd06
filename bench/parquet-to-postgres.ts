import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { Client } from 'pg';
import { requireContract } from '@headrace/runtime/contract';
import { copyPart } from '@headrace/runtime/load/postgres/copy/copy-part';
import { openPart } from '@headrace/runtime/load/copy/part-file';
import { BINARY_FORMAT } from '@headrace/runtime/load/postgres/copy/binary-format';
import { Progress } from '@headrace/runtime/report/progress';
import { Report } from '@headrace/runtime/report/report';
import { runCase, setting } from './run-case';

const url = setting('BENCH_DATABASE');
const parquet = setting('BENCH_PARQUET');
const rows = Number(setting('BENCH_ROWS'));
const contract = requireContract(readFileSync(setting('BENCH_CONTRACT'), 'utf8'), 'flights.odcs.yaml');
const columns = contract.datasets.find(({ name }) => name === 'flights')?.columns ?? [];

async function emptied(): Promise<Client> {
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query('TRUNCATE flights');
  await client.query('CHECKPOINT');
  return client;
}

void runCase({
  /** One part by one connection, as the loader's container copies it. */
  headrace: async () => {
    const client = await emptied();
    const report = new Report({ write: () => undefined });
    const part = { key: 'flights.parquet', bytes: statSync(parquet).size, sha256: '', records: rows, partition: {} };
    const file = await openPart(parquet, part, columns.map(({ name, type }) => ({ name, type, stored: type })) as never, BINARY_FORMAT);
    const copied = await copyPart(client, { schema: 'public', table: 'flights' } as never, file, new Progress({ report, code: 'LOAD_I1103', data: {} }), new AbortController().signal);
    await file.close();
    await client.end();
    return { bytes: statSync(setting('BENCH_CLEAN_CSV')).size, rows: copied };
  },
  /** psql \copy of the same rows from CSV on disk. */
  reference: async () => {
    await (await emptied()).end();
    execFileSync(setting('BENCH_PSQL'), ['-q', '-v', 'ON_ERROR_STOP=1', '-d', url, '-c', `\\copy flights FROM '${setting('BENCH_CLEAN_CSV')}' (FORMAT csv, HEADER)`]);
    return { bytes: statSync(setting('BENCH_CLEAN_CSV')).size, rows };
  },
});
