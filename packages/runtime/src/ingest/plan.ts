import { derivedColumns, requireContract, type Contract, type Dataset } from '../contract';
import { userError } from '../errors/pipeline-error';
import type { Report } from '../report/report';
import { LogView, type CommitLog } from '../run/commit-log';
import { attemptId, partName } from '../run/ids';
import { commitLogPrefix, rawPartKey } from '../run/keys';
import { ingestIdentity, SCHEMA_VERSION, type RawManifest } from '../run/manifest';
import { planRef, workFolder, writeItems } from '../run/work';
import type { ObjectStore } from '../stores/object-store';
import { secretsManager, type ReadSecret } from '../stores/read-secret';
import type { IngestPlan, IngestPlanOutput, PlannedDataset, PlannedShard, PullItem } from './documents';
import { parseIngestInput, type IngestInput } from './ingest-input';
import { readKnownShards, type KnownShards } from './known-shards';
import type { CountRule } from './record-counter';
import type { Shard, SourceKind, SourceSettings } from './source/source-kind';
import { sourceKind } from './source/source-kinds';
import { parseIngestSettings, type IngestSettings } from './settings';

export interface StageCall {
  readonly settings: unknown;
  readonly input: unknown;
  readonly store: ObjectStore;
  readonly report: Report;
  readonly signal?: AbortSignal;
  /** @default - Secrets Manager */
  readonly secret?: ReadSecret;
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
  const input = parseIngestInput(call.input, settings.pipeline);
  const contract = await readContract(settings, store, signal);
  const id = attemptId(input.slot, input.attempt);
  const folder = workFolder(settings.rawBucket, settings.workPrefix, id);

  const items: PullItem[] = [];
  const datasets: Record<string, PlannedDataset> = {};
  for (const dataset of contract.datasets) {
    const planned = await planDataset({ ...call, settings, input }, dataset, items.length);
    datasets[dataset.name] = planned.dataset;
    items.push(...planned.items);
  }

  const plan: IngestPlan = {
    schemaVersion: SCHEMA_VERSION, stage: 'ingest', kind: input.operation, pipeline: settings.pipeline, runId: input.slot, attempt: input.attempt, attemptId: id,
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

interface DatasetCall extends StageCall {
  readonly settings: IngestSettings;
  readonly input: IngestInput;
}

async function planDataset(call: DatasetCall, dataset: Dataset, first: number): Promise<{ dataset: PlannedDataset; items: PullItem[] }> {
  const { settings, input, store, report, signal = new AbortController().signal, secret = secretsManager() } = call;
  const source = settings.sources[dataset.name] as SourceSettings;
  const kind = sourceKind(source.kind);
  const log: CommitLog = { bucket: settings.rawBucket, prefix: commitLogPrefix('raw', settings.pipeline, dataset.name) };
  const view = await LogView.open<RawManifest>(store, log, { signal });
  const done = await view.find(ingestIdentity(input.operation, input.slot), { signal });
  const common = { columns: derivedColumns(dataset), history: dataset.history, source, url: kind.url(source) };
  if (done !== undefined) {
    report.say('INGEST_I1002', { dataset: dataset.name, runId: input.slot, seq: done.seq });
    return { dataset: { ...common, pulls: { first, count: 0 }, cursor: {}, committed: { seq: done.seq, manifestKey: done.key } }, items: [] };
  }
  const last = view.last?.manifest;
  const { shards, cursor = {} } = await kind.plan({ source, dataset, input, last, report, signal, secret });
  const known = await shardsToAskFor(call, kind, log, dataset, shards, last);
  const items = workLists(shards).map((list): PullItem => ({
    dataset: dataset.name, source, count: countRule(dataset, source),
    shards: list.map(({ shard, part }) => plannedShard(settings, input, dataset, shard, part, known)),
  }));
  return { dataset: { ...common, pulls: { first, count: items.length }, cursor }, items };
}

/**
 * What the sources may be asked with, so that they can answer that nothing changed.
 *
 * A snapshot is whole in one commit, so only its one file may be left out, when the last commit holds just that file. In
 * the other histories each file stands for itself.
 */
async function shardsToAskFor(
  { store, signal }: StageCall, kind: SourceKind, log: CommitLog, dataset: Dataset, shards: readonly Shard[], last: RawManifest | undefined,
): Promise<KnownShards> {
  if (!kind.remembers || last === undefined || shards.length === 0) return new Map();
  if (dataset.history !== 'snapshot') return readKnownShards(store, log, { signal });
  const [part] = last.parts;
  if (shards.length > 1 || last.parts.length !== 1 || part === undefined) return new Map();
  return new Map([[part.source.url, { since: last.seq, identity: part.source.identity }]]);
}

type NumberedShard = { readonly shard: Shard; readonly part: number };

/** Shards by task, in order. */
function workLists(shards: readonly Shard[]): ReadonlyArray<readonly NumberedShard[]> {
  const lists = new Map<string, NumberedShard[]>();
  for (const [part, shard] of shards.entries()) {
    const key = shard.together === undefined ? `part ${part}` : `together ${shard.together}`;
    const list = lists.get(key) ?? [];
    list.push({ shard, part });
    lists.set(key, list);
  }
  return [...lists.values()];
}

function plannedShard(settings: IngestSettings, input: IngestInput, dataset: Dataset, shard: Shard, part: number, known: KnownShards): PlannedShard {
  const before = known.get(shard.url);
  return {
    ...shard, part,
    ...(before === undefined ? {} : { validators: before.identity, since: before.since }),
    raw: {
      bucket: settings.rawBucket,
      key: rawPartKey({
        pipeline: settings.pipeline, dataset: dataset.name, runId: input.slot, attempt: input.attempt, part: partName(part, shard.fileName),
      }),
    },
  };
}

function countRule(dataset: Dataset, source: SourceSettings): CountRule {
  const { format, header, multiline } = dataset.record;
  return {
    unit: multiline ? 'unknown' : 'lines',
    headerLines: format === 'csv' && header !== 'none' ? 1 : 0,
    // Opening archives costs most of a core, so it is done only for a guard that needs the count.
    openGzip: source.minRows > 0,
  };
}
