import type { StepCall } from '../../run/task';
import type { LeaseClaimant, LeaseHolder } from '../lease/lease';
import type { DdlAuthor } from '../ledger/ddl-author';
import type { WindowPlan } from '../pace/fit-window';
import type { LoadSettings } from '../settings';
import type { StagingTable } from '../staging';
import { finishPublished, followsCommit, isUnfinished, type LeftUnfinished } from '../statements/finish-published';
import type { TargetAccess, TargetSession } from '../target/target-database';
import { targetOf } from '../target/target-of';
import { guardOf } from '../write/guard-table';
import { select, type Candidate, type Claimed } from './candidates';
import { idOf, unitsOf } from './load-units';

type Call = StepCall<LoadSettings>;

/** A table that somebody reads for longer stays for the next claim. */
const SWEEP_WAIT_SECONDS = 2;

/**
 * What no other load does meanwhile. Epochs first and in one order, so that two claims wait for each other and never
 * deadlock; then the ledger, which stands still once the epoch is ours; then tables.
 */
export async function claimTables(
  session: TargetSession, call: Call, by: DdlAuthor & LeaseClaimant, candidates: readonly Candidate[], window: WindowPlan | undefined,
): Promise<Claimed[]> {
  const { settings, report } = call;
  const claimed: Claimed[] = [];
  const epochs = new Map<Candidate, bigint>();
  const busy = new Map<Candidate, LeaseHolder>();
  for (const candidate of [...candidates].sort((a, b) => (a.target.table < b.target.table ? -1 : 1))) {
    // Whoever has nothing to do does not disturb a load that runs.
    if ((await select(session, call, candidate, window)).selection.load.length === 0) continue;
    const holder = await session.takeLease(settings.ledgerSchema, candidate.target, by);
    if (holder === undefined) epochs.set(candidate, await session.claimEpoch(settings.ledgerSchema, candidate.target, by));
    else {
      busy.set(candidate, holder);
      report.say('LOAD_W1018', { ...holder, dataset: candidate.dataset.name, table: `${candidate.target.schema}.${candidate.target.table}` });
    }
  }
  for (const [{ target }, epoch] of epochs) await session.settle(settings.ledgerSchema, target, epoch);
  for (const candidate of candidates) {
    const { selection, published, since } = await select(session, call, candidate, window);
    const epoch = epochs.get(candidate);
    if (epoch === undefined) {
      const holder = busy.get(candidate);
      const later = holder === undefined ? selection.later : [...selection.load, ...selection.later];
      claimed.push({
        ...candidate, epoch: 0n, published, selection: { ...selection, load: [], later },
        ...(holder === undefined ? {} : { busy: holder }),
      });
      continue;
    }
    const one = { ...candidate, epoch, selection, published };
    const made = await session.ensureTarget(candidate.target, candidate.dataset, candidate.writeMode, settings.manageSchema, by);
    const table = `${candidate.target.schema}.${candidate.target.table}`;
    if (made === 'made') report.say('LOAD_I1006', { table });
    const guard = guardOf(settings.ledgerSchema, candidate.target, candidate.dataset, candidate.writeMode);
    if (guard !== undefined) await session.ensureGuard(guard, candidate.target, by, since);
    const units = unitsOf(one, settings);
    for (const unit of units) {
      await session.ensureStaging(unit.staging, candidate.dataset, {
        pipeline: settings.pipeline, dataset: unit.dataset, target: unit.target, loadId: unit.loadId,
      });
    }
    report.say('LOAD_I1001', { epoch, table, dataset: candidate.dataset.name, units: units.length, parts: units.reduce((sum, unit) => sum + unit.parts, 0) });
    claimed.push(one);
  }
  return claimed;
}

/** Whose claim it is, and how to open one more session. */
export interface Sweeper {
  readonly by: LeaseClaimant;
  readonly access: TargetAccess;
}

/** What of a dataset no load needs any more. */
interface Left extends Claimed {
  readonly tables: readonly StagingTable[];
}

/** Drops staging tables that no load needs any more. A table that somebody reads stays for the next time. */
export async function sweepStaging(session: TargetSession, call: Call, sweeper: Sweeper, claimed: readonly Claimed[]): Promise<void> {
  const { settings, report } = call;
  const left: Left[] = [];
  for (const one of claimed) {
    const { dataset, target, selection } = one;
    const waiting = new Set([...selection.load, ...selection.later, ...selection.held].map(({ entry }) => idOf(entry, dataset, target, settings)));
    const tables = await session.leftoverStaging(settings.ledgerSchema, { pipeline: settings.pipeline, dataset: dataset.name, target }, waiting);
    left.push({ ...one, tables });
  }
  const unfinished = await finishLeft(session, call, sweeper, left);
  for (const { dataset, target, epoch, published, tables } of left) {
    for (const table of tables) {
      const isPublished = published.has(table.loadId);
      if (isPublished ? unfinished.has(dataset.name) : epoch === 0n) continue;
      const staging = `${table.schema}.${table.table}`;
      try {
        await session.exclusively(settings.ledgerSchema, async () => {
          // Whoever is fenced has an old idea of what is needed; what is published nobody needs, by anybody's idea.
          if (!isPublished) await session.requireEpoch(settings.ledgerSchema, target, epoch, 'share');
          await session.dropStaging(table, table.loadId, Math.min(SWEEP_WAIT_SECONDS, settings.lockTimeoutSeconds));
        });
        report.say('LOAD_I1004', { staging });
      } catch (error) {
        report.say('LOAD_W1005', { staging, reason: targetOf(settings.target).failure(error, 'dropping').message });
      }
    }
  }
}

/**
 * Runs what follows commits that are visible, unless nothing does; a load of another slot that is at work does that itself.
 *
 * @returns the datasets whose tables must stay, because it did not run.
 */
async function finishLeft(session: TargetSession, call: Call, { by, access }: Sweeper, left: readonly Left[]): Promise<ReadonlySet<string>> {
  const { settings } = call;
  const stays = new Set<string>();
  const due: LeftUnfinished[] = [];
  for (const one of left) {
    const { dataset: { name }, target, epoch, busy } = one;
    if (!followsCommit(settings, name) || (await unfinishedOf(session, call, one)).length === 0) continue;
    const take = () => session.takeLease(settings.ledgerSchema, target, by);
    const holder = busy ?? (epoch === 0n ? await session.exclusively(settings.ledgerSchema, take) : undefined);
    // Whoever held the lease until now may have run it.
    const loadIds = holder === undefined ? await unfinishedOf(session, call, one) : [];
    if (holder !== undefined) stays.add(name);
    else if (loadIds.length > 0) due.push({ dataset: name, loadIds });
  }
  return new Set([...stays, ...await finishPublished(access, call, due)]);
}

/** Ids of the loads of a dataset that are visible, and that something still is to follow. */
async function unfinishedOf(session: TargetSession, { settings }: Call, { published, tables }: Left): Promise<string[]> {
  const loadIds: string[] = [];
  for (const table of tables) {
    const staged = published.get(table.loadId);
    if (staged !== undefined && await isUnfinished(session, settings.ledgerSchema, table, staged)) loadIds.push(table.loadId);
  }
  return loadIds;
}
