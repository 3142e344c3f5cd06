import type { Abortable, ObjectStore } from '../stores/object-store';
import { SCHEMA_VERSION } from './manifest';

/**
 * What the first `upTo` entries of a log are about, so that a log of years is not read again for every run.
 *
 * It is a cache of a prefix that never changes: any index that was ever right still is, a stale one only covers less,
 * and without one everything is read. It is never the truth.
 */
export interface CommitIndex {
  readonly upTo: number;
  /** Commit identity to number. */
  readonly seqOf: ReadonlyMap<string, number>;
}

const EMPTY: CommitIndex = { upTo: 0, seqOf: new Map() };

interface IndexDocument {
  readonly schemaVersion: number;
  readonly upTo: number;
  readonly seqs: Readonly<Record<string, number>>;
}

/** `<log prefix>index.json`; readers of the log pass over it, because its name is no number. */
export function commitIndexKey(logPrefix: string): string {
  return `${logPrefix}index.json`;
}

export async function readCommitIndex(store: ObjectStore, log: { bucket: string; prefix: string }, options: Abortable = {}): Promise<CommitIndex> {
  const found = await store.getText({ bucket: log.bucket, key: commitIndexKey(log.prefix) }, options);
  const document = found === undefined ? undefined : parse(found.value);
  if (document === undefined) return EMPTY;
  const seqOf = new Map(Object.entries(document.seqs));
  // One identity a number: an index that lacks some would let work be committed twice.
  return new Set(seqOf.values()).size === document.upTo ? { upTo: document.upTo, seqOf } : EMPTY;
}

/** Best effort: a failure costs the next reader time, and nothing else. */
export async function writeCommitIndex(
  store: ObjectStore, log: { bucket: string; prefix: string }, index: CommitIndex, options: Abortable = {},
): Promise<void> {
  const document: IndexDocument = { schemaVersion: SCHEMA_VERSION, upTo: index.upTo, seqs: Object.fromEntries(index.seqOf) };
  await store.putJson({ bucket: log.bucket, key: commitIndexKey(log.prefix) }, document, options).catch(() => undefined);
}

/** Undefined for anything that this code did not write: other versions included. */
function parse(text: string): IndexDocument | undefined {
  try {
    const document = JSON.parse(text) as Partial<IndexDocument> | null;
    const known = document?.schemaVersion === SCHEMA_VERSION && Number.isSafeInteger(document.upTo) && typeof document.seqs === 'object' && document.seqs !== null;
    return known ? (document as IndexDocument) : undefined;
  } catch {
    return undefined;
  }
}
