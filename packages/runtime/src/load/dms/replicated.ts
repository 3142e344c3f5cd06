import type { StepCall } from '../../run/task';
import type { LoadPlan, LoadUnit } from '../load-plan';
import { requireManifest } from '../manifest-of-unit';
import type { LoadSettings } from '../settings';
import { COMPLETED, endedTaskRef, type EndedTask } from './confirm-staged';
import type { DmsSettings } from './dms-settings';
import { roundsOf } from './rounds';

/** What DMS did for a dataset. */
export interface Replicated {
  /** Of Parquet. */
  readonly bytes: number;
  readonly seconds: number;
  /** It was cut off before it had loaded so much: it is slower than these figures, nobody knows by how much. */
  readonly cutOff?: true;
}

/**
 * What DMS has loaded whole in this attempt, by dataset: bytes of Parquet, and its share of the time that the rounds took from the hand-off on.
 *
 * Tables of a round are loaded side by side, and its time is shared out by bytes: added up again, the next plan has the time of a round. A round that
 * was cut off counts only for datasets that no other one tells of.
 */
export async function replicated(call: StepCall<LoadSettings, LoadPlan>, dms: DmsSettings): Promise<ReadonlyMap<string, Replicated>> {
  const { plan, folder, store, signal } = call;
  const done = new Map<string, Replicated>();
  const cut = new Map<string, Replicated>();
  for (const [round, tables] of roundsOf(plan, dms.lanes).entries()) {
    const ended = (await store.getJson<EndedTask>(endedTaskRef(folder, round), { signal }))?.value;
    const loaded = tables.filter(({ source }) => ended?.tables.some(({ TableName, TableState }) => TableName === source && TableState === COMPLETED));
    if (ended?.seconds === undefined) continue;
    // With a table that was cut off the time is none of the others'.
    const cutOff = loaded.length < ended.tables.length;
    const sizes = [];
    for (const { unit: at } of cutOff ? tables.filter(({ source }) => ended.tables.some(({ TableName }) => TableName === source)) : loaded) {
      const unit = plan.units[at] as LoadUnit;
      sizes.push({ dataset: unit.dataset, bytes: (await requireManifest(call, unit)).parts.reduce((sum, part) => sum + part.bytes, 0) });
    }
    const all = sizes.reduce((sum, { bytes }) => sum + bytes, 0);
    for (const { dataset, bytes } of sizes) {
      if (cutOff) cut.set(dataset, { bytes: all, seconds: ended.seconds, cutOff });
      if (cutOff) continue;
      const before = done.get(dataset) ?? { bytes: 0, seconds: 0 };
      done.set(dataset, { bytes: before.bytes + bytes, seconds: before.seconds + (ended.seconds * bytes) / all });
    }
  }
  return new Map([...cut, ...done]);
}
