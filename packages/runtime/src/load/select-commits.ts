import { userError } from '../errors/pipeline-error';
import type { LogEntry } from '../run/commit-log';
import type { CuratedManifest } from '../run/manifest';
import type { LedgerRow } from './ledger/ledger-row';
import type { WriteMode } from './settings';

export type CuratedEntry = LogEntry<CuratedManifest>;

export interface Selection {
  /**
   * In the order of their ingest commits. `overtaken`: pending commits that this one makes needless; of the first one also those that were past
   * their retention, so that the ledger has them and no later load reads them again.
   */
  readonly load: readonly { readonly entry: CuratedEntry; readonly overtaken: readonly CuratedEntry[] }[];
  readonly held: readonly { readonly entry: CuratedEntry; readonly reason: string }[];
  /** Pending commits that were past their retention before they were loaded. */
  readonly expired: readonly CuratedEntry[];
}

type Loaded = Pick<LedgerRow, 'seq' | 'ingestSeq' | 'attemptId' | 'outcome' | 'staged'>;

/**
 * What to load: commits of the log that the ledger does not have, in the order in which their batches were ingested.
 *
 * A set difference and never "all after the last one": a run that began early can commit late. Where the order of
 * rows matters (replace, deletes by a snapshot, partitions, and merge without `newerBy`), a commit waits for ingest commits before it that were never
 * curated, and an older batch never goes over a newer one.
 *
 * @param all at least the commits that are not in the ledger
 * @param since what the write mode remembers knows nothing of batches before this ingest commit: deleted rows would come back
 */
export function selectCommits(
  all: readonly CuratedEntry[], ledger: readonly Loaded[], writeMode: WriteMode, gaps: 'hold' | 'skip', since = 0,
): Selection {
  // A compaction brings no rows: it holds those of commits that are loaded one by one. Nor does a removal.
  const entries = all.filter(({ manifest: { kind } }) => kind !== 'compaction' && kind !== 'removal');
  const removals = all.filter(({ manifest: { kind } }) => kind === 'removal');
  const seen = new Set(ledger.map((row) => row.seq));
  const superseded = new Set([...entries, ...removals].flatMap((entry) => entry.manifest.supersedes));
  const past = new Set(removals.flatMap(({ manifest }) => manifest.supersedes));
  const pending = entries.filter((entry) => !seen.has(entry.seq));
  const wanted = pending.filter((entry) => !superseded.has(entry.manifest.attemptId))
    // Curate can commit batches in another order than they were ingested; a repeated batch comes after the first try.
    .sort((a, b) => a.manifest.ingestSeq - b.manifest.ingestSeq || a.seq - b.seq);
  requireFiles(wanted, removals);
  const whole = isWhole(writeMode);
  const ordered = whole || writeMode.mode === 'partitions' || (writeMode.mode === 'merge' && writeMode.newerBy === undefined);
  const gap = ordered && gaps === 'hold' ? firstGap(entries, ledger) : undefined;
  const newest = newestLoaded(ledger);

  const held: { entry: CuratedEntry; reason: string }[] = [];
  const free: CuratedEntry[] = [];
  for (const entry of wanted) {
    const reason = holdReason(entry, { ledger, writeMode, gap, newest, since });
    if (reason === undefined) free.push(entry);
    else held.push({ entry, reason });
  }
  const taken = new Set<CuratedEntry>();
  // Of several whole tables only the newest is worth copying.
  const load = (whole ? free.slice(-1) : free).map((entry) => ({
    entry, overtaken: overtakenBy(whole ? free : [entry], pending, taken).filter((other) => other !== entry),
  }));
  const expired = pending.filter(({ manifest }) => past.has(manifest.attemptId));
  const [first, ...others] = load;
  if (first === undefined) return { load, held, expired };
  const overtaken = [...first.overtaken, ...overtakenBy(expired, pending, taken)].sort((a, b) => a.seq - b.seq);
  return { load: [{ ...first, overtaken }, ...others], held, expired };
}

/** What is removed was superseded long before, so nobody wants it who has read the whole log. */
function requireFiles(wanted: readonly CuratedEntry[], removals: readonly CuratedEntry[]): void {
  const removedBy = new Map(removals.flatMap(({ manifest: { removed = [], runId } }) => removed.map((id) => [id, runId] as const)));
  const gone = wanted.find(({ manifest }) => removedBy.has(manifest.attemptId));
  if (gone === undefined) return;
  const { dataset, attemptId, ingestSeq } = gone.manifest;
  throw userError(
    'FILES_REMOVED', `commit ${gone.seq} of ${dataset} is to be loaded, and run ${removedBy.get(attemptId)} of curate has removed its files, because another commit of ingest commit ${ingestSeq} took its place; `
      + 'the ledger has lost the row of one of them: restore it, or curate the batch again with operation rerun', { dataset, seq: gone.seq, attemptId },
  );
}

/** The given commits and all pending ones that they supersede, directly or by way of others; none of them twice. */
function overtakenBy(entries: readonly CuratedEntry[], pending: readonly CuratedEntry[], taken: Set<CuratedEntry>): CuratedEntry[] {
  const found: CuratedEntry[] = [];
  const queue = [...entries];
  for (let entry = queue.shift(); entry !== undefined; entry = queue.shift()) {
    if (taken.has(entry)) continue;
    taken.add(entry);
    found.push(entry);
    const { supersedes } = entry.manifest;
    queue.push(...pending.filter((other) => supersedes.includes(other.manifest.attemptId)));
  }
  return found.sort((a, b) => a.seq - b.seq);
}

interface HoldContext {
  readonly ledger: readonly Loaded[];
  readonly writeMode: WriteMode;
  readonly gap: number | undefined;
  readonly newest: number;
  readonly since: number;
}

function holdReason(entry: CuratedEntry, { ledger, writeMode, gap, newest, since }: HoldContext): string | undefined {
  const { manifest } = entry;
  if (gap !== undefined && manifest.ingestSeq > gap) {
    return `ingest commit ${gap} comes before it and was never curated; curate it, or set gaps to skip`;
  }
  if (writeMode.mode === 'append') {
    const taken = ledger.find((row) => row.outcome === 'loaded' && row.staged > 0 && manifest.supersedes.includes(row.attemptId));
    return taken === undefined ? undefined : `it supersedes commit ${taken.seq}, whose rows are in the table and cannot be told apart there; use merge, or remove them and the ledger row`;
  }
  if (writeMode.deletes?.kind === 'absentFromSnapshot' && manifest.kind === 'backfill') return 'a back-fill is no whole snapshot, and rows that it lacks would be removed; replay it, or load without deletes';
  if (writeMode.mode === 'merge' && writeMode.newerBy === undefined && !isWhole(writeMode)) {
    // What was deleted before newerBy was there is not remembered, so it would not help.
    const cure = writeMode.deletes === undefined ? 'give the write mode newerBy' : 'replay it if its rows are wanted';
    if (manifest.kind === 'backfill') return `a back-fill would put older rows over newer ones; ${cure}`;
    // Equal is a rerun or replay of the newest batch itself.
    if (manifest.ingestSeq < newest) return `its batch is older than ingest commit ${newest}, which is loaded; ${cure}`;
  }
  if (manifest.ingestSeq < since) {
    return `its batch is older than ingest commit ${since}, which was loaded before ${writeMode.mode === 'partitions' ? 'it was noted which commit wrote a partition' : 'deleted keys were kept'}; replay it if its rows are wanted`;
  }
  if (isWhole(writeMode) && manifest.ingestSeq < newest) return `its snapshot is older than that of ingest commit ${newest}, which is loaded; it is never needed`;
  return undefined;
}

/** The newest ingest commit whose rows went into the table; 0 where there is none. */
export function newestLoaded(ledger: readonly Loaded[]): number {
  return ledger.filter((row) => row.outcome === 'loaded').reduce((max, row) => Math.max(max, row.ingestSeq), 0);
}

/** A batch is all that the table shall hold, so only the newest counts. */
function isWhole({ mode, deletes }: WriteMode): boolean {
  return mode === 'replace' || deletes?.kind === 'absentFromSnapshot';
}

/** The smallest ingest number that has no curate commit although a later one has. */
function firstGap(entries: readonly CuratedEntry[], ledger: readonly Loaded[]): number | undefined {
  const there = new Set([...entries.map((entry) => entry.manifest.ingestSeq), ...ledger.map((row) => row.ingestSeq)]);
  const last = [...there].reduce((max, seq) => Math.max(max, seq), 0);
  for (let seq = 1; seq < last; seq += 1) if (!there.has(seq)) return seq;
  return undefined;
}
