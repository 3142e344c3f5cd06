import { userError } from '../errors/pipeline-error';
import { checkBalance } from '../run/balance';
import { appendCommit } from '../run/commit-log';
import { commitLogPrefix } from '../run/keys';
import { SCHEMA_VERSION, type RawManifest } from '../run/manifest';
import { attemptId } from '../run/ids';
import { parseStageInput, type DatasetResult, type StageOutput } from '../run/stage-io';
import { planRef, readPlan, readResults, workFolder } from '../run/work';
import type { IngestPlan, LandedResult, PlannedDataset, PullResult } from './documents';
import type { StageCall } from './plan';
import { parseIngestSettings } from './settings';
import { strongEtag } from './source-head';

/**
 * Makes what was pulled visible: one entry in the log of each dataset.
 *
 * All checks of all datasets come before the first entry. Run again, it finds its own entries and adds none.
 */
export async function commitIngest(call: StageCall): Promise<StageOutput> {
  const { store, report, signal } = call;
  const settings = parseIngestSettings(call.settings);
  const input = parseStageInput(call.input, settings.pipeline);
  const folder = workFolder(settings.rawBucket, settings.workPrefix, attemptId(input.slot, input.attempt));
  const plan = await readPlan<IngestPlan>(store, planRef(folder), { signal });
  const planned = Object.entries(plan.datasets);
  const results = await readResults<PullResult>(store, folder, 'pull', planned.filter(([, { item }]) => item !== undefined).length, { signal });
  for (const [name, dataset] of planned) {
    const result = dataset.item === undefined ? undefined : results[dataset.item];
    if (result?.outcome === 'landed') check(name, dataset, result);
  }

  const datasets: Record<string, DatasetResult> = {};
  for (const [name, dataset] of planned) {
    const result = dataset.item === undefined ? undefined : results[dataset.item];
    const outcome = await commitDataset(call, settings.rawBucket, plan, name, dataset, result);
    if (outcome.outcome === 'committed' || outcome.outcome === 'empty') {
      report.say('INGEST_I1301', { dataset: name, seq: outcome.seq, ...outcome.counts, manifestKey: outcome.manifestKey });
    } else {
      report.say('INGEST_I1302', { dataset: name, outcome: outcome.outcome });
    }
    datasets[name] = outcome;
  }
  return { schemaVersion: SCHEMA_VERSION, pipeline: plan.pipeline, slot: plan.runId, attempt: plan.attempt, datasets };
}

function check(name: string, dataset: PlannedDataset, result: LandedResult): void {
  checkBalance({ hop: `source to raw of ${name}`, in: { source: result.source.bytes }, out: { raw: result.part.bytes }, unit: 'bytes' });
  const { minRows } = dataset.source;
  const { records } = result.part;
  if (minRows === 0) return;
  if (records === 'unknown') {
    throw userError('MIN_ROWS', `${name}: minRows is ${minRows} and the records of ${result.part.key} cannot be counted before curate; leave minRows out for records that span lines, and set a threshold in the contract. Nothing was committed`, { dataset: name, minRows });
  }
  if (records < minRows) {
    throw userError('MIN_ROWS', `${name}: the source sent ${records} records, minRows is ${minRows}; nothing was committed. If the source is right, lower minRows and start the next attempt`, { dataset: name, records, minRows });
  }
}

async function commitDataset(
  call: StageCall, bucket: string, plan: IngestPlan, name: string, dataset: PlannedDataset, result: PullResult | undefined,
): Promise<DatasetResult> {
  if (dataset.committed !== undefined) return { outcome: 'already-committed', ...dataset.committed, counts: {} };
  if (result === undefined || result.outcome === 'unchanged') return { outcome: 'unchanged', counts: {} };
  const log = { bucket, prefix: commitLogPrefix('raw', plan.pipeline, name) };
  const appended = await appendCommit<RawManifest>(call.store, log, (seq, previous) => (
    committedBySomebodyElse(plan, result, previous) ? undefined : manifest(plan, name, dataset, result, seq)
  ), { signal: call.signal });
  if (appended.outcome === 'nothing') return { outcome: 'unchanged', counts: {} };
  const { part } = appended.manifest.parts[0] === undefined ? result : { part: appended.manifest.parts[0] };
  const empty = part.records === 0 || part.bytes === 0;
  return {
    outcome: appended.outcome === 'committed' && empty ? 'empty' : appended.outcome,
    seq: appended.seq, manifestKey: appended.key,
    counts: {
      parts: appended.manifest.parts.length, sourceBytes: result.source.bytes, bytes: part.bytes, records: part.bytes === 0 ? 0 : part.records,
      headerLines: result.headerLines,
    },
  };
}

/** Two runs that pulled at once may have brought the same version; the later one has nothing new. */
function committedBySomebodyElse(plan: IngestPlan, result: LandedResult, previous: RawManifest | undefined): boolean {
  if (previous === undefined || previous.runId === plan.runId || previous.source.url !== result.source.url) return false;
  const etag = strongEtag(result.source.identity.etag);
  return etag !== undefined && etag === previous.source.identity.etag;
}

function manifest(plan: IngestPlan, name: string, dataset: PlannedDataset, result: LandedResult, seq: number): RawManifest {
  return {
    schemaVersion: SCHEMA_VERSION, stage: 'ingest', kind: 'ingest', pipeline: plan.pipeline, dataset: name, seq, runId: plan.runId, attempt: plan.attempt,
    committedAt: new Date().toISOString(), contract: plan.contract, columns: dataset.columns, codeVersion: plan.codeVersion,
    source: { kind: 'http', url: result.source.url, identity: result.source.identity }, cursor: {}, parts: [result.part], supersedes: [],
    timing: result.timing, peakMemoryBytes: result.peakMemoryBytes,
  };
}
