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
  readonly state: 'current' | 'superseded';
  /** ISO 8601, UTC. */
  readonly committed_at: string;
  readonly rows: number;
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
  readonly balance: { readonly written: number };
}

/**
 * The whole published object of one dataset: one line per commit of its log, in order.
 *
 * A commit that a later one supersedes leaves the current view; so do all commits of kind `compaction` predecessors,
 * which the compaction names in `supersedes`.
 */
export function publishedDocument(commits: readonly PublishableCommit[]): string {
  const superseded = new Set(commits.flatMap(({ supersedes }) => supersedes));
  return commits.map((commit) => `${JSON.stringify(publishedLine(commit, superseded.has(commit.attemptId) ? 'superseded' : 'current'))}\n`).join('');
}

export function publishedLine(commit: PublishableCommit, state: PublishedLine['state']): PublishedLine {
  return {
    dataset: commit.dataset,
    attempt_id: commit.attemptId,
    seq: commit.seq,
    run_id: commit.runId,
    attempt: commit.attempt,
    ingest_seq: commit.ingestSeq,
    kind: commit.kind,
    state,
    committed_at: commit.committedAt,
    rows: commit.balance.written,
  };
}
