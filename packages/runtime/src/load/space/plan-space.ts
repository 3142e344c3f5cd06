import type { Dataset, DerivedColumn } from '../../contract/contract';
import type { Report } from '../../report/report';
import type { PendingUnit, WindowPlan } from '../pace/fit-window';
import { pendingUnit, type Pending } from '../pace/plan-load';
import type { LoadSettings } from '../settings';
import type { TargetSession } from '../target/target-database';
import { fitSpace, type SpaceFit, type SpaceUnit } from './fit-space';
import { spaceNeed, spaceOf, spaceWithLog, type CommitSize } from './space-need';

/** A commit that is selected, and what of its table tells how much room it takes. */
export interface SpacePending extends Pending {
  readonly columns: Dataset['columns'];
  readonly keyed: boolean;
  /** Whether its table is not there yet. */
  readonly missing: boolean;
}

export interface PlanSpaceCall {
  readonly settings: LoadSettings;
  /** Free bytes of the database's disk. @default - nobody knows */
  readonly freeBytes?: number;
  /** What the window can hold; undefined where there is no end. */
  readonly window?: WindowPlan;
  readonly report: Report;
}

/**
 * Holds what is pending against the free space of the database, before anything is claimed. Takes part only where the stage knows whose space it is.
 *
 * @returns the plan of the window, with what does not fit left for later or refused; as it was where nothing is known.
 */
export async function planSpace(session: TargetSession, pending: readonly SpacePending[], call: PlanSpaceCall): Promise<WindowPlan | undefined> {
  const { settings, freeBytes, window, report } = call;
  const { storage } = settings;
  const chosen = window === undefined ? pending : pending.filter(({ dataset, entry: { seq } }) => has(window.take, { dataset, seq }));
  if (storage === undefined || chosen.length === 0) return window;
  const { instance } = storage;
  if (freeBytes === undefined) {
    report.say('LOAD_W1023', { instance });
    return window;
  }
  const { kind } = settings.target;
  let units = chosen.map((one) => sized(one, settings));
  let fit = fitSpace(units, freeBytes);
  if (fit.take.length < units.length) {
    // What an earlier attempt has staged is no longer free.
    units = [];
    for (const one of chosen) {
      const there = await session.readStagedParts(settings.ledgerSchema, one.loadId);
      units.push(sized(one, settings, new Set(there.map(({ key }) => key))));
    }
    fit = fitSpace(units, freeBytes);
  }
  const all = units.map(({ need }) => need);
  if (storage.grows && fit.take.length < units.length) {
    report.say('LOAD_W1026', { instance, commits: units.length, need: spaceOf(all), free: freeBytes });
    return window;
  }
  const taken = fit.take.map(({ need }) => need);
  const most = Math.ceil(spaceWithLog(kind, taken));
  if (most > freeBytes) report.say('LOAD_W1024', { instance, commits: taken.length, need: spaceOf(taken), most, free: freeBytes });
  if (fit.later.length > 0) report.say('LOAD_W1025', { instance, commits: fit.later.length, need: spaceOf(all), free: freeBytes });
  if (fit.take.length === units.length) return window;
  return without(window, fit, { instance, freeBytes, report });
}

interface Disk {
  readonly instance: string;
  readonly freeBytes: number;
}

type OneCommit = Pick<PendingUnit, 'dataset' | 'seq'>;

function has(list: readonly { readonly unit: OneCommit }[], { dataset, seq }: OneCommit): boolean {
  return list.some(({ unit }) => unit.dataset === dataset && unit.seq === seq);
}

/** The plan of the window, or one of a load without an end, without what the disk has no room for. */
function without(
  window: WindowPlan | undefined, { take, later, refused }: SpaceFit, { report, ...disk }: Disk & { readonly report: Report },
): WindowPlan {
  const reasons = refused.map((one) => ({ unit: one.unit, code: 'TARGET_SPACE' as const, reason: noRoom(one, disk) }));
  for (const { reason } of reasons) report.say('LOAD_W1015', { reason });
  return {
    inTwo: [], putOff: [], ...window,
    take: window === undefined ? take.map(({ unit }) => ({ unit })) : window.take.filter(({ unit }) => has(take, unit)),
    later: [...(window?.later ?? []), ...later.map(({ unit }) => unit)],
    refused: [...(window?.refused ?? []), ...reasons],
  };
}

function noRoom({ unit: { dataset, seq, writeMode, records, parts }, need }: SpaceUnit, { instance, freeBytes }: Disk): string {
  const files = parts.reduce((sum, { bytes }) => sum + bytes, 0);
  return `commit ${seq} of ${dataset} needs at least ${spaceOf([need])} bytes on the disk of ${instance}, and ${freeBytes} are free: `
    + `${need.staging} for its staging table${need.rows === 0 ? '' : ` and ${need.rows} for rows that ${writeMode} writes into the target`}, `
    + `by its ${records} records and ${files} bytes of Parquet; nothing of it was staged now, and later commits of ${dataset} wait. Give the instance more `
    + 'storage, switch its storage autoscaling on and set storageGrows of the target where the app does not know that it is, or ingest smaller batches';
}

function sized(pending: SpacePending, { target: { kind } }: LoadSettings, there: ReadonlySet<string> = new Set()): SpaceUnit {
  const { writeMode, entry, columns, keyed, missing } = pending;
  const { parts, columns: stored } = entry.manifest;
  const size: CommitSize = {
    writeMode, keyed, missing, parts, open: parts.filter(({ key }) => !there.has(key)),
    columns: (stored as readonly DerivedColumn[]).filter(({ name }) => columns.some((column) => column.name === name)),
    whole: stored.every(({ name }) => columns.some((column) => column.name === name)),
  };
  return { unit: pendingUnit(pending, there), need: spaceNeed(kind, size) };
}
