import { userError } from '../../errors/pipeline-error';
import { listCommits, LogView, readEntries, type LogEntry } from '../../run/commit-log';
import { curateIdentity, ingestIdentity, type CommitKind, type CuratedManifest, type RawManifest } from '../../run/manifest';
import type { Abortable, ObjectStore } from '../../stores/object-store';
import { curatedLog, rawLog } from '../curated-log';
import type { CurateSettings } from '../settings';

/** A raw commit that no curated commit names. */
export interface PendingCommit extends LogEntry<RawManifest> {
  /** Numbers of the raw commits that it supersedes. */
  readonly supersedes: readonly number[];
  /** Number of the raw commit that takes its place before it was ever curated. */
  readonly supersededBy?: number;
}

/** How a raw commit can have been made. */
const KINDS: readonly CommitKind[] = ['ingest', 'rerun', 'replay', 'backfill'];

/**
 * The raw commits that are not curated yet, in commit order: a set difference of the two logs.
 *
 * There is no high-water mark, so a commit that arrived late is found as well as any other.
 */
export async function pendingCommits(
  store: ObjectStore, settings: CurateSettings, dataset: string, options: Abortable = {},
): Promise<PendingCommit[]> {
  const log = rawLog(settings, dataset);
  const [seqs, curated] = await Promise.all([
    listCommits(store, log, 0, options), LogView.open<CuratedManifest>(store, curatedLog(settings, dataset), options),
  ]);
  const isCurated = (seq: number): boolean => curated.seqOf.has(curateIdentity('ingest', '', seq));
  const first = seqs.find((seq) => !isCurated(seq));
  if (first === undefined) return [];
  // Those behind the first are read too when they are curated, since they may supersede one that is not; mostly there are none.
  const entries = await readEntries<RawManifest>(store, log, seqs.filter((seq) => seq >= first), options);
  for (const { manifest, key } of entries) {
    if (manifest.stage === 'ingest' && manifest.dataset === dataset && manifest.pipeline === settings.pipeline) continue;
    throw userError(
      'DOCUMENT', `s3://${log.bucket}/${key} is no raw manifest of ${settings.pipeline}/${dataset}; the raw bucket setting or the object is wrong`, { key },
    );
  }
  const pending = entries.filter(({ seq }) => !isCurated(seq));
  if (entries.every(({ manifest }) => manifest.supersedes.length === 0)) {
    return pending.map((entry) => ({ ...entry, supersedes: [] }));
  }
  const raw = await LogView.open<RawManifest>(store, log, options);
  const supersedes = new Map(entries.map((entry) => [entry.seq, supersededSeqs(entry, raw)]));
  const takenBy = new Map([...supersedes].flatMap(([by, gone]) => gone.map((seq) => [seq, by] as const)));
  return pending.map((entry) => ({ ...entry, supersedes: supersedes.get(entry.seq)!, supersededBy: takenBy.get(entry.seq) }));
}

function supersededSeqs({ manifest, seq }: LogEntry<RawManifest>, raw: LogView<RawManifest>): number[] {
  const named = manifest.supersedes.flatMap((runId) => KINDS.map((kind) => raw.seqOf.get(ingestIdentity(kind, runId))));
  return named.filter((other): other is number => other !== undefined && other < seq).sort((a, b) => a - b);
}
