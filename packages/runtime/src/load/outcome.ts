import type { StageOutput } from '../run/stage-io';
import { DOCUMENT_HEAD, type WorkFolder } from '../run/work';
import type { ObjectRef, ObjectStore } from '../stores/object-store';
import { NO_COUNTS, type LoadCounts } from './ledger/ledger-row';
import type { ClaimDocument, LoadOutcome, LoadPlan, LoadResult, LoadUnit } from './load-plan';

/** What became of one unit. */
export interface UnitResult {
  readonly unit: LoadUnit;
  readonly outcome: 'committed' | 'already-committed' | 'drained';
  readonly counts: LoadCounts;
  /** Of the publishing transaction, where it was this attempt's. */
  readonly seconds?: number;
}

export function claimRef(folder: WorkFolder): ObjectRef {
  return { bucket: folder.bucket, key: `${folder.prefix}claim.json` };
}

export function outcomeRef(folder: WorkFolder): ObjectRef {
  return { bucket: folder.bucket, key: `${folder.prefix}outcome.json` };
}

export async function writeClaim(store: ObjectStore, folder: WorkFolder, document: ClaimDocument, signal: AbortSignal): Promise<void> {
  await store.putJson(claimRef(folder), document, { signal });
}

/** Writes the output of the stage from what became of each unit, by dataset. */
export async function writeOutcome(
  store: ObjectStore, folder: WorkFolder, plan: LoadPlan, results: ReadonlyMap<string, readonly UnitResult[]>, signal: AbortSignal,
): Promise<LoadOutcome> {
  const outcome: LoadOutcome = {
    ...DOCUMENT_HEAD, pipeline: plan.pipeline, slot: plan.slot, attempt: plan.attempt,
    datasets: Object.fromEntries(plan.datasets.map((dataset) => [dataset, resultOf(dataset, plan, results.get(dataset) ?? [])])),
  } satisfies Omit<StageOutput, 'datasets'> & { datasets: unknown };
  await store.putJson(outcomeRef(folder), outcome, { signal });
  return outcome;
}

/** The output of a load that was started outside of its window: nothing was looked at. */
export function outsideWindow(
  about: Pick<LoadPlan, 'pipeline' | 'slot' | 'attempt' | 'datasets'>, window: { readonly reason: string; readonly opens: string },
): LoadOutcome {
  const { pipeline, slot, attempt, datasets } = about;
  return { ...DOCUMENT_HEAD, pipeline, slot, attempt, datasets: Object.fromEntries(datasets.map((name) => [name, { outcome: 'outside-window', counts: {}, loaded: [] }])), window };
}

function resultOf(dataset: string, plan: LoadPlan, results: readonly UnitResult[]): LoadResult {
  const done = results.filter(({ outcome }) => outcome !== 'drained');
  const held = plan.held.filter((commit) => commit.dataset === dataset).map(({ seq, reason }) => ({ seq, reason }));
  const expired = plan.expired?.[dataset] ?? 0;
  const drained = results.length - done.length + (plan.later?.[dataset] ?? 0);
  const busy = plan.busy?.[dataset];
  const last = done.at(-1)?.unit;
  const total = done.reduce((sum, { counts }) => add(sum, counts), NO_COUNTS);
  return {
    outcome: busy !== undefined ? 'busy' : outcomeOf(results, { held: held.length, drained }),
    ...(last === undefined ? {} : { seq: last.seq, manifestKey: last.manifestKey }),
    counts: { commits: done.length, drained, held: held.length, ...(expired === 0 ? {} : { expired }), ...total },
    loaded: done.map(({ unit }) => ({ seq: unit.seq, loadId: unit.loadId })),
    ...(held.length === 0 ? {} : { held }),
    ...(busy === undefined ? {} : { busy }),
  };
}

function outcomeOf(results: readonly UnitResult[], { held, drained }: { readonly held: number; readonly drained: number }): LoadResult['outcome'] {
  if (drained > 0) return 'drained';
  if (results.some(({ outcome }) => outcome === 'committed')) return results.every(({ counts }) => counts.staged === 0) ? 'empty' : 'committed';
  if (results.length > 0) return 'already-committed';
  return held > 0 ? 'held' : 'nothing';
}

function add(a: LoadCounts, b: LoadCounts): LoadCounts {
  return Object.fromEntries((Object.keys(NO_COUNTS) as (keyof LoadCounts)[]).map((name) => [name, a[name] + b[name]])) as unknown as LoadCounts;
}
