import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { DuckDBInstance } from '@duckdb/node-api';
import { mysqlStagingDdl, requireContract } from '@headrace/runtime/contract';
import { quoteIdentifier } from '@headrace/runtime/contract/quote-identifier';
import { openPart } from '@headrace/runtime/load/copy/part-file';
import { ROW_SUM } from '@headrace/runtime/load/dms/row-sum';
import { withSession, type MysqlClient } from '@headrace/runtime/load/mysql/connect';
import { copyPart } from '@headrace/runtime/load/mysql/copy/copy-part';
import { TEXT_FORMAT } from '@headrace/runtime/load/mysql/copy/text-format';
import { sumRows } from '@headrace/runtime/load/mysql/dms-staging';
import { Progress } from '@headrace/runtime/report/progress';
import { Report } from '@headrace/runtime/report/report';
import { runCase, setting } from './run-case';

const { port, user, password, database } = JSON.parse(setting('BENCH_MARIADB')) as Record<'user' | 'password' | 'database', string> & { port: number };
const parquet = setting('BENCH_PARQUET');
const text = setting('BENCH_CLEAN_TSV');
const rows = Number(setting('BENCH_ROWS'));
const contract = requireContract(readFileSync(setting('BENCH_CONTRACT'), 'utf8'), 'flights.odcs.yaml');
const dataset = contract.datasets.find(({ name }) => name === 'flights') ?? contract.datasets[0]!;
const staging = { schema: database, table: 'staged_flights' };
const report = new Report({ write: () => undefined });
const signal = new AbortController().signal;

/** A session as a load has it, with an empty staging table. */
function session<T>(use: (client: MysqlClient) => Promise<T>): Promise<T> {
  const target = { kind: 'mysql', host: '127.0.0.1', port, database, secretArn: 'arn:none', ssl: 'disable' } as const;
  return withSession({ target, credentials: async () => ({ username: user, password }), lockTimeoutSeconds: 60, report, signal }, 'bench', async (client) => {
    for (const statement of mysqlStagingDdl(dataset, staging, client.flavour)) await client.run(statement);
    await client.run(`TRUNCATE TABLE ${staging.table}`);
    return use(client);
  });
}

async function copy(client: MysqlClient): Promise<number> {
  const part = { key: 'flights.parquet', bytes: statSync(parquet).size, sha256: '', records: rows, partition: {} };
  const file = await openPart(parquet, part, dataset.columns.map(({ name, type }) => ({ name, type, stored: type })), TEXT_FORMAT);
  const taken = await client.transaction(() => copyPart(client, staging, file, new Progress({ report, code: 'LOAD_I1103', data: {} }), signal));
  await file.close();
  return taken;
}

void runCase({
  /** One part by one connection, as the loader's container sends it. */
  headrace: () => session(async (client) => {
    const began = performance.now();
    const taken = await copy(client);
    return { bytes: statSync(text).size, rows: taken, seconds: (performance.now() - began) / 1000 };
  }),
  /** What rows that DMS has staged are held against: added up in the Parquet, and in the staging table. */
  rowSums: () => session(async (client) => {
    await copy(client);
    const duckdb = await (await DuckDBInstance.create(':memory:', { threads: '1' })).connect();
    await duckdb.run("SET TimeZone = 'UTC'");
    const values = new Map(dataset.columns.map(({ name }) => [name, quoteIdentifier(name)]));
    const began = performance.now();
    const [[handedOver]] = (await duckdb.runAndReadAll(`SELECT ${ROW_SUM.duckdb(dataset.columns, values)} FROM '${parquet}'`)).getRows() as [[string]];
    const inBetween = performance.now();
    const staged = await sumRows(client, staging, dataset.columns);
    const ended = performance.now();
    if (String(staged) !== handedOver) throw new Error(`the same rows add up to ${handedOver} and ${staged}`);
    process.stderr.write(`row sums: ${((inBetween - began) / 1000).toFixed(2)} s in Parquet, ${((ended - inBetween) / 1000).toFixed(2)} s in the staging table\n`);
    return { bytes: statSync(text).size, rows, seconds: (ended - began) / 1000 };
  }),
  /** LOAD DATA of the database's own client, of the same rows as text on disk. */
  reference: async () => {
    await session(async () => undefined);
    const began = performance.now();
    execFileSync('mariadb', [
      '--no-defaults', '--local-infile=1', '-h', '127.0.0.1', '-P', String(port), `-u${user}`, `-p${password}`, '--skip-ssl', database,
      '-e', `SET time_zone = '+00:00'; LOAD DATA LOCAL INFILE '${text}' INTO TABLE ${staging.table} CHARACTER SET utf8mb4`,
    ]);
    return { bytes: statSync(text).size, rows, seconds: (performance.now() - began) / 1000 };
  },
});
