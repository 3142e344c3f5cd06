import { readFileSync, statSync } from 'node:fs';
import { Client } from 'pg';
import { postgresStagingDdl, postgresTargetDdl, requireContract } from '@headrace/runtime/contract';
import { copyPart } from '@headrace/runtime/load/postgres/copy/copy-part';
import { openPart } from '@headrace/runtime/load/copy/part-file';
import { merge } from '@headrace/runtime/load/postgres/write/merge';
import { readCollations } from '@headrace/runtime/load/postgres/write/write-context';
import { BINARY_FORMAT } from '@headrace/runtime/load/postgres/copy/binary-format';
import { Progress } from '@headrace/runtime/report/progress';
import { Report } from '@headrace/runtime/report/report';
import { runCase, setting } from './run-case';

const contract = requireContract(readFileSync(setting('BENCH_CONTRACT'), 'utf8'), 'flights.odcs.yaml');
const dataset = contract.datasets.find(({ name }) => name === 'flights') ?? contract.datasets[0]!;
const target = { schema: 'public', table: 'merge_target' };
const staging = { schema: 'public', table: 'merge_stage' };
const names = dataset.columns.map(({ name }) => name);
const list = names.join(', ');
const parquet = setting('BENCH_PARQUET');

/** Rows of the batch that the target holds before; of those of `changed` every second one differs in one column. */
const BEFORE = { empty: 'false', changed: 'hashtext(flight_id) % 3 <> 0', same: 'true' } as const;
type Before = keyof typeof BEFORE;

/** A batch with one row for each key, made once. */
async function ensureStaged(client: Client): Promise<void> {
  if ((await client.query("SELECT FROM pg_class WHERE relname = 'merge_stage'")).rowCount === 1) return;
  const all = { schema: 'public', table: 'merge_all' };
  for (const table of [all, staging]) for (const statement of postgresStagingDdl(dataset, { ...table, seq: false })) await client.query(statement);
  const part = { key: 'flights.parquet', bytes: statSync(parquet).size, sha256: '', records: Number(setting('BENCH_ROWS')), partition: {} };
  const file = await openPart(parquet, part, dataset.columns.map(({ name, type }) => ({ name, type, stored: type })), BINARY_FORMAT);
  await copyPart(client, all, file, new Progress({ report: new Report({ write: () => undefined }), code: 'LOAD_I1103' }), new AbortController().signal);
  await file.close();
  await client.query(`INSERT INTO merge_stage (${list}) SELECT DISTINCT ON (flight_id) ${list} FROM merge_all ORDER BY flight_id, updated_at DESC`);
  await client.query('DROP TABLE merge_all');
}

/** Only the write is measured, not how the target came to be as it is. */
async function measured(
  before: Before, write: (client: Client, staged: number) => Promise<void>,
): Promise<{ bytes: number; rows: number; seconds: number }> {
  const client = new Client({ connectionString: setting('BENCH_DATABASE') });
  await client.connect();
  await ensureStaged(client);
  await client.query('DROP TABLE IF EXISTS merge_target');
  for (const statement of postgresTargetDdl(dataset, target)) await client.query(statement);
  const values = names.map((name) => (name === 'delay_minutes' && before === 'changed' ? 'delay_minutes + (hashtext(flight_id) % 2)' : name));
  await client.query(`INSERT INTO merge_target (${list}) SELECT ${values.join(', ')} FROM merge_stage WHERE ${BEFORE[before]}`);
  await client.query('VACUUM ANALYZE merge_target');
  await client.query('CHECKPOINT');
  const rows = Number((await client.query<{ rows: string }>('SELECT count(*) AS rows FROM merge_stage')).rows[0]?.rows);
  const began = performance.now();
  await write(client, rows);
  const seconds = (performance.now() - began) / 1000;
  await client.end();
  return { bytes: statSync(setting('BENCH_CLEAN_CSV')).size, rows, seconds };
}

/** What Publish does with the rows of a commit: statistics, the count, the write with all its checks. */
async function publish(client: Client, staged: number): Promise<void> {
  await client.query('ANALYZE merge_stage');
  await client.query('BEGIN');
  await client.query('SELECT count(*) FROM merge_stage');
  const counts = await merge({ client, dataset, target, staging, staged, collations: await readCollations(client, target) });
  await client.query('COMMIT');
  if (counts.inserted + counts.updated + counts.unchanged !== staged) throw new Error(`the merge counts ${JSON.stringify(counts)} for ${staged} rows`);
}

/** One statement, as one would write it by hand; it checks and counts nothing. */
async function onConflict(client: Client): Promise<void> {
  const rest = names.filter((name) => !dataset.primaryKey.includes(name)).map((name) => `${name} = excluded.${name}`).join(', ');
  await client.query(`INSERT INTO merge_target (${list}) SELECT ${list} FROM merge_stage ON CONFLICT (${dataset.primaryKey.join(', ')}) DO UPDATE SET ${rest}`);
}

void runCase(Object.fromEntries((Object.keys(BEFORE) as Before[]).flatMap((before) => [
  [before, () => measured(before, publish)],
  [`${before}-reference`, () => measured(before, onConflict)],
])));
