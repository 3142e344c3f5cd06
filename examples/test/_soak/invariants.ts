import { createHash } from 'node:crypto';
import { type ExecutionRecord, queryCurated, queryUrl, summarizeRun } from '@headrace/local-runner';
import { AIRPORT_COLUMNS, FLIGHT_COLUMNS, type Row } from './batch-source';
import type { SoakBench, Stage } from './soak-bench';
import { commitLog, logProblems, uploadProblems } from './stored-objects';

/** Columns whose text is the same in Athena and in the database. */
const ATHENA_COLUMNS = FLIGHT_COLUMNS.filter((name) => name !== 'departed_at' && name !== 'updated_at');
export const PIPELINE = 'flights';
export const DATASETS = ['flights', 'airports'] as const;

/**
 * What must hold when all stages up to `last` have ended well; throws one error that lists all that does not.
 *
 * @param records executions of the current batch, whose counts must balance
 */
export async function requireInvariants(bench: SoakBench, records: readonly ExecutionRecord[], last: Stage): Promise<void> {
  const problems = [...await balanceProblems(bench, records), ...uploadProblems(bench), ...logsProblems(bench, 'raw')];
  if (last !== 'Ingest') problems.push(...logsProblems(bench, 'curated'), ...await athenaProblems(bench));
  if (last === 'Load') problems.push(...await ledgerProblems(bench), ...await targetProblems(bench));
  if (problems.length > 0) throw new Error(`${problems.length} broken: ${problems.join('; ')}`);
}

async function balanceProblems({ stack, source }: SoakBench, records: readonly ExecutionRecord[]): Promise<string[]> {
  const { datasets } = await summarizeRun(stack, records);
  const hops = Object.entries(datasets).flatMap(([dataset, { hops: each }]) => each.map((hop) => ({ dataset, ...hop })));
  const problems = hops.filter(({ balance }) => balance !== 'balanced').map(({ dataset, hop, balance }) => `the balance of ${dataset}, ${hop}, is ${balance}`);
  const curated = datasets.flights?.stages.curate;
  // An attempt that finds all done says so, and counts nothing.
  if (curated?.outcome === 'committed' && curated.counts.units === 1) {
    const { rejected, deduplicated } = curated.counts;
    const expected = source.perBatch;
    if (rejected !== expected.rejected || deduplicated !== expected.deduplicated) {
      problems.push(`flights rejected ${rejected} and deduplicated ${deduplicated}, not ${expected.rejected} and ${expected.deduplicated}`);
    }
  }
  return problems;
}

/** Each log has one entry for each batch, and that of Raw the bytes of the source. */
function logsProblems(bench: SoakBench, layer: 'raw' | 'curated'): string[] {
  return DATASETS.flatMap((dataset) => {
    const { batches, digests } = bench.source;
    const log = commitLog(bench, PIPELINE, layer, dataset);
    const problems = logProblems(bench, `the ${layer} log of ${dataset}`, log, batches);
    const wrong = layer === 'raw' ? log.find(({ parts }, i) => parts.length !== 1 || parts[0]?.sha256 !== digests[dataset][i]) : undefined;
    if (wrong !== undefined) problems.push(`raw commit ${wrong.seq} of ${dataset} does not hold the source's bytes`);
    return problems;
  });
}

/** One ledger row for each commit, which tells as many staged records as the manifest; nothing half done is left. */
async function ledgerProblems(bench: SoakBench): Promise<string[]> {
  const problems: string[] = [];
  for (const dataset of DATASETS) {
    const ledger = await query(bench, `SELECT seq, outcome, staged FROM headrace.load_ledger WHERE dataset = '${dataset}' ORDER BY seq`);
    const log = commitLog(bench, PIPELINE, 'curated', dataset);
    const expected = log.map(({ seq, parts }, i) => {
      // Of several snapshots that wait, only the newest is loaded.
      const overtaken = dataset === 'airports' && ledger[i]?.[1] === 'overtaken' && seq < log.length;
      return overtaken ? [String(seq), 'overtaken', '0'] : [String(seq), 'loaded', String(parts.reduce((sum, { records }) => sum + records, 0))];
    });
    if (JSON.stringify(ledger) !== JSON.stringify(expected)) {
      problems.push(`the ledger of ${dataset} ends with ${JSON.stringify(ledger.slice(-3))}, the log with ${JSON.stringify(expected.slice(-3))}`);
    }
  }
  const [left] = await query(bench, `SELECT (SELECT count(*) FROM headrace.load_part), (SELECT count(*) FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'headrace' AND c.relkind = 'r' AND c.relname LIKE 'stage\\_%')`);
  if (left?.some((count) => count !== '0')) problems.push(`${left[0]} staged parts and ${left[1]} staging tables are left in the target`);
  return problems;
}

/** The target holds the source's clean rows, every cell of them, and no other row. */
async function targetProblems(bench: SoakBench): Promise<string[]> {
  const { source } = bench;
  return [
    ...difference('flights of the target', await query(bench, `SELECT ${FLIGHT_COLUMNS.join(', ')} FROM public.flights`), source.expectedFlights.map(asPostgres)),
    ...difference('airports of the target', await query(bench, `SELECT ${AIRPORT_COLUMNS.join(', ')} FROM public.airports`), source.expectedAirports),
  ];
}

/** Athena sees the clean rows of the commits, and nothing of an attempt that no commit names. */
export async function athenaProblems({ source, stack }: SoakBench): Promise<string[]> {
  const athena = async (columns: readonly string[], table: string) => (await queryCurated(stack.state, `SELECT ${columns.join(', ')} FROM ${table}`)).rows;
  const places = ATHENA_COLUMNS.map((name) => FLIGHT_COLUMNS.indexOf(name));
  return [
    ...difference('flights of Athena', await athena(ATHENA_COLUMNS, 'flights'), source.expectedFlights.map((row) => places.map((i) => row[i] ?? null))),
    ...difference('airports of Athena', await athena(AIRPORT_COLUMNS, 'airports'), source.expectedAirports),
  ];
}

/** The source writes `2001-07-01T00:01:00Z` where PostgreSQL prints `2001-07-01 00:01:00+00`; all other cells are printed alike. */
function asPostgres(row: Row): Row {
  return row.map((cell, i) => (FLIGHT_COLUMNS[i] === 'updated_at' && cell !== null ? cell.replace('T', ' ').replace('Z', '+00') : cell));
}

/** Both as multisets: a row that is there twice is one too many. */
export function difference(what: string, found: readonly Row[], expected: readonly Row[]): string[] {
  const left = new Map<string, number>();
  for (const row of expected) left.set(JSON.stringify(row), (left.get(JSON.stringify(row)) ?? 0) + 1);
  const extra: string[] = [];
  for (const text of found.map((row) => JSON.stringify(row))) {
    const count = left.get(text) ?? 0;
    if (count === 0) extra.push(text);
    else if (count === 1) left.delete(text);
    else left.set(text, count - 1);
  }
  if (extra.length === 0 && left.size === 0) return [];
  return [`${what}: ${found.length} rows, ${expected.length} expected; ${extra.length} too many, such as ${extra[0]}; ${left.size} missing, such as ${[...left.keys()][0]}`];
}

/** What readers see, and who made it, as one line: the ledger with its times, the commit logs, digests of all rows. */
export async function visibleState(bench: SoakBench): Promise<string> {
  const digest = (table: string, key: string) => `(SELECT md5(string_agg(t::text, ' ' ORDER BY ${key})) FROM public.${table} t)`;
  const rows = await query(bench, `SELECT ${digest('flights', 'flight_id')}, ${digest('airports', 'iata')},
    (SELECT string_agg(concat_ws(' ', table_name, seq, epoch, attempt_id, published_at), ', ' ORDER BY table_name, seq) FROM headrace.load_ledger)`);
  const logs = (['raw', 'curated'] as const).flatMap((layer) => DATASETS.map((dataset) => commitLog(bench, PIPELINE, layer, dataset)));
  return JSON.stringify([rows, createHash('sha256').update(JSON.stringify(logs)).digest('hex')]);
}

async function query({ stack }: SoakBench, sql: string): Promise<readonly Row[]> {
  return (await queryUrl(stack.databases[0]?.url ?? '', sql)).rows;
}
