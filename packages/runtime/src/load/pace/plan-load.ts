import type { Report } from '../../report/report';
import type { LoadTime } from '../schedule/keep-window';
import type { CuratedEntry } from '../select-commits';
import type { LoadSettings, WriteModeName } from '../settings';
import type { TargetSession } from '../target/target-database';
import { fitWindow, type PendingUnit, type WindowPlan } from './fit-window';
import type { LoadPace } from './load-pace';

/** A commit that is selected, and the id of its load. */
export interface Pending {
  readonly dataset: string;
  readonly writeMode: WriteModeName;
  readonly entry: CuratedEntry;
  readonly loadId: string;
}

export interface PlanLoadCall {
  readonly settings: LoadSettings;
  readonly time: LoadTime & { readonly mayStart: true };
  readonly pace: LoadPace | undefined;
  readonly now: Date;
  readonly report: Report;
}

/** Holds what is pending against the end of the window, before anything is claimed; undefined for a load without an end, which takes all. */
export async function planLoad(session: TargetSession, pending: readonly Pending[], call: PlanLoadCall): Promise<WindowPlan | undefined> {
  const { settings, time, pace, now, report } = call;
  if (time.deadline === undefined || pending.length === 0) return undefined;
  const units: PendingUnit[] = [];
  const byDms = settings.dms !== undefined;
  for (const one of pending) {
    // Without a figure nothing is worth asking for.
    const staged = pace?.datasets[one.dataset] === undefined ? [] : await session.readStagedParts(settings.ledgerSchema, one.loadId);
    const unit = pendingUnit(one, new Set(staged.map(({ key }) => key)));
    units.push(byDms ? { ...unit, parts: inOne(unit.parts) } : unit);
  }
  const deadline = new Date(time.deadline);
  const night = time.opening === undefined || settings.window === undefined ? undefined : { window: settings.window, opening: time.opening };
  const plan = fitWindow({ units, pace, connections: byDms ? 1 : settings.connections, whole: byDms, deadline, night, now });
  tell(plan, { deadline: time.deadline, left: Math.round((deadline.getTime() - now.getTime()) / 1_000) }, pace, report);
  return plan;
}

/** @param there keys of its parts that are staged already */
export function pendingUnit({ dataset, writeMode, entry: { seq, manifest: { parts, timing } } }: Pending, there: ReadonlySet<string>): PendingUnit {
  return {
    dataset, seq, writeMode, committedAt: timing.endedAt, records: parts.reduce((sum, { records }) => sum + records, 0),
    parts: parts.map(({ key, bytes }) => ({ bytes, staged: there.has(key) })),
  };
}

/** DMS loads a commit whole, or begins it again. */
function inOne(parts: PendingUnit['parts']): PendingUnit['parts'] {
  if (parts.length === 0) return parts;
  return [{ bytes: parts.reduce((sum, { bytes }) => sum + bytes, 0), staged: parts.every(({ staged }) => staged) }];
}

function tell(plan: WindowPlan, time: { readonly deadline: string; readonly left: number }, pace: LoadPace | undefined, report: Report): void {
  const commits = plan.take.length;
  const unknown = [...new Set(plan.take.map(({ unit }) => unit.dataset))].filter((dataset) => pace?.datasets[dataset] === undefined);
  for (const { reason } of plan.refused) report.say('LOAD_W1015', { reason });
  const about = ({ unit: { dataset, seq }, seconds }: WindowPlan['putOff'][number]): object => ({ dataset, seq, minutes: Math.ceil(seconds / 60) });
  for (const one of plan.inTwo) report.say('LOAD_W1021', { ...about(one), ...time });
  for (const one of plan.putOff) report.say('LOAD_W1022', { ...about(one), ...time });
  if (commits === 0) return;
  if (plan.seconds !== undefined) report.say('LOAD_I1008', { commits, seconds: plan.seconds, later: plan.later.length, ...time });
  else if (unknown.length > 0) report.say('LOAD_I1013', { commits, datasets: unknown.join(', ') });
  else report.say('LOAD_I1014', { commits, later: plan.later.length, ...time });
}
