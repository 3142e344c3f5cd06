import type { PublishedLine } from '../../contract';
import { userError } from '../../errors/pipeline-error';
import { readEntries } from '../../run/commit-log';
import type { CuratedManifest } from '../../run/manifest';
import { curatedLog } from '../curated-log';
import type { CommitContext } from './commit-unit';

/** Files are removed at a day of age at the earliest, by the bound of the construct's prop; a younger plan need not ask. */
const YOUNG_MS = 3_600_000;

/**
 * Refuses to commit a unit whose files a removal took for left behind: that of an execution which was started again long after it had failed.
 *
 * A removal names such units in the log before it removes anything, so of the two one always sees the other.
 *
 * @param lines of all commits before the number that the unit would get
 */
export async function requireFiles(
  { call: { store, signal }, settings, plan }: CommitContext, dataset: string, unitId: string,
  lines: readonly PublishedLine[] | (() => Promise<readonly PublishedLine[]>),
): Promise<void> {
  const planned = Date.parse(plan.plannedAt);
  if (Date.now() - planned < Math.min(YOUNG_MS, settings.supersededForSeconds * 1_000)) return;
  const since = (typeof lines === 'function' ? await lines() : lines).filter(({ kind, committed_at: at }) => kind === 'removal' && Date.parse(at) >= planned);
  const removals = await readEntries<CuratedManifest>(store, curatedLog(settings, dataset), since.map(({ seq }) => seq), { signal });
  const by = removals.find(({ manifest: { removed = [] } }) => removed.includes(unitId));
  if (by === undefined) return;
  throw userError(
    'FILES_REMOVED', `${unitId} of ${dataset} was planned at ${plan.plannedAt} and never committed, so run ${by.manifest.runId} has removed its files; start the next attempt of slot ${plan.runId}`,
    { dataset, unitId, seq: by.seq },
  );
}
