/**
 * `npm run bench:engines [-- copies…]`: one batch of several sizes, shaped by DuckDB and by Spark, and what that means for time and cost in an
 * account. Writes bench/ENGINES.md.
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { once, program, root, startServers } from './bench-processes.mjs';

/** Copies of the 600,000 records, at most 36. */
const SIZES = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [1, 4, 12, 36];
const CORES = 2;

/**
 * US dollars in us-east-1, in 2026: Fargate on Linux and x86 for a vCPU and for a GB of memory, an hour each; a DPU-hour of Glue up to 5.1, by the
 * second from a minute on.
 */
const PRICE = { vcpu: 0.04048, gigabyte: 0.004445, dpu: 0.44 };
/** Assumed, not measured: seconds until a task or a Glue session does its first work. */
const START = { fargate: 45, glue: 60 };
/** CurateSize.PROD, and a G.1X worker, of which one is the driver. */
const TASK = { vcpu: 4, gigabytes: 16 };
const WORKER_VCPU = 4;
const WORKERS = [3, 10, 50];
const BATCHES_GB = [1, 10, 50, 200, 1000];

async function main() {
  if (program('spark') === undefined) throw new Error('Spark is missing; scripts/install-engines.sh installs it');
  const servers = await startServers(['engines']);
  const measured = [];
  try {
    for (const copies of SIZES) {
      const args = (side) => [side, String(copies), `b${copies}x${Date.now().toString(36)}`];
      const slot = args('rows').at(-1);
      const [rows, duckdb, spark] = ['rows', 'duckdb', 'spark'].map((side) => once('engines', [side, String(copies), slot], servers.env));
      if (duckdb.rows !== spark.rows) throw new Error(`DuckDB wrote ${duckdb.rows} rows, Spark ${spark.rows}`);
      measured.push({ gigabytes: rows.bytes / 1e9, rows, duckdb, spark });
      console.log(line(rowOf(measured.at(-1))));
    }
  } finally {
    await servers.stop();
  }
  report(measured);
}

function rowOf({ gigabytes, rows, duckdb, spark }) {
  return [
    `${gigabytes.toFixed(2)} GB, ${(duckdb.rows / 1e6).toFixed(1)} M rows`, `${rows.seconds.toFixed(1)} s`, `${duckdb.seconds.toFixed(1)} s`, `${(duckdb.peakBytes / 2 ** 20).toFixed(0)} MiB`, `${spark.seconds.toFixed(1)} s`, (spark.seconds / duckdb.seconds).toFixed(2),
  ];
}

/** Seconds of an engine as start + seconds for each GB, by its smallest and its largest batch. */
function pace(measured, engine) {
  const [small, large] = [measured[0], measured.at(-1)];
  const perGigabyte = (large[engine].seconds - small[engine].seconds) / (large.gigabytes - small.gigabytes);
  return { start: Math.max(0, small[engine].seconds - perGigabyte * small.gigabytes), perGigabyte };
}

function report(measured) {
  const [duckdb, spark] = [pace(measured, 'duckdb'), pace(measured, 'spark')];
  const task = (gigabytes) => {
    const seconds = START.fargate + duckdb.perGigabyte * gigabytes * (CORES / TASK.vcpu);
    return { seconds, dollars: (seconds / 3600) * (TASK.vcpu * PRICE.vcpu + TASK.gigabytes * PRICE.gigabyte) };
  };
  const glue = (gigabytes, workers) => {
    const seconds = START.glue + spark.perGigabyte * gigabytes * (CORES / ((workers - 1) * WORKER_VCPU));
    return { seconds, dollars: (Math.max(60, seconds) / 3600) * workers * PRICE.dpu };
  };
  const say = ({ seconds, dollars }) => `${minutes(seconds)}, $${dollars.toFixed(2)}`;
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: root, encoding: 'utf8' }).trim();
  const text = [
    '# DuckDB and Spark over sizes', '',
    `Written by \`npm run bench:engines\`: ${new Date().toISOString().slice(0, 10)}, commit ${commit}, ${CORES} of ${os.cpus().length} cores, ${Math.round(os.totalmem() / 1024 ** 3)} GiB, Node ${process.version}, load ${os.loadavg()[1].toFixed(1)}, one run of each.`, '',
    '## Measured', '',
    'One batch of flights, read by Rows once and shaped by both engines: dedupe by key, sort, column partitions, files of 128 MiB. Both write the same number of rows; that they are the same rows,',
    'cell by cell, is what the tests prove. Spark runs in one process with its start, as the local runner starts it.', '',
    line(['batch', 'Rows, for both', 'Shape by DuckDB', 'its peak', 'Shape by Spark', 'Spark / DuckDB']), line(['---', '---', '---', '---', '---', '---']), ...measured.map((each) => line(rowOf(each))), '',
    `A line through the smallest and the largest: DuckDB takes ${duckdb.start.toFixed(1)} s and ${duckdb.perGigabyte.toFixed(1)} s for each GB of source, Spark ${spark.start.toFixed(1)} s and ${spark.perGigabyte.toFixed(1)} s.`, '',
    '## Estimated for an account', '',
    `Nothing of this ran in one. Assumed: work takes as many core-seconds there as here, and is spread over all cores (it never is quite); a task begins after ${START.fargate} s, a Glue session after ${START.glue} s;`,
    `Fargate costs $${PRICE.vcpu} for a vCPU and $${PRICE.gigabyte} for a GB of memory an hour, Glue $${PRICE.dpu} for a DPU-hour and a minute at least (us-east-1, 2026). The task is that of \`CurateSize.PROD\`, ${TASK.vcpu} vCPU and ${TASK.gigabytes} GiB;`,
    'workers are G.1X, one of them the driver. Rows costs the same with both engines, and is not in it.', '',
    line(['batch', 'one task, DuckDB', ...WORKERS.map((count) => `${count} workers, Spark`)]), line(['---', '---', ...WORKERS.map(() => '---')]),
    ...BATCHES_GB.map((size) => line([`${size} GB`, say(task(size)), ...WORKERS.map((count) => say(glue(size, count)))])), '',
    ...verdict(task, glue), '',
  ].join('\n');
  writeFileSync(path.join(root, 'bench', 'ENGINES.md'), text);
  console.log(`\n${text}`);
}

/** From which size on Spark is faster, and whether it is ever cheaper. */
function verdict(task, glue) {
  const sizes = Array.from({ length: 2000 }, (_, i) => i + 1);
  const faster = WORKERS.map((count) => [count, sizes.find((size) => glue(size, count).seconds < task(size).seconds)]);
  const cheaper = WORKERS.map((count) => [count, sizes.find((size) => glue(size, count).dollars < task(size).dollars)]);
  const told = (found, word) => found.map(([count, size]) => `with ${count} workers ${size === undefined ? `Spark is not ${word} up to ${sizes.length} GB` : `Spark is ${word} from ${size} GB on`}`).join(', ');
  return [
    `By these figures ${told(faster, 'faster')}; ${told(cheaper, 'cheaper')}. What decides in practice is the deadline, and the disk of one task: a sort that spills needs about the size of the batch`,
    'as typed Parquet, and a task has at most 200 GiB. `CurateEngine.auto({ sparkFrom })` draws the line.',
  ];
}

function minutes(seconds) {
  return seconds < 90 ? `${seconds.toFixed(0)} s` : seconds < 5400 ? `${(seconds / 60).toFixed(0)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

function line(cells) {
  return `| ${cells.join(' | ')} |`;
}

await main();
