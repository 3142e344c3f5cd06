/** One line of `<pipeline>/published/<dataset>.json`: one curate commit, and whether it is in the current view. */
export interface PublishedLine {
  readonly dataset: string;
  /** The unit id: folder of the data and value of the catalog partition key `_headrace_attempt`. */
  readonly attempt_id: string;
  /** Number in the curated commit log. */
  readonly seq: number;
  readonly run_id: string;
  readonly attempt: number;
  /** Number in the raw commit log. */
  readonly ingest_seq: number;
  readonly kind: string;
  /** `removed`: it was superseded, and its files are gone. A removal itself is never current. */
  readonly state: 'current' | 'superseded' | 'removed';
  /** ISO 8601, UTC. */
  readonly committed_at: string;
  readonly rows: number;
  /** The compaction whose rows stand for those of this commit; null for all others. */
  readonly compacted_into: string | null;
  /** When it left the current state: ISO 8601, UTC; null while it is current. */
  readonly superseded_at: string | null;
}

/** Hive types of the published table's columns, in the order of {@link PublishedLine}. */
export const PUBLISHED_COLUMNS: readonly { readonly name: keyof PublishedLine; readonly type: string }[] = [
  { name: 'dataset', type: 'string' },
  { name: 'attempt_id', type: 'string' },
  { name: 'seq', type: 'bigint' },
  { name: 'run_id', type: 'string' },
  { name: 'attempt', type: 'int' },
  { name: 'ingest_seq', type: 'bigint' },
  { name: 'kind', type: 'string' },
  { name: 'state', type: 'string' },
  { name: 'committed_at', type: 'string' },
  { name: 'rows', type: 'bigint' },
  { name: 'compacted_into', type: 'string' },
  { name: 'superseded_at', type: 'string' },
];

/** The part of a curated manifest that a published line needs. */
export interface PublishableCommit {
  readonly dataset: string;
  readonly attemptId: string;
  readonly seq: number;
  readonly runId: string;
  readonly attempt: number;
  readonly ingestSeq: number;
  readonly kind: string;
  readonly committedAt: string;
  readonly supersedes: readonly string[];
  /** Of a removal: the units whose files go. */
  readonly removed?: readonly string[];
  readonly balance: { readonly written: number };
}

/** The whole published object of one dataset: one line per commit of its log, in order. */
export function publishedDocument(commits: readonly PublishableCommit[]): string {
  return publishedLines([], commits).map((line) => `${JSON.stringify(line)}\n`).join('');
}

/**
 * The lines of a log that goes on: those of earlier commits, changed by what the further ones supersede, and theirs.
 *
 * A commit that a later one supersedes leaves the current state. A compaction only stands for commits whose rows it
 * holds: when one of them is superseded by new data, the compaction goes and the others are current again. A removal
 * brings nothing in the place of what it supersedes, and takes compactions with their commits only.
 */
export function publishedLines(lines: readonly PublishedLine[], commits: readonly PublishableCommit[]): PublishedLine[] {
  const all = new Map(lines.map((line) => [line.attempt_id, line]));
  const change = (id: string, to: Partial<PublishedLine>): void => {
    const line = all.get(id);
    if (line !== undefined) all.set(id, { ...line, ...to });
  };
  /** The commits that each compaction has stood for; made when the first is asked for, because most logs have none that gives way. */
  let joined: Map<string, string[]> | undefined;
  const membersOf = (compaction: string): readonly string[] => {
    if (joined === undefined) {
      joined = new Map();
      for (const { attempt_id: id, compacted_into: into } of all.values()) if (into !== null) add(joined, into, id);
    }
    return joined.get(compaction) ?? [];
  };
  /** What was superseded before keeps its time. What a compaction stood for was still read by loads, so its time begins now. */
  const leave = (line: PublishedLine, at: string, into: string | null = null): void => {
    const isFirst = line.state === 'current' || line.compacted_into !== null;
    if (into !== null && joined !== undefined) add(joined, into, line.attempt_id);
    change(line.attempt_id, { state: line.state === 'removed' ? 'removed' : 'superseded', compacted_into: into, superseded_at: isFirst ? at : line.superseded_at });
  };
  for (const commit of commits) {
    const at = commit.committedAt;
    all.set(commit.attemptId, publishedLine(commit));
    for (const id of commit.supersedes) {
      const line = all.get(id);
      if (line === undefined) continue;
      if (commit.kind === 'compaction') {
        leave(line, at, line.kind === 'compaction' ? null : commit.attemptId);
        continue;
      }
      const compaction = line.compacted_into;
      leave(line, at);
      if (compaction === null || commit.kind === 'removal') continue;
      leave(all.get(compaction)!, at);
      for (const other of membersOf(compaction)) {
        if (all.get(other)!.compacted_into === compaction) change(other, { state: 'current', compacted_into: null, superseded_at: null });
      }
    }
    for (const id of commit.removed ?? []) change(id, { state: 'removed' });
  }
  return [...all.values()];
}

function add(lists: Map<string, string[]>, key: string, value: string): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}

/** Whether a commit brought a batch, and was not made by the housekeeping of those that did. */
export function isBatch({ kind }: Pick<PublishedLine, 'kind'>): boolean {
  return kind !== 'compaction' && kind !== 'removal';
}

/** Whether a commit holds the rows of its batch still: nothing but a compaction of them may stand in its place. */
export function isStanding(line: PublishedLine): boolean {
  return isBatch(line) && (line.state === 'current' || line.compacted_into !== null);
}

/** {@link isStanding} as SQL over the published table. */
export function standingSql(alias: string): string {
  return `${alias}."kind" <> 'compaction' AND (${alias}."state" = 'current' OR ${alias}."compacted_into" IS NOT NULL)`;
}

function publishedLine(commit: PublishableCommit): PublishedLine {
  return {
    dataset: commit.dataset,
    attempt_id: commit.attemptId,
    seq: commit.seq,
    run_id: commit.runId,
    attempt: commit.attempt,
    ingest_seq: commit.ingestSeq,
    kind: commit.kind,
    state: commit.kind === 'removal' ? 'superseded' : 'current',
    committed_at: commit.committedAt,
    rows: commit.balance.written,
    compacted_into: null,
    superseded_at: commit.kind === 'removal' ? commit.committedAt : null,
  };
}
