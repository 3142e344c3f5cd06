import { table } from '../commands/table';
import { causeInWords } from '../progress/cause-in-words';
import { bytesText, countText } from '../progress/figures';
import { CATALOG_FILE, queryCurated } from '../queries/query-curated';
import { queryUrl } from '../queries/query-target';
import type { GlueSeeds } from '../services/glue-catalog';
import type { LocalStack } from '../stack/local-stack';
import { qualityTable } from './quality-table';
import { rejectSamples } from './reject-samples';
import type { DatasetSummary, StageSummary } from './dataset-figures';
import type { RunSummary } from './run-summary';

/** The report of a run for people: a row for each hop, rejects with samples, what readers see, what to try next. */
export async function describeRun(stack: LocalStack, summary: RunSummary): Promise<string> {
  const parts = [
    hopTable(summary),
    balanceLines(summary),
    summary.window === undefined ? '' : `nothing was loaded: ${summary.window.reason}\n`,
    await rejectSamples(stack, summary),
    qualityTable(summary),
    await readersSee(stack, summary),
    summary.status === 'SUCCEEDED' ? next(summary) : failure(stack, summary),
  ];
  return `\n${parts.filter((part) => part !== '').join('\n')}`;
}

const COUNTS = ['parsed', 'kept', 'rejected', 'filtered', 'deduplicated', 'written', 'staged', 'inserted', 'updated', 'unchanged', 'deleted'] as const;

function hopTable({ datasets }: RunSummary): string {
  const hops = Object.entries(datasets).flatMap(([dataset, { stages }]) => ([
    ['ingest', 'source → raw'], ['curate', 'raw → curated'], ['load', 'curated → target'],
  ] as const).flatMap(([stage, hop]) => {
    const found = stages[stage];
    return found === undefined ? [] : [hopRow(dataset, hop, found)];
  }));
  if (hops.length === 0) return '';
  const columns = ['dataset', 'hop', 'outcome', 'bytes', ...COUNTS, 'MB/s', 'peak memory'];
  // A column that says nothing in any row only makes the table wide.
  const shown = columns.map((_, i) => i < 3 || hops.some((row) => row[i] !== '' && row[i] !== '0'));
  const only = (row: readonly string[]) => row.filter((_, i) => shown[i]);
  return table(only(columns), hops.map(only));
}

function hopRow(dataset: string, hop: string, stage: StageSummary): string[] {
  return [
    dataset, hop, stage.outcome, bytesText(stage.bytes), ...COUNTS.map((name) => countText(stage.counts[name])),
    stage.megabytesPerSecond === undefined ? '' : String(stage.megabytesPerSecond), bytesText(stage.peakMemoryBytes),
  ];
}

function balanceLines({ datasets }: RunSummary): string {
  const hops = Object.entries(datasets).flatMap(([dataset, { hops: each }]) => each.map((hop) => ({ dataset, ...hop })));
  const open = hops.filter(({ balance }) => balance !== 'balanced');
  const lines = open.map(({ dataset, hop, balance, in: from, out }) => `${balance === 'unknown' ? '?' : '✘'} ${dataset}, ${hop}: ${terms(from)} against ${terms(out)} (${balance})\n`);
  const closed = hops.length - open.length;
  return `${hops.length === 0 ? '' : `${closed} of ${hops.length} balances closed\n`}${lines.join('')}`;
}

function terms(side: DatasetSummary['hops'][number]['in']): string {
  return Object.entries(side).map(([name, value]) => `${name} ${countText(value)}`).join(' + ');
}

async function readersSee(stack: LocalStack, { status, datasets, target }: RunSummary): Promise<string> {
  const lines: string[] = [];
  const vacuumed = vacuumLines(datasets);
  lines.push(...vacuumed);
  // A run that failed before it told anything may have had much to do.
  if (status === 'SUCCEEDED' && vacuumed.length === 0 && Object.values(datasets).every(({ stages }) => Object.values(stages).every(({ outcome }) => outcome === 'unchanged' || outcome === 'nothing'))) {
    lines.push('nothing new: 0 commits to curate, 0 to load\n');
  }
  for (const dataset of Object.keys(datasets)) {
    const athena = await queryCurated(stack.state, `SELECT count(*) FROM "${dataset}"`).then(({ rows }) => rows[0]?.[0], (error: Error) => error);
    const rows = target === undefined ? undefined : await queryUrl(target.url, `SELECT count(*) FROM "${dataset}"`).then((result) => result.rows[0]?.[0], () => undefined);
    const seen = [
      athena instanceof Error ? unreadable(stack, dataset, athena) : athena === undefined ? '' : `Athena sees ${rowsText(athena)}`,
      rows === undefined ? '' : `PostgreSQL sees ${rowsText(rows)}`,
    ].filter(Boolean).join(', ');
    if (seen !== '') lines.push(`${dataset}: ${seen}\n`);
  }
  if (target !== undefined) lines.push(`target database: ${target.url}\n`);
  return lines.join('');
}

/** Not every app curates every dataset; one that the catalog has must be readable. */
function unreadable({ state }: LocalStack, dataset: string, error: Error): string {
  const { tables = [] } = state.read<GlueSeeds>(CATALOG_FILE) ?? {};
  return tables.some(({ table: { Name } }) => Name === dataset) ? `Athena cannot read it: ${error.message}` : '';
}

function rowsText(count: string | null): string {
  return `${countText(Number(count))} ${count === '1' ? 'row' : 'rows'}`;
}

function vacuumLines(datasets: RunSummary['datasets']): string[] {
  return Object.entries(datasets).flatMap(([dataset, { stages: { curate } }]) => {
    const { leftBehind, files = 0, bytes = 0, waiting = 0, expired = 0 } = curate?.counts ?? {};
    if (leftBehind === undefined) return [];
    const later = waiting === 0 ? '' : `; files of ${countText(waiting)} units wait for a run in 6 hours or later`;
    const retired = expired === 0 ? '' : `; ${countText(expired)} units past their retention left the current state`;
    return [`${dataset}: ${countText(files)} files removed, ${bytesText(Number(bytes))}${later}${retired}\n`];
  });
}

function failure(stack: LocalStack, summary: RunSummary): string {
  const failed = summary.machines.filter(({ status }) => status !== 'SUCCEEDED').at(-1);
  const slot = failed?.name.replace(/^.*?-([a-z][a-z0-9_]*)-a\d+$/, '$1');
  const cause = causeInWords(failed?.cause ?? '');
  const told = `${failed?.machine} ${failed?.status.toLowerCase()}: ${failed?.error ?? ''} ${cause}\n\nNext:\n`;
  // There was nothing to curate again, and there will be nothing when it is tried again.
  if (/\bRERUN_[A-Z]+\b/.test(cause)) return `${told}  npx headrace quarantine show\n`;
  const rejects = /\bTHRESHOLD\b/.test(cause) ? `  npx headrace quarantine show --run ${slot}\n` : '';
  return `${told}${rejects}  npx headrace logs ${slot}\n  npx headrace retry ${slot}\n${replay(stack, cause, slot)}`;
}

/** What lands a broken part again, where the failure names one. */
function replay({ machines }: LocalStack, cause: string, slot?: string): string {
  const run = /\/raw\/[^/]+\/([^/]+)\/a\d+\//.exec(cause)?.[1];
  const ingest = machines.filter(({ stage }) => stage === 'ingest');
  if (run === undefined || ingest.length !== 1) return '';
  return `  npx headrace run --machine ${ingest[0]!.path} --input '{"slot":"${slot}_again","operation":"replay","run":"${run}"}'    once the source is mended, before the retry\n`;
}

/** Only what has something to show: not every app has curated tables and a database. */
function next({ datasets, target, window }: RunSummary): string {
  const [dataset = 'dataset'] = Object.keys(datasets);
  const isCurated = Object.values(datasets).some(({ stages }) => stages.curate !== undefined);
  return [
    '\nNext:\n',
    window === undefined ? '' : '  npx headrace load --now\n',
    isCurated ? `  npx headrace sql "SELECT * FROM ${dataset} LIMIT 10"\n` : '',
    target === undefined ? '' : `  npx headrace sql --target "SELECT count(*) FROM ${dataset}"\n`,
    '  npx headrace ls\n',
  ].join('');
}
