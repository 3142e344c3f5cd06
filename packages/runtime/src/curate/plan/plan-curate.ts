import type { Contract, Dataset } from '../../contract';
import { userError } from '../../errors/pipeline-error';
import type { FunctionCall } from '../../run/function-handler';
import { attemptId, unitId } from '../../run/ids';
import { requireSchemaVersion, type RawManifest } from '../../run/manifest';
import type { LogEntry } from '../../run/commit-log';
import { itemsRef, planRef, workFolder, writeItems } from '../../run/work';
import { readContract } from '../contract-source';
import { parseCurateInput, type CurateInput } from '../curate-input';
import { tellStart } from '../curate-lineage';
import type { CompactItem, CuratePlan, RowsItem, ShapeItem } from '../documents';
import { publishTarget } from '../curated-log';
import { PublishedState } from '../publish/published-object';
import { Removals } from '../publish/removals';
import { requireUnusedIds } from '../publish/require-unused-ids';
import { parseCurateSettings, type CurateSettings } from '../settings';
import { compactionGroups } from './compaction-groups';
import { partShares } from './part-shares';
import { pendingCommits, type PendingCommit } from './pending-commits';
import { requireOpenable, requireReadable } from './require-readable';
import { chosenDatasets, rerunCommits } from './rerun-commits';
import { shapeSpec } from './shape-spec';
import { shaperOf } from './shaper';

interface WorkList {
  readonly bucket: string;
  readonly key: string;
  readonly count: number;
}

/** What the state machine gets from Plan. */
export interface CuratePlanOutput {
  readonly items: WorkList;
  readonly units: WorkList;
  readonly compactions: WorkList;
  readonly plan: { readonly bucket: string; readonly key: string };
  readonly attemptId: string;
  readonly runId: string;
  readonly operation: CuratePlan['operation'];
}

/** A raw commit that becomes a unit. */
interface UnitCommit extends LogEntry<RawManifest> {
  readonly kind: ShapeItem['kind'];
  readonly replaces?: string;
  readonly supersedes: readonly number[];
  readonly supersededBy?: number;
}

/** The lists of a plan, before their items are numbered. */
interface Lists {
  readonly rows: Omit<RowsItem, 'index'>[];
  readonly units: Omit<ShapeItem, 'index'>[];
  readonly compactions: Omit<CompactItem, 'index'>[];
}

/**
 * Plans one curate attempt: a unit for each raw commit that is not curated yet, or is to be curated again, and an item for each of its
 * parts; or groups of commits for a compaction.
 *
 * A plan is made once: results of tasks are found by their number in it, so a second call gives the first one's plan.
 */
export async function planCurate(call: FunctionCall, options: { readonly shareBytes?: number } = {}): Promise<CuratePlanOutput> {
  const { store, signal, report } = call;
  const settings = parseCurateSettings(call.settings);
  const input = parseCurateInput(call.input, settings.pipeline);
  const { slot, attempt, operation } = input;
  const contract = await readContract(store, settings.contract, { signal });
  requireReadable(contract);
  const id = attemptId(slot, attempt);
  const folder = workFolder(settings.curatedBucket, settings.workPrefix, id);
  const output = ({ items, units, compactions }: Pick<CuratePlan, 'items' | 'units' | 'compactions'>): CuratePlanOutput => ({
    operation,
    items: { ...itemsRef(folder), count: items }, units: { ...itemsRef(folder, 'units'), count: units },
    compactions: { ...itemsRef(folder, 'compactions'), count: compactions ?? 0 }, plan: planRef(folder), attemptId: id, runId: slot,
  });
  const earlier = (await store.getJson<CuratePlan>(planRef(folder), { signal }))?.value;
  if (earlier !== undefined) {
    requireSchemaVersion(earlier, `plan s3://${folder.bucket}/${planRef(folder).key}`);
    if ((earlier.operation ?? 'curate') !== operation) throw userError('INPUT', `attempt ${attempt} of run ${slot} was planned for operation ${earlier.operation ?? 'curate'}, and is asked for ${operation}; give the operation a slot of its own`, { slot, attempt });
    if (operation !== 'vacuum') await tellStart(call, settings, contract, earlier);
    return output(earlier);
  }
  const lists = await listWork(call, settings, contract, input, { id, ...options });
  await requireUnusedUnits(call, settings, input, lists);
  for (const dataset of contract.datasets.filter(({ name }) => lists.units.some((unit) => unit.dataset === name))) {
    const spec = { bucket: folder.bucket, key: `${folder.prefix}shape-${dataset.name}.json` };
    await store.putJson(spec, shapeSpec(dataset, settings.targetFileBytes), { signal });
  }
  const plan: CuratePlan = {
    schemaVersion: 1, pipeline: settings.pipeline, runId: slot, attempt, attemptId: id, plannedAt: new Date().toISOString(), operation,
    contract: { id: contract.id, version: contract.version, sha256: contract.sha256 }, datasets: chosenDatasets(contract, input),
    items: lists.rows.length, units: lists.units.length, engines: [...new Set(lists.units.map(({ engine }) => engine))].sort(),
    compactions: lists.compactions.length,
  };
  await Promise.all([
    writeItems(store, folder, lists.rows, { signal }), writeItems(store, folder, lists.units, { signal, name: 'units' }),
    ...(operation === 'compact' ? [writeItems(store, folder, lists.compactions, { signal, name: 'compactions' })] : []),
  ]);
  // Last, because whoever finds a plan takes the lists for whole.
  await store.putJson(planRef(folder), plan, { signal });
  if (operation === 'vacuum') return output(plan);
  if (operation === 'compact') report.say('CURATE_I1002', { runId: slot, attempt, compactions: plan.compactions });
  else report.say('CURATE_I1001', { runId: slot, attempt, items: plan.items, units: plan.units });
  await tellStart(call, settings, contract, plan);
  return output(plan);
}

/** An attempt can be started again when its plan has expired and its files have gone; better that it fails before the work than after. */
async function requireUnusedUnits(
  { store, signal }: FunctionCall, settings: CurateSettings, { slot: runId, attempt }: CurateInput, { units, compactions }: Lists,
): Promise<void> {
  const planned = [...units, ...compactions];
  for (const dataset of new Set(planned.map((unit) => unit.dataset))) {
    const { lines } = await PublishedState.open(store, publishTarget(settings, dataset), signal);
    const ids = planned.filter((unit) => unit.dataset === dataset).map(({ unitId: id }) => id);
    await requireUnusedIds(new Removals(store, settings, dataset), { dataset, runId, attempt }, ids, lines, { signal });
  }
}

/**
 * The order in which units are committed. One that is superseded comes before the one in its place, which then finds it in the log,
 * whoever committed it. Of snapshots it comes after: without rows it would be the newest one for a moment.
 */
function inOrder({ history }: Dataset, commits: readonly PendingCommit[]): PendingCommit[] {
  if (history !== 'snapshot') return [...commits];
  const isGone = ({ supersededBy }: PendingCommit): number => (supersededBy === undefined ? 0 : 1);
  return [...commits].sort((a, b) => isGone(a) - isGone(b));
}

async function listWork(
  call: FunctionCall, settings: CurateSettings, contract: Contract, input: CurateInput,
  { id, shareBytes }: { readonly id: string; readonly shareBytes?: number },
): Promise<Lists> {
  const { store, signal } = call;
  const lists: Lists = { rows: [], units: [], compactions: [] };
  // What goes is decided when it is written into the log.
  if (input.operation === 'vacuum') return lists;
  if (input.operation === 'compact') {
    lists.compactions.push(...await compactionGroups(store, settings, contract, input, id, { signal }));
    return lists;
  }
  const again = input.operation === 'rerun' ? await rerunCommits(store, settings, contract, input, { signal }) : undefined;
  for (const dataset of contract.datasets) {
    const commits: UnitCommit[] = again === undefined
      ? inOrder(dataset, await pendingCommits(store, settings, dataset.name, { signal })).map((commit) => ({ ...commit, kind: 'ingest' }))
      : (again.get(dataset.name) ?? []).map((commit) => ({ ...commit, kind: 'rerun', supersedes: [] }));
    for (const { seq, key: ingestManifestKey, manifest, kind, replaces, supersedes, supersededBy } of commits) {
      // Nobody wants its rows, and they may be what cannot be curated.
      const parts = supersededBy === undefined ? manifest.parts : [];
      const unit = unitId(id, seq);
      const firstItem = lists.rows.length;
      const shaper = shaperOf(call, settings, { ...manifest, parts }, { unitId: unit, deadline: input.deadline });
      const { engine } = shaper;
      if (supersededBy !== undefined) call.report.say('CURATE_I1004', { dataset: dataset.name, unitId: unit, runId: manifest.runId, supersededBy });
      parts.forEach((raw, part) => {
        const { key, bytes, compression } = raw;
        requireOpenable(dataset, key, compression);
        const item = { dataset: dataset.name, unit: lists.units.length, unitId: unit, ingestSeq: seq, part, key, bytes, compression, engine };
        for (const share of partShares(dataset.record, raw, shareBytes)) lists.rows.push({ ...item, ...share });
      });
      lists.units.push({
        dataset: dataset.name, unitId: unit, ingestSeq: seq, ingestManifestKey, kind, ...(replaces === undefined ? {} : { replaces }),
        ...(supersededBy === undefined ? {} : { supersededBy }),
        ...shaper, supersedesIngestSeqs: supersedes,
        firstItem, items: lists.rows.length - firstItem,
      });
    }
  }
  return lists;
}
