import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { createConnection } from 'mysql2/promise';
import { Client } from 'pg';
import { bothTargets, type AnyStage } from '../packages/runtime/test/load/_fixtures/both-targets';
import { contractText } from '../packages/runtime/test/load/_fixtures/load-steps';

/**
 * What somebody who reads the target feels of a load: point reads at a fixed pace, by a process of its own, on the table that is loaded and on
 * another one, while nothing is loaded, and while whole loads run, without a limit and with one. It starts servers of its own and prints one JSON
 * document.
 */
const ROWS = Number(process.env.BENCH_LOAD_ROWS ?? 1_000_000);
const PARTS = 8;
/** Half of the rows of a load are there before it. */
const STEP = ROWS / 2;
const READS_PER_SECOND = 50;
const IDLE_SECONDS = 15;
const LIMIT = 8 * 1024 * 1024;
const TABLES = ['loaded', 'other'] as const;
type Table = (typeof TABLES)[number];

interface Read {
  readonly phase: string;
  readonly table: Table;
  readonly milliseconds: number;
}

interface ReaderTask {
  readonly database: string;
  readonly port: number;
  readonly schema: string;
}

const CONTRACT = contractText({ orders: { history: 'changes', properties: [
  '{ name: id, logicalType: integer, logicalTypeOptions: { format: i64 }, primaryKey: true, required: true }',
  '{ name: customer, logicalType: string, required: true }',
  '{ name: amount, logicalType: number, physicalType: "decimal(12,2)" }',
  '{ name: note, logicalType: string }',
  '{ name: changed_at, logicalType: timestamp, logicalTypeOptions: { timezone: true }, required: true }',
] } });

/** Rows in no order of their key, about 120 bytes each on the wire. */
function orders(batch: number, first: number, count: number, part: number, parts: number): string {
  return `SELECT CAST(i AS BIGINT) AS id, 'customer ' || (i * 7919 % 50021) AS customer, CAST(i % 100000 / 7.0 AS DECIMAL(12,2)) AS amount, md5(CAST(i * 31 + ${batch} AS VARCHAR)) AS note,
    make_timestamptz((1700000000000000 + ${batch} * 86400000000 + i)::BIGINT) AS changed_at
    FROM (SELECT ${first} + (n * 48271) % ${count} AS i, n FROM range(${count}) AS r(n)) WHERE n % ${parts} = ${part}`;
}

function batchOf(batch: number, first: number, count: number): string[] {
  return Array.from({ length: PARTS }, (_, part) => orders(batch, first, count, part, PARTS));
}

/** Two tasks copy at the same time, as the machine's Map would have them. */
async function load(stage: AnyStage, slot: string, phase: (name: string) => Promise<void>): Promise<Record<'copy' | 'publish', number>> {
  const id = `${slot}-a1`;
  const must = async (code: Promise<number>): Promise<void> => {
    if (await code !== 0) throw new Error(JSON.stringify(stage.errors.at(-1)));
  };
  await must(stage.claim(id));
  const { items } = await stage.claimed(id);
  let next = 0;
  const task = async (): Promise<void> => {
    for (let index = next++; index < items.count; index = next++) await must(stage.step(stage.pointer('stage', id, index)));
  };
  await phase('copy');
  const began = performance.now();
  await Promise.all([task(), task()]);
  const copied = performance.now();
  await phase('publish');
  await must(stage.step(stage.pointer('publish', id, 0)));
  const ended = performance.now();
  await phase('none');
  return { copy: (copied - began) / 1_000, publish: (ended - copied) / 1_000 };
}

/** Reads one row by its key, again and again, at the times that are due: a slow answer makes the next ones late, and they count as such. */
async function reader({ database, port, schema }: ReaderTask): Promise<void> {
  let phase = 'none';
  const reads: Read[] = [];
  const read = database === 'PostgreSQL' ? await postgresReader(port) : await mysqlReader(port);
  let ends = false;
  const loop = async (table: Table): Promise<void> => {
    const name = `${schema}.${table === 'loaded' ? 'orders' : 'other'}`;
    const began = performance.now();
    for (let count = 0; !ends; count += 1) {
      const due = began + (count * 1_000) / READS_PER_SECOND;
      const early = due - performance.now();
      if (early > 1) await delay(early);
      const during = phase;
      await read[table](name, Math.floor(Math.random() * STEP));
      reads.push({ phase: during, table, milliseconds: performance.now() - due });
    }
  };
  const loops = TABLES.map(loop);
  process.on('message', (name: string) => {
    phase = name;
    if (name !== 'end') return void process.send!('ok');
    ends = true;
    void Promise.all(loops).then(() => process.send!(reads, () => process.exit(0)));
  });
  process.send!('ready');
  await Promise.all(loops);
}

type ReadRow = (table: string, id: number) => Promise<unknown>;

async function postgresReader(port: number): Promise<Record<Table, ReadRow>> {
  const one = async (): Promise<ReadRow> => {
    const client = new Client({ host: '127.0.0.1', port, user: 'headrace', password: 'headrace', database: 'postgres' });
    await client.connect();
    return (table, id) => client.query({ name: 'read', text: `SELECT * FROM ${table} WHERE id = $1`, values: [id] });
  };
  return { loaded: await one(), other: await one() };
}

async function mysqlReader(port: number): Promise<Record<Table, ReadRow>> {
  const one = async (): Promise<ReadRow> => {
    const client = await createConnection({ host: '127.0.0.1', port, user: 'headrace', password: 'headrace', database: 'shop' });
    return (table, id) => client.execute(`SELECT * FROM ${table} WHERE id = ?`, [id]);
  };
  return { loaded: await one(), other: await one() };
}

async function startReader(task: ReaderTask): Promise<{ phase(name: string): Promise<void>; end(): Promise<readonly Read[]> }> {
  const child: ChildProcess = fork(__filename, ['reader', JSON.stringify(task)]);
  const answer = async (): Promise<unknown> => (await once(child, 'message') as unknown[])[0];
  await answer();
  return {
    phase: async (name) => {
      child.send(name);
      await answer();
    },
    end: async () => {
      child.send('end');
      return await answer() as readonly Read[];
    },
  };
}

async function measure(): Promise<void> {
  const results = [];
  for (const target of bothTargets()) {
    await target.begin();
    try {
      const stage = await target.stage(CONTRACT, { connections: 2, writeModes: { orders: { mode: 'merge', newerBy: 'changed_at' } } });
      try {
        results.push({ database: target.name, ...await measureOn(stage, target.name, target.port()) });
      } finally {
        await stage.close();
      }
    } finally {
      await target.end();
    }
  }
  process.stdout.write(`${JSON.stringify({ rows: ROWS, limit: LIMIT, readsPerSecond: READS_PER_SECOND, results })}\n`);
}

async function measureOn(stage: AnyStage, database: string, port: number): Promise<object> {
  const { targetSchema: schema } = stage.settings;
  await stage.commit('orders', batchOf(1, 0, STEP));
  await stage.load({}, 'base-a1');
  await stage.say(`CREATE TABLE ${schema}.other ${database === 'PostgreSQL' ? `(LIKE ${schema}.orders INCLUDING ALL)` : `LIKE ${schema}.orders`}`);
  await stage.say(`INSERT INTO ${schema}.other SELECT * FROM ${schema}.orders`);
  const reads = await startReader({ database, port, schema });
  await reads.phase('idle');
  await delay(IDLE_SECONDS * 1_000);
  await reads.phase('none');
  const seconds: Record<string, Record<'copy' | 'publish', number>> = {};
  for (const [index, limited] of [false, true].entries()) {
    const name = limited ? 'limited' : 'unlimited';
    await stage.commit('orders', batchOf(index + 2, index * STEP, ROWS));
    if (limited) stage.settings.maxBytesPerSecond = LIMIT;
    seconds[name] = await load(stage, name, (phase) => reads.phase(phase === 'none' ? phase : `${name} ${phase}`));
    await delay(2_000);
  }
  const taken = await reads.end();
  const wire = stage.lines.filter(({ code }) => code === 'LOAD_I1104').reduce((sum, { data }) => sum + data.bytes, 0);
  return { seconds, bytesPerRow: wire / (STEP + 2 * ROWS), reads: summary(taken) };
}

/** Median and 99th percentile of each phase and table. */
function summary(reads: readonly Read[]): object {
  const phases = [...new Set(reads.map(({ phase }) => phase))].filter((phase) => phase !== 'none' && phase !== 'end');
  return Object.fromEntries(phases.map((phase) => [phase, Object.fromEntries(TABLES.map((table) => {
    const sorted = reads.filter((read) => read.phase === phase && read.table === table).map(({ milliseconds }) => milliseconds).sort((a, b) => a - b);
    const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
    return [table, { reads: sorted.length, p50: at(0.5), p99: at(0.99) }];
  }))]));
}

const [side, task] = process.argv.slice(2);
void (side === 'reader' ? reader(JSON.parse(task as string) as ReaderTask) : measure()).catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
