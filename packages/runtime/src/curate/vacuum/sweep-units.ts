import type { PublishedLine } from '../../contract';
import { readEntries } from '../../run/commit-log';
import type { FunctionCall } from '../../run/function-handler';
import { inParallel } from '../../run/in-parallel';
import type { CuratedManifest } from '../../run/manifest';
import type { ListedObject } from '../../stores/object-store';
import { curatedLog } from '../curated-log';
import { symlinkKey } from '../publish/catalog-key';
import { quarantineListFolder } from '../quarantine-prefix';
import type { CurateSettings } from '../settings';
import type { TakenOut } from './taken-out';
import { objectsOf, type UnitFolders } from './unit-folders';

/** Most units have a few files, and one request removes a thousand. */
export const UNITS_AT_ONCE = 64;
const CONCURRENCY = 16;

/** At most one line of progress in this time. */
const PROGRESS_MS = 10_000;

export interface Sweep {
  readonly call: Pick<FunctionCall, 'store' | 'signal' | 'report'>;
  readonly settings: CurateSettings;
  readonly dataset: string;
  readonly folders: UnitFolders;
  /** What the log says of each unit after the removal, by unit id. */
  readonly lines: ReadonlyMap<string, PublishedLine>;
  /** Units that a removal named. */
  readonly removed: ReadonlySet<string>;
  readonly takenOut: TakenOut;
  /** Files of units that left the catalog by then go, in milliseconds. Others wait: a query that runs may have been sent to them. */
  readonly takenOutBefore: number;
  /** Files of committed units that no commit names are left over once they are as old as this. */
  readonly writtenBefore: number;
  /** Units that are looked at together. */
  readonly unitsAtOnce: number;
  /** Asked between two groups of them. */
  readonly hasTime: () => boolean;
}

export interface Swept {
  readonly files: number;
  readonly bytes: number;
  /** Units whose files wait for a later run, so that queries end before. */
  readonly waiting: number;
  /** The last unit that was looked at, where time was over before the end. */
  readonly upTo?: string;
}

/**
 * Takes units that removals name out of the catalog, removes their objects once queries have ended, and in folders of other units what their
 * commits do not name.
 *
 * Nothing here is a decision: each key is dead for good by the log. So it may stop anywhere, and is done again from the start by whoever comes next.
 *
 * @param stored all units that have objects, in order
 * @param after the last unit that an earlier turn has looked at; empty for none
 */
export async function sweepUnits(sweep: Sweep, stored: readonly string[], after: string): Promise<Swept> {
  const { call: { report }, dataset, hasTime, unitsAtOnce } = sweep;
  const kept = await keptByCompactions(sweep, stored);
  const units = stored.filter((id) => id > after);
  let [files, bytes, waiting, said] = [0, 0, 0, Date.now()];
  for (let at = 0; at < units.length; at += unitsAtOnce) {
    const chunk = units.slice(at, at + unitsAtOnce);
    const swept = await sweepChunk(sweep, chunk, kept);
    for (const { bytes: size } of swept.gone) {
      files += 1;
      bytes += size;
    }
    waiting += swept.waiting;
    if (!hasTime() && at + unitsAtOnce < units.length) return { files, bytes, waiting, upTo: chunk.at(-1)! };
    if (Date.now() - said < PROGRESS_MS) continue;
    said = Date.now();
    report.say('CURATE_I1503', { dataset, files, bytes, units: at + chunk.length, of: units.length });
  }
  return { files, bytes, waiting };
}

async function sweepChunk(
  sweep: Sweep, chunk: readonly string[], kept: ReadonlySet<string>,
): Promise<{ readonly gone: readonly ListedObject[]; readonly waiting: number }> {
  const { call: { store, signal }, settings: { curatedBucket }, folders } = sweep;
  const dead = await inParallel(chunk, CONCURRENCY, async (unitId) => {
    const line = sweep.lines.get(unitId);
    if (!isGone(sweep, unitId)) return { files: line === undefined ? [] : await leftOver(sweep, line), lists: [], marks: [], waits: false };
    if (await sweep.takenOut.since(unitId) > sweep.takenOutBefore) return { files: [], lists: [], marks: [], waits: true };
    const [data, quarantine, lists, marks] = await Promise.all([folders.data, folders.quarantine, folders.catalog, folders.takenOut]
      .map((folder) => objectsOf(store, curatedBucket, folder, unitId, { signal })));
    const there = [...data!, ...quarantine!];
    const files = there.filter(({ key }) => !kept.has(key));
    // Who keeps a file keeps the mark, or the wait would begin anew.
    return { files, lists: lists!, marks: files.length < there.length ? [] : marks!, waits: false };
  });
  const files = dead.flatMap((unit) => unit.files);
  const lists = dead.flatMap((unit) => unit.lists);
  const marks = dead.flatMap((unit) => unit.marks);
  await store.removeAll(curatedBucket, files.map(({ key }) => key), { signal });
  // Last: a unit with a list or a mark is found again, whatever became of its files.
  await store.removeAll(curatedBucket, [...lists, ...marks].map(({ key }) => key), { signal });
  return { gone: [...files, ...lists], waiting: dead.filter(({ waits }) => waits).length };
}

/** Files of tries that another try of the same task has overtaken. */
async function leftOver({ call: { store, signal }, settings, dataset, folders, writtenBefore }: Sweep, line: PublishedLine): Promise<ListedObject[]> {
  const { curatedBucket, pipeline } = settings;
  const [entry] = await readEntries<CuratedManifest>(store, curatedLog(settings, dataset), [line.seq], { signal });
  const { parts, quarantine } = entry!.manifest;
  const unitId = line.attempt_id;
  const list = symlinkKey(quarantineListFolder(pipeline, { dataset, unitId }));
  const named = new Set([...parts, ...quarantine.parts].map(({ key }) => key).concat(list));
  const there = await Promise.all([folders.data, folders.quarantine].map((folder) => objectsOf(store, curatedBucket, folder, unitId, { signal })));
  return there.flat().filter(({ key, modified }) => !named.has(key) && modified.getTime() <= writtenBefore);
}

/** Whether a removal named it. A unit that the log shows in use is never taken for gone, whatever a removal says of its name. */
function isGone({ lines, removed }: Sweep, unitId: string): boolean {
  return removed.has(unitId) && (lines.get(unitId)?.state ?? 'removed') === 'removed';
}

/**
 * A compaction keeps files of its commits where joining would not make fewer of them; they lie in folders of units that may be gone. Like its
 * own files they stay until queries have ended, so it leaves the catalog before any file is looked at. What it wrote itself needs no keeping.
 */
async function keptByCompactions(sweep: Sweep, stored: readonly string[]): Promise<ReadonlySet<string>> {
  const { call: { store, signal }, settings, dataset, folders, lines } = sweep;
  const there = new Set(stored);
  const compactions = [...lines.values()].filter(({ kind, state, attempt_id: id }) => kind === 'compaction' && (state !== 'removed' || there.has(id)));
  const kept = await inParallel(compactions, CONCURRENCY, async ({ attempt_id: id, seq }) => {
    if (isGone(sweep, id) && await sweep.takenOut.since(id) <= sweep.takenOutBefore) return [];
    const [entry] = await readEntries<CuratedManifest>(store, curatedLog(settings, dataset), [seq], { signal });
    return entry!.manifest.parts.map(({ key }) => key).filter((key) => !key.startsWith(`${folders.data}${id}/`));
  });
  return new Set(kept.flat());
}
