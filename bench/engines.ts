import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import * as path from 'node:path';
import { Readable } from 'node:stream';
import { requireContract } from '@headrace/runtime/contract';
import { curateRows } from '@headrace/runtime/curate/rows/curate-rows';
import type { RowsItem, ShapeItem } from '@headrace/runtime/curate/documents';
import { planCurate } from '@headrace/runtime/curate/plan/plan-curate';
import { shapeUnit } from '@headrace/runtime/curate/shape/shape-unit';
import { Report } from '@headrace/runtime/report/report';
import { appendCommit } from '@headrace/runtime/run/commit-log';
import { commitLogPrefix, rawPartKey } from '@headrace/runtime/run/keys';
import type { RawManifest } from '@headrace/runtime/run/manifest';
import { folderOfPlan, resultRef } from '@headrace/runtime/run/work';
import { ObjectStore } from '@headrace/runtime/stores/object-store';
import { runCase, setting } from './run-case';

/**
 * One batch of `copies` times the 600,000 clean records, planned and read once by `rows`, then shaped by `duckdb` and by `spark`:
 * each the very step of the stage, Spark with its start.
 */
const [, copies = '1', slot = 's1'] = process.argv.slice(2);
const LF = 0x0a;
const FIRST = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ';
/** A file of a source that is landed in pieces, so that Rows may read them side by side. */
const COPIES_IN_PART = 10;

const store = new ObjectStore();
const report = new Report({ write: () => undefined });
const pipeline = 'engines';
// Only the first character of an id tells copies apart, and ten digits are not enough.
const text = readFileSync(setting('BENCH_CONTRACT'), 'utf8').replace('^F[0-9]{7}$', '^F[0-9A-Z]{7}$').replace(/\n {2}- name: airports[\s\S]*/, '\n');
const contract = requireContract(text, 'flights.odcs.yaml');
const settings = {
  pipeline, rawBucket: 'raw', curatedBucket: 'curated', workPrefix: `${pipeline}/work/curate/`, contract: { bucket: 'raw', key: 'engines/contract.yaml' }, codeVersion: '1.0.0', engine: 'auto',
  sparkFromBytes: 1, database: 'bench', publishedTable: 'published', runsTables: { flights: 'flights_runs' }, rejectsTables: { flights: 'flights_rejects' }, targetFileBytes: 128 * 1024 * 1024,
};
const call = { settings, input: { slot, attempt: 1 }, execution: { name: `${pipeline}-${slot}-a1`, startTime: '2026-01-01T00:00:00Z' }, store, report, signal: new AbortController().signal, previous: undefined };

/** The records of some copies, each with ids of its own. */
function* part(clean: Buffer, first: number, end: number): Generator<Buffer> {
  const body = clean.indexOf(LF) + 1;
  yield clean.subarray(0, body);
  for (let copy = first; copy < end; copy++) {
    const records = Buffer.from(clean.subarray(body));
    for (let start = 0; start < records.length; start = records.indexOf(LF, start) + 1) records[start + 1] = FIRST.charCodeAt(copy);
    yield records;
  }
}

async function land(): Promise<number> {
  const clean = readFileSync(setting('BENCH_CLEAN_SOURCE'));
  const parts: RawManifest['parts'][number][] = [];
  for (let first = 0; first < Number(copies); first += COPIES_IN_PART) {
    const key = rawPartKey({ pipeline, dataset: 'flights', runId: slot, attempt: 1, part: `${String(parts.length).padStart(5, '0')}-flights.csv` });
    const { bytes, sha256 } = await store.upload({ bucket: 'raw', key }, Readable.from(part(clean, first, Math.min(Number(copies), first + COPIES_IN_PART))));
    parts.push({ key, bytes, sha256, records: 'unknown', compression: 'none', source: { url: 'file:flights.csv', identity: {} } });
  }
  const at = new Date().toISOString();
  await appendCommit<RawManifest>(store, { bucket: 'raw', prefix: commitLogPrefix('raw', pipeline, 'flights') }, (seq) => ({
    schemaVersion: 1, stage: 'ingest', kind: 'ingest', pipeline, dataset: 'flights', seq, runId: slot, attempt: 1, committedAt: at, contract: { id: 'bench', version: '1.0.0', sha256: '0' }, columns: [],
    codeVersion: '1', source: { kind: 'http', url: 'file:flights.csv' }, cursor: {}, parts, supersedes: [], timing: { startedAt: at, endedAt: at }, peakMemoryBytes: 1,
  }));
  return parts.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** The newest batch; those of earlier runs of the bench were never published, and are planned again before it. */
async function planned(): Promise<{
  readonly unit: ShapeItem;
  readonly items: readonly RowsItem[];
  readonly plan: { bucket: string; key: string };
  readonly bytes: number;
}> {
  const plan = await planCurate(call);
  const unit = (await store.getJson<ShapeItem[]>(plan.units))?.value.at(-1);
  const items = (await store.getJson<RowsItem[]>(plan.items))?.value ?? [];
  if (unit === undefined) throw new Error('the plan has no unit');
  const own = items.filter(({ unitId }) => unitId === unit.unitId);
  return { unit, items: own, plan: plan.plan, bytes: own.reduce((sum, { bytes }) => sum + bytes, 0) };
}

void runCase({
  rows: async () => {
    await store.putText(settings.contract, text);
    const bytes = await land();
    const { items, plan } = await planned();
    const began = performance.now();
    let rows = 0;
    for (const item of items) {
      const [dataset] = contract.datasets;
      const result = await curateRows({ item, dataset: dataset as NonNullable<typeof dataset>, pipeline, rawBucket: 'raw', curatedBucket: 'curated', folder: folderOfPlan(plan), store, report });
      await store.putJson(resultRef(folderOfPlan(plan), 'rows', item.index), { schemaVersion: 1, timing: { startedAt: '2026-01-01T00:00:00Z', endedAt: '2026-01-01T00:00:00Z' }, peakMemoryBytes: 1, ...result });
      rows += result.counts.kept;
    }
    return { bytes, rows, seconds: (performance.now() - began) / 1000 };
  },
  duckdb: async () => {
    const { unit, plan, bytes } = await planned();
    const began = performance.now();
    const { counts } = await shapeUnit(unit, { settings: settings as never, contract, folder: folderOfPlan(plan), store, report });
    return { bytes, rows: counts.written, seconds: (performance.now() - began) / 1000 };
  },
  spark: async () => {
    const { unit, plan, bytes } = await planned();
    const job = setting('BENCH_SHAPE_JOB');
    const submit = '--master local[2] --driver-memory 4g --conf spark.ui.enabled=false --conf spark.ui.showConsoleProgress=false --conf spark.sql.shuffle.partitions=8 --conf spark.driver.bindAddress=127.0.0.1 --conf spark.driver.host=127.0.0.1 pyspark-shell';
    const began = performance.now();
    // The other engine has made the files of this unit; a name of its own keeps them apart.
    const of = { ...settings, pipeline: 'spark' };
    execFileSync(setting('BENCH_SPARK'), [path.join(job, 'shape_job.py'), '--HEADRACE_SETTINGS', JSON.stringify(of), '--HEADRACE_TASK', JSON.stringify({ step: 'shape', plan, index: unit.index }), '--local-files', 'true'], {
      stdio: ['ignore', 'ignore', 'pipe'], maxBuffer: 64 * 1024 * 1024,
      env: { ...process.env, AWS_DEFAULT_REGION: 'us-east-1', PYTHONPATH: path.join(job, 'modules'), PYTHONDONTWRITEBYTECODE: '1', SPARK_LOCAL_IP: '127.0.0.1', PYSPARK_SUBMIT_ARGS: submit },
    });
    const result = (await store.getJson<{ counts: { written: number } }>(resultRef(folderOfPlan(plan), 'shape', unit.index)))?.value;
    return { bytes, rows: result?.counts.written ?? 0, seconds: (performance.now() - began) / 1000 };
  },
});
