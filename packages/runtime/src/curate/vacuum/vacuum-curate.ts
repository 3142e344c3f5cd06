import type { GlueClient } from '@aws-sdk/client-glue';
import type { Contract, Dataset } from '../../contract';
import type { FunctionCall } from '../../run/function-handler';
import { inParallel } from '../../run/in-parallel';
import { requireSchemaVersion, SCHEMA_VERSION } from '../../run/manifest';
import type { DatasetResult, StageOutput } from '../../run/stage-io';
import { readPlan } from '../../run/work';
import { datasetOf, readContract } from '../contract-source';
import { parseCurateInput } from '../curate-input';
import { publishTarget } from '../curated-log';
import type { CuratePlan } from '../documents';
import type { CuratePlanOutput } from '../plan/plan-curate';
import { PublishedState, publishLog } from '../publish/published-object';
import { UnitCatalog } from '../publish/unit-catalog';
import { parseCurateSettings, type CurateSettings } from '../settings';
import { commitRemoval } from './commit-removal';
import { sweepUnits } from './sweep-units';
import { lastWritten, storedUnits, unitFolders } from './unit-folders';

/** A function may run for 15 minutes; after this it lets the machine call it again. */
const TURN_MS = 10 * 60_000;
const LOOKS = 16;

/** How far the turns of one execution have come. */
export interface VacuumTurn extends StageOutput {
  readonly plan: CuratePlanOutput['plan'];
  /** Where the next turn goes on; absent at the end. */
  readonly next?: { readonly dataset: string; readonly after: string };
}

export interface VacuumDeps {
  readonly glue: Pick<GlueClient, 'send'>;
  readonly now?: () => Date;
  readonly turnMs?: number;
}

/**
 * The Vacuum step: says in the log what goes, takes it out of the published object and the catalog, and removes the files.
 *
 * In that order, so whoever goes by the log or by the catalog is never sent to a file that is gone; and what stopped between is found again by
 * the next run, because it compares what is stored with what the log says.
 */
export async function vacuumCurate(call: FunctionCall, deps: VacuumDeps): Promise<VacuumTurn> {
  const { store, signal } = call;
  const began = performance.now();
  const settings = parseCurateSettings(call.settings);
  const { slot, attempt } = parseCurateInput(call.input, settings.pipeline);
  const before = call.previous as CuratePlanOutput & Partial<VacuumTurn>;
  const plan = await readPlan<CuratePlan>(store, before.plan, { signal });
  requireSchemaVersion(plan, `plan s3://${before.plan.bucket}/${before.plan.key}`);
  const contract = await readContract(store, settings.contract, { signal });
  const turn: DatasetTurn = { call, settings, contract, plan, glue: deps.glue, now: deps.now?.() ?? new Date(), hasTime: () => performance.now() - began < (deps.turnMs ?? TURN_MS) };
  const datasets: Record<string, DatasetResult> = { ...before.datasets };
  const output = { schemaVersion: SCHEMA_VERSION, pipeline: settings.pipeline, slot, attempt, datasets, plan: before.plan };
  const { next } = before;
  for (const name of plan.datasets.slice(next === undefined ? 0 : plan.datasets.indexOf(next.dataset))) {
    const after = next?.dataset === name ? next.after : '';
    const { result, upTo } = await vacuumDataset(turn, datasetOf(contract, name), after, datasets[name]);
    datasets[name] = result;
    if (upTo !== undefined) return { ...output, next: { dataset: name, after: upTo } };
  }
  return output;
}

interface DatasetTurn {
  readonly call: FunctionCall;
  readonly settings: CurateSettings;
  readonly contract: Contract;
  readonly plan: CuratePlan;
  readonly glue: Pick<GlueClient, 'send'>;
  readonly now: Date;
  readonly hasTime: () => boolean;
}

async function vacuumDataset(turn: DatasetTurn, dataset: Dataset, after: string, earlier: DatasetResult | undefined): Promise<{ result: DatasetResult; upTo?: string }> {
  const { call, settings, contract, plan, glue, now, hasTime } = turn;
  const { store, signal, report } = call;
  const { curatedBucket, supersededForSeconds } = settings;
  const { name } = dataset;
  const target = publishTarget(settings, name);
  const folders = unitFolders(settings, name);
  const writtenBefore = now.getTime() - supersededForSeconds * 1_000;
  if (dataset.retention !== undefined && dataset.history === 'changes') report.say('CURATE_W1501', { dataset: name });
  // Stored first and the log after: what a commit names by then is never called left behind.
  const stored = await storedUnits(store, curatedBucket, folders, { signal });
  const state = await PublishedState.open(store, target, signal);
  const known = new Set(state.lines.map(({ attempt_id: id }) => id));
  const unknown = stored.filter((id) => !known.has(id));
  const ages = await inParallel(unknown, LOOKS, (id) => lastWritten(store, curatedBucket, folders, id, { signal }));
  const leftBehind = unknown.filter((_, index) => ages[index]! <= writtenBefore);
  const removal = await commitRemoval({ store, settings, contract, plan, now }, dataset, state, leftBehind, { signal });
  const published = await publishLog(store, target, signal);
  if (published.written) report.say('CURATE_I1303', { dataset: name, ...published });
  const lines = new Map((await PublishedState.open(store, target, signal)).lines.map((line) => [line.attempt_id, line]));
  const removed = removal.outcome === 'nothing' ? [] : removal.manifest.removed ?? [];
  const counts = {
    expired: removal.outcome === 'nothing' ? 0 : removal.manifest.supersedes.length,
    units: removed.filter((id) => lines.has(id)).length, leftBehind: removed.filter((id) => !lines.has(id)).length,
  };
  if (removal.outcome === 'committed') report.say('CURATE_I1501', { dataset: name, seq: removal.seq, ...counts });
  const { files, bytes, upTo } = await sweepUnits({
    call, settings, dataset: name, folders, lines, removed: new Set(removed), catalog: new UnitCatalog(call, settings, dataset, glue), writtenBefore, hasTime,
  }, stored.filter((id) => id > after));
  const all = { ...counts, files: files + counted(earlier, 'files'), bytes: bytes + counted(earlier, 'bytes') };
  if (upTo === undefined) report.say('CURATE_I1502', { dataset: name, ...all });
  const result: DatasetResult = removal.outcome === 'nothing'
    ? { outcome: 'nothing', counts: all } : { outcome: earlier?.outcome ?? removal.outcome, seq: removal.seq, manifestKey: removal.key, counts: all };
  return { result, ...(upTo === undefined ? {} : { upTo }) };
}

function counted(result: DatasetResult | undefined, name: string): number {
  const value = result?.counts[name];
  return typeof value === 'number' ? value : 0;
}
