import type { GlueClient } from '@aws-sdk/client-glue';
import type { Contract, Dataset, PublishedLine } from '../../contract';
import type { FunctionCall } from '../../run/function-handler';
import { inParallel } from '../../run/in-parallel';
import { requireSchemaVersion, SCHEMA_VERSION } from '../../run/manifest';
import type { DatasetResult, StageOutput } from '../../run/stage-io';
import { folderOfPlan, readPlan } from '../../run/work';
import { datasetOf, readContract } from '../contract-source';
import { parseCurateInput } from '../curate-input';
import { publishTarget } from '../curated-log';
import type { CuratePlan } from '../documents';
import type { CuratePlanOutput } from '../plan/plan-curate';
import { icebergWork } from '../publish/iceberg-work';
import { PublishedState, publishLog } from '../publish/published-object';
import { Removals } from '../publish/removals';
import { UnitCatalog } from '../publish/unit-catalog';
import { parseCurateSettings, type CurateSettings } from '../settings';
import { commitRemoval } from './commit-removal';
import { sweepUnits, UNITS_AT_ONCE } from './sweep-units';
import { TakenOut } from './taken-out';
import { lastWritten, storedUnits, unitFolders } from './unit-folders';

/** A function may run for 15 minutes; after this it lets the machine call it again. */
const TURN_MS = 10 * 60_000;
const LOOKS = 16;

/** Athena ends a query after 4 hours at the latest, whatever its quota is raised to. */
const LONGEST_QUERY_MS = 6 * 3_600_000;

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
  readonly unitsAtOnce?: number;
}

/**
 * The Vacuum step: says in the log what goes, takes it out of the published object and the catalog, and removes the files of what earlier runs
 * have taken out.
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
  const clock = deps.now ?? (() => new Date());
  const turn: DatasetTurn = {
    call, settings, contract, plan, glue: deps.glue, now: clock(), clock,
    hasTime: () => performance.now() - began < (deps.turnMs ?? TURN_MS),
    unitsAtOnce: deps.unitsAtOnce ?? UNITS_AT_ONCE,
  };
  const datasets: Record<string, DatasetResult> = { ...before.datasets };
  const output = { schemaVersion: SCHEMA_VERSION, pipeline: settings.pipeline, slot, attempt, datasets, plan: before.plan };
  const { next } = before;
  for (const name of plan.datasets.slice(next === undefined ? 0 : plan.datasets.indexOf(next.dataset))) {
    const after = next?.dataset === name ? next.after : '';
    const { result, upTo } = await vacuumDataset(turn, datasetOf(contract, name), after, next?.dataset === name ? datasets[name] : undefined);
    datasets[name] = result;
    if (upTo !== undefined) return { ...output, next: { dataset: name, after: upTo } };
  }
  const lag = await icebergWork(call, settings, folderOfPlan(before.plan), await publishedLogs(turn), { glue: turn.glue, now: turn.now });
  return { ...output, ...lag };
}

/** Of all datasets, as the turns leave them; read only for tables that follow them. */
async function publishedLogs({ call, settings, contract, plan }: DatasetTurn): Promise<ReadonlyMap<Dataset, readonly PublishedLine[]>> {
  const names = settings.iceberg === undefined ? [] : plan.datasets;
  const states = await Promise.all(names.map((name) => PublishedState.open(call.store, publishTarget(settings, name), call.signal)));
  return new Map(names.map((name, index) => [datasetOf(contract, name), states[index]!.lines]));
}

interface DatasetTurn {
  readonly call: FunctionCall;
  readonly settings: CurateSettings;
  readonly contract: Contract;
  readonly plan: CuratePlan;
  readonly glue: Pick<GlueClient, 'send'>;
  /** When the turn began. */
  readonly now: Date;
  readonly clock: () => Date;
  readonly hasTime: () => boolean;
  readonly unitsAtOnce: number;
}

async function vacuumDataset(
  turn: DatasetTurn, dataset: Dataset, after: string, earlier: DatasetResult | undefined,
): Promise<{ result: DatasetResult; upTo?: string }> {
  const { call, settings, glue, now, clock, hasTime, unitsAtOnce } = turn;
  const { store, signal, report } = call;
  const { name } = dataset;
  const horizon = settings.supersededForSeconds * 1_000;
  const writtenBefore = now.getTime() - horizon;
  const folders = unitFolders(settings, name);
  // Stored first and the log after: what a commit names by then is never called left behind.
  const stored = await storedUnits(store, settings.curatedBucket, folders, { signal });
  const removals = new Removals(store, settings, name);
  const said = earlier ?? await sayWhatGoes(turn, dataset, removals, stored, writtenBefore);
  const state = await PublishedState.open(store, publishTarget(settings, name), signal);
  const { pipeline, curatedBucket } = settings;
  const catalog = new UnitCatalog(call, settings, dataset, glue);
  const takenOut = await TakenOut.open(store, { pipeline, curatedBucket, dataset: name }, catalog, clock, { signal });
  const { upTo, ...swept } = await sweepUnits({
    call, settings, dataset: name, folders, writtenBefore, hasTime, unitsAtOnce, takenOut,
    lines: new Map(state.lines.map((line) => [line.attempt_id, line])), removed: await removals.units(state.lines, { signal }),
    takenOutBefore: now.getTime() - Math.min(LONGEST_QUERY_MS, horizon),
  }, stored, after);
  const counts = { ...said.counts, ...Object.fromEntries(Object.entries(swept).map(([what, count]) => [what, count + counted(said, what)])) };
  if (upTo === undefined) report.say('CURATE_I1502', { dataset: name, ...counts });
  return { result: { ...said, counts }, ...(upTo === undefined ? {} : { upTo }) };
}

/** Commits a removal where something is due, and publishes. */
async function sayWhatGoes(
  { call, settings, contract, plan, now }: DatasetTurn, dataset: Dataset, removals: Removals, stored: readonly string[], writtenBefore: number,
): Promise<DatasetResult> {
  const { store, signal, report } = call;
  const { name } = dataset;
  if (dataset.retention !== undefined && dataset.history === 'changes') report.say('CURATE_W1501', { dataset: name });
  const target = publishTarget(settings, name);
  const state = await PublishedState.open(store, target, signal);
  const inLog = new Set(state.lines.map(({ attempt_id: id }) => id));
  const named = await removals.units(state.lines, { signal });
  const unknown = stored.filter((id) => !inLog.has(id) && !named.has(id));
  const ages = await inParallel(unknown, LOOKS, (id) => lastWritten(store, settings.curatedBucket, unitFolders(settings, name), id, { signal }));
  const leftBehind = unknown.filter((_, index) => ages[index]! <= writtenBefore);
  const removal = await commitRemoval({ store, settings, contract, plan, now }, dataset, state, leftBehind, { signal });
  const published = await publishLog(store, target, signal);
  if (published.written) report.say('CURATE_I1303', { dataset: name, ...published });
  if (removal.outcome === 'nothing') return { outcome: 'nothing', counts: { expired: 0, units: 0, leftBehind: 0 } };
  const { outcome, seq, key: manifestKey, manifest: { supersedes, removed = [] } } = removal;
  const units = removed.filter((id) => inLog.has(id)).length;
  const counts = { expired: supersedes.length, units, leftBehind: removed.length - units };
  if (outcome === 'committed') report.say('CURATE_I1501', { dataset: name, seq, ...counts });
  return { outcome, seq, manifestKey, counts };
}

function counted({ counts }: DatasetResult, name: string): number {
  const value = counts[name];
  return typeof value === 'number' ? value : 0;
}
