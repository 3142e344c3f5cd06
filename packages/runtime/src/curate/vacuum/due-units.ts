import { isStanding, retainedSince, type Dataset, type PublishedLine } from '../../contract';
import { firstPublished } from '../batch-ages';

/** What a removal of a dataset may say. */
export interface DueUnits {
  /** Batches past their retention, and compactions of nothing else: they leave the current state now, and their files later. */
  readonly expired: readonly string[];
  /** Units that left the current state for good long enough ago: their files go. */
  readonly removable: readonly string[];
}

/**
 * What is due at a time, by the lines of a log.
 *
 * What a compaction stands for is never due: the compaction may give way to it, and loads read it. It is when another commit has taken its place.
 *
 * @param supersededForSeconds how long whoever read a unit may go on reading it
 */
export function dueUnits(lines: readonly PublishedLine[], dataset: Dataset, supersededForSeconds: number, now: Date): DueUnits {
  const limit = now.getTime() - supersededForSeconds * 1_000;
  const removable = lines.filter(({ state, kind, compacted_into: into, superseded_at: at }) => (
    state === 'superseded' && kind !== 'removal' && into === null && at !== null && Date.parse(at) <= limit
  ));
  return { expired: expired(lines, dataset, now), removable: removable.map(({ attempt_id: id }) => id) };
}

function expired(lines: readonly PublishedLine[], { history, retention }: Dataset, now: Date): string[] {
  if (retention === undefined || history === 'changes') return [];
  const since = retainedSince(retention, now).getTime();
  const standing = lines.filter(isStanding);
  const first = firstPublished(lines);
  const newest = standing.reduce((max, { ingest_seq: seq }) => Math.max(max, seq), 0);
  const isOld = ({ ingest_seq: seq }: PublishedLine): boolean => first.get(seq)! < since && !(history === 'snapshot' && seq === newest);
  // The rows of one batch cannot be taken out of joined files: all of them wait for the youngest.
  const young = new Set(standing.filter((line) => !isOld(line)).map(({ compacted_into: into }) => into));
  const leaving = standing.filter((line) => isOld(line) && (line.compacted_into === null || !young.has(line.compacted_into)));
  const compactions = new Set(leaving.flatMap(({ compacted_into: into }) => into ?? []));
  return [...leaving.map(({ attempt_id: id }) => id), ...compactions];
}
