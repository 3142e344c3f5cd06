import { derivedColumns, requireContract, type Contract, type Dataset } from '../contract';
import { userError } from '../errors/pipeline-error';
import type { Report } from '../report/report';
import { LogView } from '../run/commit-log';
import { attemptId, partName } from '../run/ids';
import { commitLogPrefix, rawPartKey } from '../run/keys';
import { ingestIdentity, SCHEMA_VERSION, type RawManifest } from '../run/manifest';
import { parseStageInput, type StageInput } from '../run/stage-io';
import { planRef, workFolder, writeItems } from '../run/work';
import type { ObjectStore } from '../stores/object-store';
import type { IngestPlan, IngestPlanOutput, PlannedDataset, PullItem } from './documents';
import type { CountRule } from './record-counter';
import { redactUrl } from './redact-url';
import { parseIngestSettings, type HttpSourceSettings, type IngestSettings } from './settings';

export interface StageCall {
  readonly settings: unknown;
  readonly input: unknown;
  readonly store: ObjectStore;
  readonly report: Report;
  readonly signal?: AbortSignal;
}

/**
 * Decides what an ingest attempt pulls.
 *
 * A dataset that this run committed in an earlier attempt is not pulled again. Planning twice for the same attempt
 * writes the same documents again.
 */
export async function planIngest(call: StageCall): Promise<IngestPlanOutput> {
  const { store, report, signal } = call;
  const settings = parseIngestSettings(call.settings);
  const input = parseStageInput(call.input, settings.pipeline);
  const contract = await readContract(settings, store, signal);
  const id = attemptId(input.slot, input.attempt);
  const folder = workFolder(settings.rawBucket, settings.workPrefix, id);

  const items: PullItem[] = [];
  const datasets: Record<string, PlannedDataset> = {};
  for (const dataset of contract.datasets) {
    const source = settings.sources[dataset.name] as HttpSourceSettings;
    const log = { bucket: settings.rawBucket, prefix: commitLogPrefix('raw', settings.pipeline, dataset.name) };
    const view = await LogView.open<RawManifest>(store, log, { signal });
    const done = await view.find(ingestIdentity('ingest', input.slot), { signal });
    const common = { columns: derivedColumns(dataset), source };
    if (done !== undefined) {
      report.say('INGEST_I1002', { dataset: dataset.name, runId: input.slot, seq: done.seq });
      datasets[dataset.name] = { ...common, committed: { seq: done.seq, manifestKey: done.key } };
      continue;
    }
    datasets[dataset.name] = { ...common, item: items.length };
    items.push(pullItem(settings, input, dataset, source, view.last?.manifest));
  }

  const plan: IngestPlan = {
    schemaVersion: SCHEMA_VERSION, stage: 'ingest', pipeline: settings.pipeline, runId: input.slot, attempt: input.attempt, attemptId: id,
    plannedAt: new Date().toISOString(), codeVersion: settings.codeVersion,
    contract: { id: contract.id, version: contract.version, sha256: contract.sha256 }, datasets,
  };
  const list = await writeItems(store, folder, items, { signal });
  await store.putJson(planRef(folder), plan, { signal });
  report.say('INGEST_I1001', { pulls: items.length, runId: input.slot, attempt: input.attempt });
  return { items: list, plan: planRef(folder), attemptId: id, runId: input.slot };
}

async function readContract(settings: IngestSettings, store: ObjectStore, signal: AbortSignal | undefined): Promise<Contract> {
  const { bucket, key } = settings.contract;
  const text = await store.getText({ bucket, key }, { signal });
  if (text === undefined) throw userError('CONFIG', `the contract s3://${bucket}/${key} does not exist; deploy the stage again`, { bucket, key });
  const contract = requireContract(text.value, key);
  const names = contract.datasets.map(({ name }) => name);
  const problems = [
    ...names.filter((name) => settings.sources[name] === undefined).map((name) => `dataset ${name} has no source; add it to sources`),
    ...Object.keys(settings.sources).filter((name) => !names.includes(name))
      .map((name) => `source ${name} has no dataset in the contract; its datasets are ${names.join(', ')}`),
  ];
  if (problems.length > 0) throw userError('CONFIG', `sources and contract ${contract.id} differ: ${problems.join('; ')}`, { problems });
  return contract;
}

function pullItem(
  settings: IngestSettings, input: StageInput, dataset: Dataset, source: HttpSourceSettings, last: RawManifest | undefined,
): PullItem {
  const shard = 0;
  const part = partName(shard, fileNameOf(source.url));
  // What a source said about one address tells nothing about another.
  const known = last !== undefined && last.source.url === redactUrl(source.url) ? last : undefined;
  return {
    dataset: dataset.name, shard, source,
    ...(known === undefined ? {} : { validators: known.source.identity, since: known.seq }),
    count: countRule(dataset, source),
    raw: {
      bucket: settings.rawBucket,
      key: rawPartKey({ pipeline: settings.pipeline, dataset: dataset.name, runId: input.slot, attempt: input.attempt, part }),
    },
  };
}

function countRule(dataset: Dataset, source: HttpSourceSettings): CountRule {
  const { format, header, multiline } = dataset.record;
  return {
    unit: multiline ? 'unknown' : 'lines',
    headerLines: format === 'csv' && header !== 'none' ? 1 : 0,
    // Opening archives costs most of a core, so it is done only for a guard that needs the count.
    openGzip: source.minRows > 0,
  };
}

function fileNameOf(url: string): string {
  const last = new URL(url).pathname.split('/').at(-1) ?? '';
  try {
    return decodeURIComponent(last);
  } catch {
    return last;
  }
}
