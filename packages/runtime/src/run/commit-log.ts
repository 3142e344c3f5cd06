import { isDeepStrictEqual } from 'node:util';
import { setTimeout as delay } from 'node:timers/promises';
import { transientError, userError } from '../errors/pipeline-error';
import type { Abortable, ObjectStore } from '../stores/object-store';
import { readCommitIndex, writeCommitIndex } from './commit-index';
import { inParallel } from './in-parallel';
import { commitKey, seqOfCommitKey } from './keys';
import { commitIdentity, requireSchemaVersion, type Manifest } from './manifest';

/** A dataset's commit log: numbered write-once entries below one prefix. The entries are the truth; nothing else is. */
export interface CommitLog {
  readonly bucket: string;
  /** Ends with a slash; see commitLogPrefix. */
  readonly prefix: string;
}

export interface LogEntry<M extends Manifest> {
  readonly seq: number;
  readonly key: string;
  readonly manifest: M;
}

export type AppendOutcome<M extends Manifest> =
  | { readonly outcome: 'committed' | 'already-committed'; readonly seq: number; readonly key: string; readonly manifest: M }
  /** `build` gave nothing to commit. */
  | { readonly outcome: 'nothing' };

export interface AppendOptions extends Abortable {
  /** Waits between conflicts that no entry explains. @default - a timer */
  readonly sleep?: (ms: number) => Promise<void>;
}

/** Entries that are read at once. */
const READ_CONCURRENCY = 32;

/** Entries that may lie behind the index before it is written again. */
const INDEX_LAG = 64;

/** Numbers that may be lost in a row before the log is called too busy. A loser always sees the winner's entry first. */
const MAX_LOST = 1_000;

/** Tries of one number that answer a conflict although no entry appears: S3 says so while two writes overlap. */
const MAX_CONFLICTS = 20;

/** Reads the entries after `afterSeq`, in order. Throws `LOG_GAP` when a number is missing: nobody may skip a commit. */
export async function readLog<M extends Manifest>(store: ObjectStore, log: CommitLog, afterSeq = 0, options: Abortable = {}): Promise<LogEntry<M>[]> {
  return readEntries<M>(store, log, await listCommits(store, log, afterSeq, options), options);
}

/** The numbers of the entries after `afterSeq`, in order and without gaps; no entry is read. */
export async function listCommits(store: ObjectStore, log: CommitLog, afterSeq = 0, options: Abortable = {}): Promise<number[]> {
  const seqs: number[] = [];
  const startAfter = afterSeq === 0 ? undefined : commitKey(log.prefix, afterSeq);
  for await (const { key } of store.listKeys(log.bucket, log.prefix, { ...options, startAfter })) {
    const seq = seqOfCommitKey(log.prefix, key);
    if (seq === undefined) continue;
    const next = afterSeq + seqs.length + 1;
    if (seq !== next) {
      throw userError('LOG_GAP', `commit ${next} is missing in s3://${log.bucket}/${log.prefix}; restore the object from its earlier version before any run goes on`, { ...log, missing: next });
    }
    seqs.push(seq);
  }
  return seqs;
}

/** Reads entries by number, in the given order. */
export async function readEntries<M extends Manifest>(
  store: ObjectStore, log: CommitLog, seqs: readonly number[], options: Abortable = {},
): Promise<LogEntry<M>[]> {
  return inParallel(seqs, READ_CONCURRENCY, (seq) => readEntry<M>(store, log, seq, options));
}

async function readEntry<M extends Manifest>(store: ObjectStore, log: CommitLog, seq: number, options: Abortable): Promise<LogEntry<M>> {
  const key = commitKey(log.prefix, seq);
  const found = await store.getJson<M>({ bucket: log.bucket, key }, options);
  if (found === undefined) throw userError('LOG_GAP', `commit s3://${log.bucket}/${key} is gone; restore the object from its earlier version before any run goes on`, { ...log, missing: seq });
  requireSchemaVersion(found.value, `commit s3://${log.bucket}/${key}`);
  return { seq, key, manifest: found.value };
}

/** What is in a log, without its older entries: the newest one, and the number of every commit by its identity. */
export class LogView<M extends Manifest> {
  readonly seqOf: Map<string, number>;
  last: LogEntry<M> | undefined;

  private constructor(private readonly store: ObjectStore, readonly log: CommitLog, private indexed: number, seqOf: ReadonlyMap<string, number>) {
    this.seqOf = new Map(seqOf);
  }

  /** Reads the index, and the few entries that it does not cover. */
  static async open<M extends Manifest>(store: ObjectStore, log: CommitLog, options: Abortable = {}): Promise<LogView<M>> {
    const index = await readCommitIndex(store, log, options);
    const view = new LogView<M>(store, log, index.upTo, index.seqOf);
    if (index.upTo > 0) view.last = await readEntry<M>(store, log, index.upTo, options);
    await view.refresh(options);
    return view;
  }

  /** Reads what others appended since. */
  async refresh(options: Abortable = {}): Promise<void> {
    for (const entry of await readLog<M>(this.store, this.log, this.last?.seq ?? 0, options)) this.add(entry);
  }

  /** The entry that is the same work; undefined when there is none. */
  async find(identity: string, options: Abortable = {}): Promise<LogEntry<M> | undefined> {
    const seq = this.seqOf.get(identity);
    if (seq === undefined) return undefined;
    return seq === this.last?.seq ? this.last : readEntry<M>(this.store, this.log, seq, options);
  }

  add(entry: LogEntry<M>): void {
    this.seqOf.set(commitIdentity(entry.manifest), entry.seq);
    this.last = entry;
  }

  /** Writes the index anew when it has fallen behind. */
  async saveIndex(): Promise<void> {
    const upTo = this.last?.seq ?? 0;
    if (upTo - this.indexed < INDEX_LAG) return;
    this.indexed = upTo;
    await writeCommitIndex(this.store, this.log, { upTo, seqOf: this.seqOf });
  }
}

/** The newest entry; undefined when the log is empty. */
export async function lastCommit<M extends Manifest>(store: ObjectStore, log: CommitLog, options: Abortable = {}): Promise<LogEntry<M> | undefined> {
  return (await LogView.open<M>(store, log, options)).last;
}

/**
 * Appends one commit under the next free number.
 *
 * Whoever loses the race for a number reads what the others wrote and asks `build` again, so it can revalidate its
 * cursor against `previous`. Work that is in the log already (see commitIdentity) is not committed a second time.
 */
export async function appendCommit<M extends Manifest>(
  store: ObjectStore, log: CommitLog,
  build: (seq: number, previous: M | undefined) => M | undefined | Promise<M | undefined>,
  options: AppendOptions = {},
): Promise<AppendOutcome<M>> {
  const view = await LogView.open<M>(store, log, options);
  let conflicts = 0;
  for (let lost = 0; lost < MAX_LOST; lost += 1) {
    const seq = (view.last?.seq ?? 0) + 1;
    const manifest = await build(seq, view.last?.manifest);
    if (manifest === undefined) return { outcome: 'nothing' };
    const same = await view.find(commitIdentity(manifest), options);
    if (same !== undefined) return { outcome: 'already-committed', ...same };
    const key = commitKey(log.prefix, seq);
    const written = await store.putJson({ bucket: log.bucket, key }, manifest, { ifNoneMatch: '*', signal: options.signal });
    const there = written === 'written' ? undefined : await store.getJson<M>({ bucket: log.bucket, key }, options);
    // A write whose answer was lost is repeated by the client, and then meets itself.
    if (written === 'written' || isDeepStrictEqual(there?.value, JSON.parse(JSON.stringify(manifest)))) {
      view.add({ seq, key, manifest });
      await view.saveIndex();
      return { outcome: 'committed', seq, key, manifest };
    }
    if (there === undefined) {
      conflicts += 1;
      if (conflicts > MAX_CONFLICTS) break;
      await (options.sleep ?? delay)(Math.random() * 50 * conflicts);
    }
    await view.refresh(options);
  }
  throw transientError('LOG_BUSY', `no free number was won in s3://${log.bucket}/${log.prefix}; try again`, { ...log });
}
