import { userError } from '../errors/pipeline-error';
import { checkBalance } from '../run/balance';
import { appendCommit, LogView } from '../run/commit-log';
import { commitLogPrefix } from '../run/keys';
import { ingestIdentity, SCHEMA_VERSION, type RawManifest } from '../run/manifest';
import { attemptId } from '../run/ids';
import type { DatasetResult, StageOutput } from '../run/stage-io';
import { planRef, readPlan, readResults, workFolder } from '../run/work';
import { commitCursor } from './commit-cursor';
import type { IngestPlan, PlannedDataset, PullResult, TakenOver } from './documents';
import { parseIngestInput } from './ingest-input';
import { saveKnownShards } from './known-shards';
import type { StageCall } from './plan';
import { PulledBatch, sum } from './pulled-batch';
import { parseIngestSettings, type IngestSettings } from './settings';
import { requireSize } from './shrink-guard';
import { sourceKind } from './source/source-kinds';

/**
 * Makes what was pulled visible: one entry in the log of each dataset.
 *
 * All checks of all datasets come before the first entry. Run again, it finds its own entries and adds none.
 */
export async function commitIngest(call: StageCall): Promise<StageOutput> {
  const { store, report, signal } = call;
  const settings = parseIngestSettings(call.settings);
  const input = parseIngestInput(call.input, settings.pipeline);
  const folder = workFolder(settings.rawBucket, settings.workPrefix, attemptId(input.slot, input.attempt));
  const plan = await readPlan<IngestPlan>(store, planRef(folder), { signal });
  const planned = Object.entries(plan.datasets);
  const pulls = planned.reduce((sum, [, dataset]) => sum + dataset.pulls.count, 0);
  const results = await readResults<PullResult>(store, folder, 'pull', pulls, { signal });
  const taken = plan.takenOver === undefined ? {} : (await readPlan<TakenOver>(store, plan.takenOver, { signal })).datasets;
  const batches = new Map(planned.map(([name, { pulls: { first, count } }]) => [
    name, new PulledBatch([...taken[name] ?? [], ...results.slice(first, first + count)]),
  ]));
  for (const [name, dataset] of planned) check(name, dataset, batches.get(name)!);
  const views = await openLogs(call, settings.rawBucket, plan, batches);

  const datasets: Record<string, DatasetResult> = {};
  for (const [name, dataset] of planned) {
    const outcome = await commitDataset(call, settings, plan, name, dataset, batches.get(name)!, views.get(name));
    if (outcome.outcome === 'committed' || outcome.outcome === 'empty') {
      report.say('INGEST_I1301', { dataset: name, seq: outcome.seq, ...outcome.counts, manifestKey: outcome.manifestKey });
    } else {
      report.say('INGEST_I1302', { dataset: name, outcome: outcome.outcome });
    }
    datasets[name] = outcome;
  }
  return { schemaVersion: SCHEMA_VERSION, pipeline: plan.pipeline, slot: plan.runId, attempt: plan.attempt, datasets };
}

/** The logs that may get an entry; a batch that the guards refuse ends the run before any does. */
async function openLogs(
  call: StageCall, bucket: string, plan: IngestPlan, batches: ReadonlyMap<string, PulledBatch>,
): Promise<ReadonlyMap<string, LogView<RawManifest>>> {
  const views = new Map<string, LogView<RawManifest>>();
  for (const [name, { committed, source, cursor }] of Object.entries(plan.datasets)) {
    const batch = batches.get(name)!;
    if (committed !== undefined || batch.landed.length === 0) continue;
    const view = await LogView.open<RawManifest>(call.store, { bucket, prefix: commitLogPrefix('raw', plan.pipeline, name) }, { signal: call.signal });
    views.set(name, view);
    if (view.seqOf.has(ingestIdentity(plan.kind, plan.runId))) continue;
    commitCursor(plan.kind, name, reachedCursor(name, cursor, batch), view.last?.manifest);
    if (plan.kind !== 'backfill') await requireSize(call.store, view, name, source.maxShrinkPercent, batch, { signal: call.signal });
  }
  return views;
}

function check(name: string, dataset: PlannedDataset, batch: PulledBatch): void {
  for (const { part, told } of batch.landed) {
    checkBalance({ hop: `source to raw of ${name}`, in: { source: told.bytes }, out: { raw: part.bytes }, unit: 'bytes' });
    checkBalance({ hop: `source to raw of ${name}`, in: { source: told.records }, out: { raw: part.records }, unit: 'records' });
  }
  batch.told(name);
  if (dataset.history === 'snapshot' && batch.unchanged > 0 && batch.landed.length > 0) {
    throw userError('SNAPSHOT_PARTIAL', `${name} is a snapshot, which is whole in one commit, and ${batch.unchanged} of its shards answered that nothing changed; let every shard send its data when one of them has changed. Nothing was committed`, { dataset: name, unchanged: batch.unchanged });
  }
  const { minRows } = dataset.source;
  if (minRows === 0 || batch.landed.length === 0) return;
  const { records } = batch;
  if (records === 'unknown') {
    throw userError('MIN_ROWS', `${name}: minRows is ${minRows} and the records of ${batch.landed[0]!.part.key} cannot be counted before curate; leave minRows out for records that span lines, and set a threshold in the contract. Nothing was committed`, { dataset: name, minRows });
  }
  if (records < minRows) {
    throw userError('MIN_ROWS', `${name}: the source sent ${records} records, minRows is ${minRows}; nothing was committed. If the source is right, lower minRows and start the next attempt`, { dataset: name, records, minRows });
  }
}

async function commitDataset(
  call: StageCall, { rawBucket: bucket, tasks }: IngestSettings, plan: IngestPlan, name: string, dataset: PlannedDataset, batch: PulledBatch,
  view: LogView<RawManifest> | undefined,
): Promise<DatasetResult> {
  if (dataset.committed !== undefined) return { outcome: 'already-committed', ...dataset.committed, counts: {} };
  if (batch.landed.length === 0) return { outcome: 'unchanged', counts: {} };
  const log = { bucket, prefix: commitLogPrefix('raw', plan.pipeline, name) };
  const ladder = dataset.source.ladder ?? tasks.ladder;
  // An earlier try of this commit stands, however far the log has come since.
  const own = await view?.find(ingestIdentity(plan.kind, plan.runId), { signal: call.signal });
  const appended = own !== undefined ? { outcome: 'already-committed' as const, ...own } : await appendCommit<RawManifest>(call.store, log, (seq, previous) => {
    const nothingNew = plan.kind === 'ingest' && previous !== undefined && previous.runId !== plan.runId && batch.sameAs(previous, dataset.history);
    return nothingNew ? undefined : manifest(plan, ladder.map(({ memoryMiB }) => memoryMiB), name, dataset, batch, seq, previous);
  }, { signal: call.signal });
  if (appended.outcome === 'nothing') return { outcome: 'unchanged', counts: {} };
  // A snapshot is told from its last commit alone, and asks no cache.
  if (dataset.history !== 'snapshot' && sourceKind(dataset.source.kind).remembers) await saveKnownShards(call.store, log, appended.seq, { signal: call.signal });
  // An entry of an earlier try counts, whatever this try has read.
  const { parts } = appended.manifest;
  const bytes = parts.reduce((sum, part) => sum + part.bytes, 0);
  const records = bytes === 0 ? 0 : sum(parts.map((part) => part.records));
  return {
    outcome: appended.outcome === 'committed' && (records === 0 || bytes === 0) ? 'empty' : appended.outcome,
    seq: appended.seq, manifestKey: appended.key,
    counts: {
      parts: parts.length, sourceBytes: sum(batch.landed.map(({ told }) => told.bytes)), bytes, records,
      headerLines: sum(batch.landed.map((one) => one.headerLines)),
      ...(batch.takenOver === 0 ? {} : { takenOver: batch.takenOver }),
    },
  };
}

/** What the plan knew, and what reading told. */
function reachedCursor(name: string, planned: PlannedDataset['cursor'], batch: PulledBatch): PlannedDataset['cursor'] {
  const to = batch.told(name);
  return to === undefined ? batch.reached(planned) : { ...planned, to };
}

function manifest(
  plan: IngestPlan, ladder: readonly number[], name: string, dataset: PlannedDataset, batch: PulledBatch, seq: number,
  previous: RawManifest | undefined,
): RawManifest {
  return {
    schemaVersion: SCHEMA_VERSION, stage: 'ingest', kind: plan.kind, pipeline: plan.pipeline, dataset: name, seq, runId: plan.runId, attempt: plan.attempt,
    committedAt: new Date().toISOString(), contract: plan.contract, columns: dataset.columns, codeVersion: plan.codeVersion,
    source: { kind: dataset.source.kind, url: dataset.url },
    cursor: commitCursor(plan.kind, name, reachedCursor(name, dataset.cursor, batch), previous),
    ...batch.learned(ladder, dataset.memory),
    ...(dataset.range === undefined ? {} : { range: dataset.range }),
    parts: batch.landed.map(({ part }) => part), supersedes: dataset.supersedes ?? [],
    timing: batch.timing, peakMemoryBytes: batch.peakMemoryBytes,
  };
}
