import type { PublishedLine } from '../../contract';
import { readEntries } from '../../run/commit-log';
import type { FunctionCall } from '../../run/function-handler';
import { inParallel } from '../../run/in-parallel';
import type { CuratedManifest } from '../../run/manifest';
import type { ListedObject } from '../../stores/object-store';
import { curatedLog } from '../curated-log';
import { symlinkKey } from '../publish/catalog-key';
import type { UnitCatalog } from '../publish/unit-catalog';
import { quarantineListFolder } from '../quarantine-prefix';
import type { CurateSettings } from '../settings';
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
  /** When a removal named each unit that is gone, in milliseconds. */
  readonly removedAt: ReadonlyMap<string, number>;
  /**
   * Files of units that were named by then, and are not in the catalog any more, go. Others leave the catalog only: a query that runs may have
   * been sent to them.
   */
  readonly removedBefore: number;
  readonly catalog: Pick<UnitCatalog, 'takeOut'>;
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
 */
export async function sweepUnits(sweep: Sweep, units: readonly string[]): Promise<Swept> {
  const { call: { report }, dataset, hasTime, unitsAtOnce } = sweep;
  const kept = await keptByCompactions(sweep);
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
  const { call: { store, signal }, settings: { curatedBucket }, folders, catalog } = sweep;
  const dead = await inParallel(chunk, CONCURRENCY, async (unitId) => {
    const line = sweep.lines.get(unitId);
    const removedAt = sweep.removedAt.get(unitId);
    // A unit that the log shows in use is never taken for gone, whatever a removal says of its name.
    if (removedAt === undefined || (line !== undefined && line.state !== 'removed')) return { files: line === undefined ? [] : await leftOver(sweep, line), lists: [], waits: false };
    const found = await catalog.takeOut(unitId);
    // What was in the catalog until now, because an earlier run ended before it had taken it out, may be read by a query that just began.
    if (found > 0 || removedAt > sweep.removedBefore) return { files: [], lists: [], waits: true };
    const [data, quarantine, lists] = await Promise.all([folders.data, folders.quarantine, folders.catalog]
      .map((folder) => objectsOf(store, curatedBucket, folder, unitId, { signal })));
    return { files: [...data!, ...quarantine!].filter(({ key }) => !kept.has(key)), lists: lists!, waits: false };
  });
  const files = dead.flatMap((unit) => unit.files);
  const lists = dead.flatMap((unit) => unit.lists);
  await store.removeAll(curatedBucket, files.map(({ key }) => key), { signal });
  // Last: a unit with a list is found again, whatever became of its files.
  await store.removeAll(curatedBucket, lists.map(({ key }) => key), { signal });
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

/**
 * A compaction keeps files of its commits where joining would not make fewer of them; they lie in folders of units that may be gone. Like its
 * own files they stay until queries have ended.
 */
async function keptByCompactions(
  { call: { store, signal }, settings, dataset, lines, removedAt, removedBefore }: Sweep,
): Promise<ReadonlySet<string>> {
  const isThere = ({ state, attempt_id: id }: PublishedLine): boolean => state !== 'removed' || (removedAt.get(id) ?? 0) > removedBefore;
  const there = [...lines.values()].filter((line) => line.kind === 'compaction' && isThere(line)).map(({ seq }) => seq);
  const entries = await readEntries<CuratedManifest>(store, curatedLog(settings, dataset), there, { signal });
  return new Set(entries.flatMap(({ manifest: { parts } }) => parts.map(({ key }) => key)));
}
