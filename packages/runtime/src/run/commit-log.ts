import { isDeepStrictEqual } from 'node:util';
import { setTimeout as delay } from 'node:timers/promises';
import { transientError, userError } from '../errors/pipeline-error';
import type { Abortable, ObjectStore } from '../stores/object-store';
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
  /** What makes two commits the same work. @default commitIdentity */
  readonly identity?: (manifest: Manifest) => string;
}

/** Entries that are read at once; they are small, and a log of a year of hourly runs is read in seconds. */
const READ_CONCURRENCY = 32;

/** Numbers that may be lost in a row before the log is called too busy. A loser always sees the winner's entry first. */
const MAX_LOST = 1_000;

/** Tries of one number that answer a conflict although no entry appears: S3 says so while two writes overlap. */
const MAX_CONFLICTS = 20;

/** Reads the entries after `afterSeq`, in order. Throws `LOG_GAP` when a number is missing: nobody may skip a commit. */
export async function readLog<M extends Manifest>(store: ObjectStore, log: CommitLog, afterSeq = 0, options: Abortable = {}): Promise<LogEntry<M>[]> {
  const seqs = await listSeqs(store, log, afterSeq, options);
  seqs.forEach((seq, index) => {
    if (seq !== afterSeq + index + 1) {
      throw userError('LOG_GAP', `commit ${afterSeq + index + 1} is missing in s3://${log.bucket}/${log.prefix}; restore the object from its earlier version before any run goes on`, { ...log, missing: afterSeq + index + 1 });
    }
  });
  const entries: LogEntry<M>[] = [];
  for (let at = 0; at < seqs.length; at += READ_CONCURRENCY) {
    entries.push(...await Promise.all(seqs.slice(at, at + READ_CONCURRENCY).map((seq) => readEntry<M>(store, log, seq, options))));
  }
  return entries;
}

/** The newest entry; undefined when the log is empty. */
export async function lastCommit<M extends Manifest>(store: ObjectStore, log: CommitLog, options: Abortable = {}): Promise<LogEntry<M> | undefined> {
  const seqs = await listSeqs(store, log, 0, options);
  const seq = seqs.at(-1);
  return seq === undefined ? undefined : readEntry<M>(store, log, seq, options);
}

async function listSeqs(store: ObjectStore, log: CommitLog, afterSeq: number, options: Abortable): Promise<number[]> {
  const seqs: number[] = [];
  const startAfter = afterSeq === 0 ? undefined : commitKey(log.prefix, afterSeq);
  for await (const { key } of store.listKeys(log.bucket, log.prefix, { ...options, startAfter })) {
    const seq = seqOfCommitKey(log.prefix, key);
    if (seq !== undefined) seqs.push(seq);
  }
  return seqs;
}

async function readEntry<M extends Manifest>(store: ObjectStore, log: CommitLog, seq: number, options: Abortable): Promise<LogEntry<M>> {
  const key = commitKey(log.prefix, seq);
  const found = await store.getJson<M>({ bucket: log.bucket, key }, options);
  if (found === undefined) throw userError('LOG_GAP', `commit s3://${log.bucket}/${key} was listed and is gone; restore the object`, { ...log, seq });
  requireSchemaVersion(found.value, `commit s3://${log.bucket}/${key}`);
  return { seq, key, manifest: found.value };
}

/**
 * Appends one commit under the next free number.
 *
 * Whoever loses the race for a number reads what the others wrote and asks `build` again, so it can revalidate its
 * cursor against `previous`. Work that is in the log already is not committed a second time.
 */
export async function appendCommit<M extends Manifest>(
  store: ObjectStore, log: CommitLog,
  build: (seq: number, previous: M | undefined) => M | undefined | Promise<M | undefined>,
  options: AppendOptions = {},
): Promise<AppendOutcome<M>> {
  const identity = options.identity ?? commitIdentity;
  const known = new Map<string, LogEntry<M>>();
  let last: LogEntry<M> | undefined;
  let conflicts = 0;
  for (let lost = 0; lost < MAX_LOST; lost += 1) {
    for (const entry of await readLog<M>(store, log, last?.seq ?? 0, options)) {
      known.set(identity(entry.manifest), entry);
      last = entry;
    }
    const seq = (last?.seq ?? 0) + 1;
    const manifest = await build(seq, last?.manifest);
    if (manifest === undefined) return { outcome: 'nothing' };
    const same = known.get(identity(manifest));
    if (same !== undefined) return { outcome: 'already-committed', seq: same.seq, key: same.key, manifest: same.manifest };
    const key = commitKey(log.prefix, seq);
    if (await store.putJson({ bucket: log.bucket, key }, manifest, { ifNoneMatch: '*', signal: options.signal }) === 'written') {
      return { outcome: 'committed', seq, key, manifest };
    }
    const there = await store.getJson<M>({ bucket: log.bucket, key }, options);
    // A write whose answer was lost is repeated by the client, and then meets itself.
    if (there !== undefined && isDeepStrictEqual(there.value, JSON.parse(JSON.stringify(manifest)))) {
      return { outcome: 'committed', seq, key, manifest };
    }
    if (there === undefined) {
      conflicts += 1;
      if (conflicts > MAX_CONFLICTS) break;
      await delay(Math.random() * 50 * conflicts, undefined, { signal: options.signal });
    }
  }
  throw transientError('LOG_BUSY', `no free number was won in s3://${log.bucket}/${log.prefix}; try again`, { ...log });
}
