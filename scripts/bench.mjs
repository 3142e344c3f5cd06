/**
 * `npm run bench [-- pairs [case]]`: each part against a named reference, in turns, each side in a process of its own.
 *
 * A ratio is the reference's time divided by ours, pair by pair, and the median of the pairs is what counts: a machine that
 * slows down does so for both. Short cases have more pairs, since a moment of the machine weighs more in them.
 * Writes bench/RESULTS.md, unless only one case is asked for.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { bundle, once, program, root, startServers } from './bench-processes.mjs';
import { readsSection, withReads } from './bench-reads.mjs';

const [pairs, only] = [Number(process.argv[2] ?? 5), process.argv[3]];
const MIB = 1024 * 1024;
/** A pair that takes less is measured so many times as often. */
const [SHORT_SECONDS, PAIRS_OF_SHORT] = [4, 3];

const CASES = [
  { name: 'http-to-raw', what: 'HTTP → S3 Raw', reference: 'same client, @aws-sdk/lib-storage upload, no digest', bar: 0.9, peakMiB: 256 },
  { name: 'csv-to-parquet', side: 'rows', what: 'CSV → typed Parquet, the Rows kernel with all checks, S3 to S3', reference: "DuckDB's bare COPY, disk to disk", bar: 0.5 },
  { name: 'csv-to-parquet', side: 'multiline', what: 'CSV → typed Parquet, records that may span lines, so that ingest leaves a record index (one task reads the part from its start, and does not need it)', reference: "DuckDB's bare COPY, disk to disk", bar: 0.7 },
  { name: 'csv-to-parquet', side: 'multiline', against: 'stores', what: 'CSV → typed Parquet, S3 to S3, records that may span lines', reference: "DuckDB's bare COPY with the same transfers: the object downloaded to a file before it, the result uploaded after it" },
  { name: 'csv-to-parquet', side: 'multiline', large: true, what: 'CSV → typed Parquet, ten times the file, records that may span lines', reference: "DuckDB's bare COPY, disk to disk", bar: 0.7 },
  { name: 'csv-to-parquet', what: 'CSV → curated Parquet: Rows, then Shape (dedupe, sort, column partitions)', reference: "DuckDB's bare COPY, disk to disk, without any of that", bar: 0.5 },
  { name: 'csv-to-parquet', against: 'same', what: 'CSV → curated Parquet', reference: 'DuckDB doing the same in one statement (dedupe by the same key and order, column partitions, same compression and row groups), disk to disk, without checks and quarantine' },
  { name: 'csv-to-parquet', side: 'rows', large: true, what: 'CSV → typed Parquet, ten times the file', reference: "DuckDB's bare COPY, disk to disk", bar: 0.5 },
  { name: 'csv-to-parquet', large: true, what: 'CSV → curated Parquet, ten times the file', reference: "DuckDB's bare COPY, disk to disk, without any of that", bar: 0.5 },
  { name: 'csv-to-parquet', against: 'same', large: true, what: 'CSV → curated Parquet, ten times the file', reference: 'DuckDB doing the same in one statement, disk to disk, without checks and quarantine, with 4 GiB of memory: with 1 GiB it fails' },
  { name: 'csv-to-parquet', side: 'rows', against: 'spark', what: 'CSV → typed Parquet', reference: "Spark's bare read and write, disk to disk, without its start", needs: 'spark' },
  { name: 'csv-to-parquet', side: 'rows', against: 'spark', large: true, what: 'CSV → typed Parquet, ten times the file', reference: "Spark's bare read and write, disk to disk, without its start", needs: 'spark' },
  { name: 'ndjson-to-parquet', side: 'rows', what: 'NDJSON → typed Parquet, the Rows kernel with all checks, S3 to S3', reference: "DuckDB's bare COPY, disk to disk" },
  { name: 'ndjson-to-parquet', side: 'rows', against: 'spark', what: 'NDJSON → typed Parquet', reference: "Spark's bare read and write, disk to disk, without its start", needs: 'spark' },
  { name: 'xml-to-parquet', side: 'rows', what: 'XML → typed Parquet, the Rows kernel with all checks, S3 to S3', reference: "expat of Python to CSV, then DuckDB's bare COPY, disk to disk: neither engine reads XML" },
  { name: 'parquet-to-postgres', what: 'Parquet → PostgreSQL, one connection', reference: 'psql \\copy of the same rows from CSV', bar: 1.0, needs: 'psql' },
  { name: 'parquet-to-mysql', what: 'Parquet → MariaDB, one connection', reference: 'LOAD DATA LOCAL of the database\'s client, of the same rows as text on disk', needs: 'mariadbd' },
  { name: 'parquet-to-mysql', side: 'rowSums', against: 'headrace', what: 'sums of all rows, in Parquet and in MariaDB, by which a load through DMS is checked', reference: 'our copy of the same rows, one connection', needs: 'mariadbd' },
  { name: 'postgres-to-raw', what: 'PostgreSQL → S3 Raw, one connection, planned, digest and record count', reference: 'psql \\copy of the same table to a file on disk', bar: 0.9, peakMiB: 256, needs: 'psql' },
  { name: 'postgres-to-raw', large: true, what: 'PostgreSQL → S3 Raw, one connection, ten times the table', reference: 'psql \\copy of the same table to a file on disk', bar: 0.9, peakMiB: 256, needs: 'psql' },
  { name: 'mysql-to-raw', what: 'MariaDB → S3 Raw, one connection, planned, digest and record count', reference: 'mariadb-dump of the same table to a file on disk (SQL)', peakMiB: 256, needs: 'mariadbd' },
  { name: 'mysql-to-raw', against: 'client', what: 'MariaDB → S3 Raw', reference: 'mariadb --quick --batch of the same table to a file on disk (tab-separated)', peakMiB: 256, needs: 'mariadbd' },
  { name: 'merge-into-table', side: 'empty', against: 'empty-reference', what: 'merge into an empty table', reference: 'INSERT … ON CONFLICT DO UPDATE of the same staged rows, which checks and counts nothing' },
  { name: 'merge-into-table', side: 'changed', against: 'changed-reference', what: 'merge into an existing table: a third new, a third changed, a third the same', reference: 'INSERT … ON CONFLICT DO UPDATE of the same staged rows, which checks and counts nothing' },
  { name: 'merge-into-table', side: 'same', against: 'same-reference', what: 'merge of rows that are all there already', reference: 'INSERT … ON CONFLICT DO UPDATE of the same staged rows, which checks and counts nothing' },
];

/** It has a table of its own, and servers of its own. */
const READS = 'reads-during-load';
const RESULTS = path.join(root, 'bench', 'RESULTS.md');

async function main() {
  if (only === READS) return writeFileSync(RESULTS, withReads(readFileSync(RESULTS, 'utf8'), reads()));
  const chosen = CASES.filter(({ name }) => only === undefined || name === only);
  if (chosen.length === 0) throw new Error(`the case must be one of ${[...new Set(CASES.map(({ name }) => name)), READS].join(', ')}, got ${JSON.stringify(only)}`);
  const servers = await startServers(new Set(CASES.map((each) => each.name)));
  const rows = [];
  try {
    for (const each of chosen) {
      if ('needs' in each && program(each.needs) === undefined) rows.push([each.what, each.reference, `skipped: no ${each.needs} on this machine`]);
      else rows.push(measure(each, servers.env));
      console.log(rows.at(-1).join(' | '));
    }
  } finally {
    await servers.stop();
  }
  // What was not measured must not stand beside what was.
  if (only === undefined) report(rows);
}

function measure({ name, side = 'headrace', against = 'reference', large = false, what, reference, bar, peakMiB }, env) {
  const suffix = large ? '-large' : '';
  const ourSide = `${side}${suffix}`;
  const theirSide = `${against}${suffix}`;
  const run = (each) => once(name, [each], env);
  const isShort = run(ourSide).seconds + run(theirSide).seconds < SHORT_SECONDS;
  const count = isShort ? pairs * PAIRS_OF_SHORT : pairs;
  const taken = Array.from({ length: count }, () => ({ ours: run(ourSide), theirs: run(theirSide) }));
  const ratio = median(taken.map(({ ours, theirs }) => theirs.seconds / ours.seconds));
  const cpuRatio = median(taken.map(({ ours, theirs }) => theirs.cpuSeconds / ours.cpuSeconds));
  const ours = median(taken.map((pair) => pair.ours.seconds));
  const theirs = median(taken.map((pair) => pair.theirs.seconds));
  const peak = Math.max(...taken.map((pair) => pair.ours.peakBytes)) / MIB;
  const { bytes, rows } = taken[0].ours;
  const pace = (seconds) => `${seconds.toFixed(2)} s, ${(bytes / seconds / 1e6).toFixed(0)} MB/s${rows ? `, ${(rows / seconds / 1000).toFixed(0)} k rows/s` : ''}`;
  const verdict = bar === undefined ? '' : ratio >= bar && (peakMiB === undefined || peak <= peakMiB) ? 'met' : 'not met';
  const limit = bar === undefined ? 'none' : `≥ ${bar}${peakMiB ? `, ≤ ${peakMiB} MiB` : ''}`;
  return [what, reference, pace(ours), pace(theirs), ratio.toFixed(2), cpuRatio.toFixed(2), limit, verdict, `${peak.toFixed(0)} MiB`, `${count}`];
}

function report(rows) {
  const commit = commitOf();
  const head = ['what', 'reference', 'Headrace', 'the reference', 'ratio', 'of CPU time', 'bar', '', 'peak memory', 'pairs'];
  const line = (cells) => `| ${cells.join(' | ')} |`;
  const text = [
    '# Results of the last `npm run bench`', '',
    `${new Date().toISOString().slice(0, 10)}, commit ${commit}, ${os.cpus().length} cores, ${Math.round(os.totalmem() / 1024 ** 3)} GiB, Node ${process.version}.`,
    `Load average before the end: ${os.loadavg().map((each) => each.toFixed(1)).join(', ')}; above the number of cores, absolute figures are those of a busy machine, and ratios are what can be read.`, '',
    'A ratio is the time of the reference divided by ours, median over pairs that ran in turns: above 1 is faster than the reference. Each side is a process of its own;',
    'peak memory is the kernel\'s high-water mark of ours. CPU time is that of all threads of the process, so its ratio means little where the reference is',
    'another program (psql) or a part of the work is in a server. The input is the 600,043 records (75 MB) of the reference pipeline; the large file has its clean records ten times over.', '',
    line(head), line(head.map(() => '---')), ...rows.map(line), '',
  ].join('\n');
  const whole = withReads(text, reads());
  writeFileSync(RESULTS, whole);
  console.log(`\n${whole}`);
}

/** What reads on the target feel of a load; the section says when and where it was measured, since it may be newer than the rest. */
function reads() {
  bundle(READS);
  const section = readsSection(once(READS, [], { ...process.env, NODE_NO_WARNINGS: '1' }), `${new Date().toISOString().slice(0, 10)}, commit ${commitOf()}, load average before the end ${os.loadavg().map((each) => each.toFixed(1)).join(', ')} on ${os.cpus().length} cores`);
  console.log(section);
  return section;
}

function commitOf() {
  return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: root, encoding: 'utf8' }).trim();
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}

await main();
