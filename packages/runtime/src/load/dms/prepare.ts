import { dmsTableMappings } from '../../contract/dms/table-mappings';
import { userError } from '../../errors/pipeline-error';
import type { CuratedPart } from '../../run/manifest';
import type { StepCall } from '../../run/task';
import { itemsRef, readItem, readResultsOf, writeItems } from '../../run/work';
import type { LoadItem, LoadPlan, LoadUnit } from '../load-plan';
import { requireManifest } from '../manifest-of-unit';
import { packParts } from '../pack-parts';
import type { LoadSettings } from '../settings';
import { accessOf } from '../target/target-database';
import { targetOf } from '../target/target-of';
import type { ReadCredentials } from '../target/credentials';
import type { DmsSettings } from './dms-settings';
import { emptyHandOff } from './hand-off-folder';
import { roundsOf } from './rounds';
import { clearStaging, isStaged } from './staging-rows';

/** Lists have fewer items: an index tells the round, and the place in the round's list. */
const ITEMS_OF_ROUND = 100_000;

/** One member of `hand-off-<round>.json`: parts that one task writes as CSV. */
export interface HandOffItem extends LoadItem {
  /** Unique over all rounds, so that results of one are never taken for those of another. */
  readonly index: number;
  /** The source table that DMS reads them as. */
  readonly source: string;
  /** Number of the first part among those of the commit, from 0: files are numbered after it. */
  readonly first: number;
}

/** What stands in `prepare/<round>.json`, which the state machine goes on with. */
export interface PreparedRound {
  readonly items: { readonly bucket: string; readonly key: string; readonly count: number };
  /** JSON, as CreateReplicationTask wants it. */
  readonly mappings: string;
  /** Whether another replication task follows. */
  readonly more: boolean;
}

type Call = StepCall<LoadSettings, LoadPlan>;

/** The settings of DMS; only a stage that has them runs these steps. */
export function requireDms({ dms }: LoadSettings): DmsSettings {
  if (dms === undefined) throw userError('CONFIG', 'this step belongs to LoadEngine.dms(), and the settings of the stage have no dms');
  return dms;
}

/**
 * Makes everything ready for one replication task: an empty hand-off, empty staging tables, lists of what to write, and the table mappings.
 *
 * No older replication task of the stage may run by now. A commit that is staged takes no part again.
 */
export async function prepare(call: Call, deps: { readonly credentials: ReadCredentials }): Promise<PreparedRound> {
  const { settings, plan, index, folder, store, signal, report } = call;
  const dms = requireDms(settings);
  const rounds = roundsOf(plan, dms.lanes);
  const round = rounds[index] ?? [];
  const access = accessOf(call, deps.credentials);
  const removed = await emptyHandOff(store, dms, { signal });
  if (removed > 0) report.say('LOAD_I1401', { files: removed, folder: dms.handOff.prefix });
  const items: Omit<HandOffItem, 'index'>[] = [];
  const mappings: { source: string; target: string }[] = [];
  const database = targetOf(access.target);
  await database.withSession(access, 'prepare', async (session) => {
    for (const { unit: at, source } of round) {
      const unit = plan.units[at] as LoadUnit;
      const { parts } = await requireManifest(call, unit);
      try {
        if (await isStaged(session, settings.ledgerSchema, unit, parts)) continue;
        await clearStaging(session, settings.ledgerSchema, unit);
      } catch (error) {
        throw database.failure(error, `emptying ${unit.staging.schema}.${unit.staging.table}`);
      }
      mappings.push({ source, target: unit.staging.table });
      items.push(...itemsOf(unit, at, source, parts, settings.connections));
    }
  });
  report.say('LOAD_I1402', { round: index + 1, rounds: rounds.length, tables: mappings.length, items: items.length });
  const numbered = items.map((item, at): HandOffItem => ({ ...item, index: index * ITEMS_OF_ROUND + at }));
  return {
    items: await writeItems(store, folder, numbered, { signal, name: listOf(index) }),
    mappings: JSON.stringify(dmsTableMappings(mappings, settings.ledgerSchema)), more: index + 1 < rounds.length,
  };
}

/** What each task left that handed a commit over, in no order. Throws `RESULT_MISSING`. */
export async function handedOver<T>({ store, folder, signal }: Pick<Call, 'store' | 'folder' | 'signal'>, round: number, loadId: string): Promise<T[]> {
  const items = (await store.getJson<HandOffItem[]>(itemsRef(folder, listOf(round)), { signal }))?.value ?? [];
  return readResultsOf<T>(store, folder, 'handOff', items.filter((item) => item.loadId === loadId).map(({ index }) => index), { signal });
}

/** Reads the item of a hand-off task. */
export async function readHandOffItem({ store, folder, index, signal }: Pick<Call, 'store' | 'folder' | 'index' | 'signal'>): Promise<HandOffItem> {
  const list = itemsRef(folder, listOf(Math.floor(index / ITEMS_OF_ROUND)));
  return await readItem(store, list, index % ITEMS_OF_ROUND, { signal }) as HandOffItem;
}

function listOf(round: number): string {
  return `hand-off-${round}`;
}

function itemsOf(unit: LoadUnit, at: number, source: string, all: readonly CuratedPart[], connections: number): Omit<HandOffItem, 'index'>[] {
  const item = { unit: at, dataset: unit.dataset, seq: unit.seq, loadId: unit.loadId, epoch: unit.epoch, staging: unit.staging, source };
  let first = 0;
  return packParts(all, connections).map((parts) => {
    const one = { ...item, parts, first };
    first += parts.length;
    return one;
  });
}
