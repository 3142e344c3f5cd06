import { readLog, type CommitLog } from '../run/commit-log';
import { SCHEMA_VERSION, type RawManifest, type SourceIdentity } from '../run/manifest';
import type { Abortable, ObjectStore } from '../stores/object-store';

/** What the log knows of one shard: the version that was committed last, and in which commit. */
export interface KnownShard {
  readonly since: number;
  readonly identity: SourceIdentity;
}

export type KnownShards = ReadonlyMap<string, KnownShard>;

interface KnownDocument {
  readonly schemaVersion: number;
  readonly upTo: number;
  readonly shards: Readonly<Record<string, KnownShard>>;
}

/** Entries that may lie behind the document before it is written again. */
const LAG = 64;

/** `<log prefix>sources.json`: a cache of a prefix of the log, like the log's index; never the truth. */
export function knownShardsKey(logPrefix: string): string {
  return `${logPrefix}sources.json`;
}

/** The last committed version of every shard, by URL. */
export async function readKnownShards(store: ObjectStore, log: CommitLog, options: Abortable = {}): Promise<KnownShards> {
  return (await readFrom(await readDocument(store, log, options), store, log, options)).shards;
}

/**
 * Writes the cache anew when it has fallen behind; a failure costs the next reader time, and nothing else.
 *
 * @param seq the newest commit; without a lag no entry of the log is read
 */
export async function saveKnownShards(store: ObjectStore, log: CommitLog, seq: number, options: Abortable = {}): Promise<void> {
  if (seq < LAG) return;
  try {
    const document = await readDocument(store, log, options);
    if (seq - (document?.upTo ?? 0) < LAG) return;
    const { upTo, shards } = await readFrom(document, store, log, options);
    const fresh: KnownDocument = { schemaVersion: SCHEMA_VERSION, upTo, shards: Object.fromEntries(shards) };
    await store.putJson({ bucket: log.bucket, key: knownShardsKey(log.prefix) }, fresh, options);
  } catch {
    options.signal?.throwIfAborted();
  }
}

async function readDocument(store: ObjectStore, log: CommitLog, options: Abortable): Promise<KnownDocument | undefined> {
  const text = await store.getText({ bucket: log.bucket, key: knownShardsKey(log.prefix) }, options);
  return text === undefined ? undefined : parse(text.value);
}

/** The cache, and the entries that it does not cover. */
async function readFrom(
  document: KnownDocument | undefined, store: ObjectStore, log: CommitLog, options: Abortable,
): Promise<{ upTo: number; shards: Map<string, KnownShard> }> {
  let upTo = document?.upTo ?? 0;
  const shards = new Map(Object.entries(document?.shards ?? {}));
  for (const { seq, manifest } of await readLog<RawManifest>(store, log, upTo, options)) {
    for (const { source } of manifest.parts) shards.set(source.url, { since: seq, identity: source.identity });
    upTo = seq;
  }
  return { upTo, shards };
}

/** Undefined for anything that this code did not write: other versions included. */
function parse(text: string): KnownDocument | undefined {
  try {
    const document = JSON.parse(text) as Partial<KnownDocument> | null;
    const known = document?.schemaVersion === SCHEMA_VERSION && Number.isSafeInteger(document.upTo) && typeof document.shards === 'object' && document.shards !== null;
    return known ? (document as KnownDocument) : undefined;
  } catch {
    return undefined;
  }
}
