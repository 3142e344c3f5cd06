import type { PublishedLine } from '../../contract';
import { userError } from '../../errors/pipeline-error';
import type { Abortable } from '../../stores/object-store';
import type { Removals } from './removals';

/** Whose units are asked for. */
interface Asker {
  readonly dataset: string;
  readonly runId: string;
  readonly attempt: number;
}

/**
 * Refuses unit ids that a removal has named, however long ago: a name in the log is for ever, so the next vacuum would take whatever is written
 * below it for files of back then. It is an execution that was started again long after it had failed, or whose plan has expired since.
 *
 * A removal names units in the log before it removes anything, so of the two one always sees the other.
 *
 * @param lines of all commits before the number that the units would get
 */
export async function requireUnusedIds(
  removals: Removals, { dataset, runId, attempt }: Asker, unitIds: readonly string[], lines: readonly PublishedLine[], options: Abortable = {},
): Promise<void> {
  const ids = new Set(unitIds);
  for (const { seq, manifest } of await removals.among(lines, options)) {
    const unitId = manifest.removed?.find((id) => ids.has(id));
    if (unitId === undefined) continue;
    throw userError(
      'FILES_REMOVED', `run ${manifest.runId} has removed the files of ${unitId} of ${dataset}, and what is written under this name again would be removed too, so attempt ${attempt} of slot ${runId} cannot be used any more; `
        + `start the next attempt of slot ${runId}, or another slot`, { dataset, unitId, seq },
    );
  }
}
