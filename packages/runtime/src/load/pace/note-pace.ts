import { inParallel } from '../../run/in-parallel';
import type { StepCall } from '../../run/task';
import { resultRef } from '../../run/work';
import { replicated } from '../dms/replicated';
import type { LoadPlan, LoadUnit } from '../load-plan';
import type { UnitResult } from '../outcome';
import type { LoadSettings } from '../settings';
import type { StagedResult } from '../steps/stage-item';
import { paceRef, readPace, withWork, type Work } from './load-pace';

type Call = StepCall<LoadSettings, LoadPlan>;

/** Results of tasks that are read for the pace of a commit: enough to tell, and few where a commit has thousands. */
const SAMPLE = 32;
const READ_CONCURRENCY = 16;

/** Keeps how fast this attempt staged and published each dataset, for the plan of the next one. Drained work counts too. */
export async function notePace(call: Call, results: ReadonlyMap<string, readonly UnitResult[]>): Promise<void> {
  const { plan, settings, store, signal, report } = call;
  try {
    const work = new Map<string, Work>();
    const byDms = settings.dms === undefined ? undefined : await replicated(call, settings.dms);
    for (const dataset of new Set(plan.units.map((unit) => unit.dataset))) {
      const stage = byDms?.get(dataset) ?? await staged(call, plan.units.filter((unit) => unit.dataset === dataset));
      const publish = published(results.get(dataset) ?? []);
      work.set(dataset, { ...(stage === undefined ? {} : { stage }), ...(publish === undefined ? {} : { publish }) });
    }
    const pace = withWork(await readPace(store, settings, signal), work, plan.slot);
    if (pace !== undefined) await store.putJson(paceRef(settings), pace, { signal });
  } catch (error) {
    if (signal.aborted) throw error;
    // The rows are visible: a figure that is missing is no failure.
    report.say('LOAD_W1208', { reason: (error as Error).message });
  }
}

async function staged({ store, folder, signal }: Call, units: readonly LoadUnit[]): Promise<Work['stage']> {
  const items = units.flatMap(({ items: { first, count } }) => Array.from({ length: count }, (_, index) => first + index));
  const sample = items.filter((_, index) => index % Math.ceil(items.length / SAMPLE) === 0);
  const results = await inParallel(sample, READ_CONCURRENCY, async (index) => (await store.getJson<StagedResult>(resultRef(folder, 'stage', index), { signal }))?.value.copied);
  const copied = results.filter((result) => result !== undefined);
  if (copied.length === 0) return undefined;
  return { bytes: copied.reduce((sum, { bytes }) => sum + bytes, 0), seconds: copied.reduce((sum, { seconds }) => sum + seconds, 0) };
}

function published(results: readonly UnitResult[]): Work['publish'] {
  const done = results.filter(({ outcome, seconds }) => outcome === 'committed' && seconds !== undefined);
  const [first] = done;
  if (first === undefined) return undefined;
  return {
    writeMode: first.unit.writeMode.mode,
    records: done.reduce((sum, { counts }) => sum + counts.staged, 0), seconds: done.reduce((sum, { seconds }) => sum + (seconds ?? 0), 0),
  };
}
