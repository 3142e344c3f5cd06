import { requireContract, type Contract, type Dataset } from '../contract';
import { userError } from '../errors/pipeline-error';
import type { Report } from '../report/report';
import { attemptId } from '../run/ids';
import { SCHEMA_VERSION } from '../run/manifest';
import { contentHash, DOCUMENT_HEAD, itemsRef, planRef, workFolder, writeItemLines, type WorkFolder } from '../run/work';
import type { Abortable, ObjectRef, ObjectStore } from '../stores/object-store';
import { secretsManager, type ReadSecret } from '../stores/read-secret';
import { scheduleLists, type Schedule } from './deadline';
import type { IngestPlan, IngestPlanOutput, PlanEstimate, PlannedDataset, PullItem, TakenOver } from './documents';
import { earlierAttempts } from './earlier-attempts';
import { fargateVcpus, widthWithin, type Width } from './fargate-quota';
import { commitKindOf, parseIngestInput, type IngestInput } from './ingest-input';
import { planDataset, type DatasetPlan } from './plan-dataset';
import { parseIngestSettings, type IngestSettings } from './settings';

export interface StageCall {
  readonly settings: unknown;
  readonly input: unknown;
  /** What the Quota state learned. */
  readonly previous?: unknown;
  readonly store: ObjectStore;
  readonly report: Report;
  readonly signal?: AbortSignal;
  /** @default - Secrets Manager */
  readonly secret?: ReadSecret;
  /** @default - the clock */
  readonly now?: () => Date;
}

/**
 * Decides what an ingest attempt pulls, and says what that will take.
 *
 * A dataset that this run committed in an earlier attempt is not pulled again, nor is a shard that one pulled whole. The first plan of
 * an attempt counts: whoever plans it again gets that one, so a planner that was given up cannot change what others work on.
 */
export async function planIngest(call: StageCall): Promise<IngestPlanOutput> {
  const { store, report, signal = new AbortController().signal, secret = secretsManager(), now = () => new Date() } = call;
  const settings = parseIngestSettings(call.settings);
  const input = parseIngestInput(call.input, settings.pipeline);
  const contract = await readContract(settings, store, signal);
  const id = attemptId(input.slot, input.attempt);
  const folder = workFolder(settings.rawBucket, settings.workPrefix, id);
  const ref = planRef(folder);
  const found = (await store.getJson<IngestPlan>(ref, { signal }))?.value;
  if (found !== undefined) return output(found, ref);

  const plans: [string, DatasetPlan][] = [];
  const attempts = await earlierAttempts(store, settings, input, { signal });
  const shared = { settings, input, attempts, store, report, signal, secret, vcpus: fargateVcpus(call.previous), now: now() };
  for (const dataset of chosen(contract, input)) plans.push([dataset.name, await planDataset(shared, dataset)]);
  const width = widthWithin(shared.vcpus, settings.tasks.concurrency, plans.filter(([, { items }]) => items.length > 0).map(([, { size }]) => size));
  if (width.quotaVcpus !== undefined) report.say('INGEST_W1002', { ...width, wanted: settings.tasks.concurrency });
  const schedule = scheduleLists({
    lists: plans.flatMap(([, { items, size }]) => items.map(({ list }) => ({ seconds: list.seconds, size }))),
    ...width, deadline: input.deadline, now: now(),
    basis: plans.some(([, { basis }]) => basis === 'assumed') ? 'assumed' : 'measured',
  });
  const estimate = summary(plans, schedule, width);
  report.say('INGEST_I1001', { pulls: estimate.tasks, runId: input.slot, attempt: input.attempt, ...estimate });
  // Nothing is to be found by a run that really pulls.
  if (input.operation === 'plan') return { items: { ...itemsRef(folder), count: estimate.tasks }, plan: ref, attemptId: id, runId: input.slot, estimate };

  const plan: IngestPlan = {
    schemaVersion: SCHEMA_VERSION, stage: 'ingest', kind: commitKindOf(input.operation), pipeline: settings.pipeline, runId: input.slot, attempt: input.attempt, attemptId: id,
    plannedAt: now().toISOString(), codeVersion: settings.codeVersion,
    contract: { id: contract.id, version: contract.version, sha256: contract.sha256 }, datasets: placed(plans),
    items: await writeItemLines(store, folder, scheduledItems(plans, schedule), { signal }),
    ...await takenOver(store, folder, plans, { signal }),
    estimate,
  };
  const written = await store.putJson(ref, plan, { ifNoneMatch: '*', signal });
  if (written === 'lost') return planIngest(call);
  return output(plan, ref);
}

function output({ items, attemptId: id, runId, estimate }: IngestPlan, plan: IngestPlanOutput['plan']): IngestPlanOutput {
  return { items, plan, attemptId: id, runId, estimate };
}

/** Each dataset with the place of its pulls in the list of all. */
function placed(plans: ReadonlyArray<[string, DatasetPlan]>): Record<string, PlannedDataset> {
  let first = 0;
  return Object.fromEntries(plans.map(([name, { dataset, items }]) => {
    const pulls = { first, count: items.length };
    first += items.length;
    return [name, { ...dataset, pulls }];
  }));
}

/** Named after its content, like the items: a planner that comes late changes nothing. */
async function takenOver(
  store: ObjectStore, folder: WorkFolder, plans: ReadonlyArray<[string, DatasetPlan]>, options: Abortable,
): Promise<{ takenOver?: ObjectRef }> {
  const datasets = Object.fromEntries(plans.filter(([, { taken }]) => taken.length > 0).map(([name, { taken }]) => [name, taken]));
  if (Object.keys(datasets).length === 0) return {};
  const document: TakenOver = { ...DOCUMENT_HEAD, datasets };
  const ref = itemsRef(folder, `taken-over-${contentHash(JSON.stringify(document))}`);
  await store.putJson(ref, document, options);
  return { takenOver: ref };
}

function scheduledItems(plans: ReadonlyArray<[string, DatasetPlan]>, schedule: Schedule): Array<{ item: PullItem; forMap: object }> {
  return plans.flatMap(([, { items, forMap }]) => items.map((each) => ({ ...each, forMap }))).map(({ item, list, forMap }, index) => {
    const times = schedule.lists?.[index];
    return { forMap: forMap(list), item: { ...item, ...(times === undefined ? {} : { schedule: { ...times, listBytes: list.bytes } }) } };
  });
}

function summary(plans: ReadonlyArray<[string, DatasetPlan]>, { estimate }: Schedule, { concurrency, quotaVcpus }: Width): PlanEstimate {
  const lists = plans.flatMap(([, { items }]) => items.map(({ list }) => list));
  const sizes = lists.flatMap(({ shards }) => shards.map(({ shard }) => shard.bytes));
  return {
    seconds: estimate.seconds, usd: estimate.usd, basis: estimate.basis,
    tasks: lists.length, concurrency, ...(quotaVcpus === undefined ? {} : { quotaVcpus }), shards: sizes.length,
    ...(sizes.some((bytes) => bytes === undefined) ? {} : { bytes: sizes.reduce<number>((sum, bytes) => sum + bytes!, 0) }),
  };
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

/** The datasets that the input names, in the order of the contract. */
function chosen({ datasets }: Contract, { only }: IngestInput): readonly Dataset[] {
  const names = datasets.map(({ name }) => name);
  const unknown = only?.filter((name) => !names.includes(name)) ?? [];
  if (unknown.length > 0) {
    throw userError('INPUT', `state input: only names ${unknown.join(', ')}, which the contract does not have; its datasets are ${names.join(', ')}`, { unknown });
  }
  return datasets.filter(({ name }) => only === undefined || only.includes(name));
}
