import type { ObjectRef } from '../stores/object-store';
import type { LandedShard, PlannedShard, PullItem } from './documents';
import { adopt, SHARD_METADATA, type LandDeps } from './land-shard';
import { sameTold, tellsVersion } from './source/same-version';
import type { ShardReader } from './source/shard-reader';
import type { ShardToRead } from './source/source-kind';
import { sourceFromMetadata } from './source/source-metadata';

/** What an earlier attempt has of a shard, and how it is taken over. */
interface Found {
  readonly identity: LandedShard['part']['source']['identity'];
  readonly take: () => Promise<LandedShard>;
}

/**
 * Takes over what an earlier attempt of the run landed, if the source still has the same version; undefined where the shard must be pulled.
 *
 * A version that the plan knows is compared. Otherwise the source is asked for the shard unless it is still that version; its answer
 * that nothing changed costs one request.
 */
export async function earlierShard(
  item: PullItem, shard: PlannedShard, open: (shard: ShardToRead) => ShardReader, deps: LandDeps,
): Promise<LandedShard | undefined> {
  const found = await find(item, shard, deps);
  if (found === undefined || !tellsVersion(found.identity)) return undefined;
  // What the log has is not landed again, and the source says so when it is asked as always.
  if (sameTold(found.identity, shard.validators)) return undefined;
  const current = shard.identity !== undefined && tellsVersion(shard.identity)
    ? sameTold(shard.identity, found.identity)
    : await isCurrent(open({ ...shard, validators: found.identity }));
  if (!current) return undefined;
  const taken = await found.take();
  deps.report.say('INGEST_I1107', { dataset: item.dataset, key: taken.part.key, attempt: taken.takenOver });
  return taken;
}

async function find(item: PullItem, shard: PlannedShard, deps: LandDeps): Promise<Found | undefined> {
  const { landed, attempts = [] } = shard.earlier ?? {};
  if (landed !== undefined) {
    const head = await deps.store.head({ ...shard.raw, key: landed.part.key }, { signal: deps.signal });
    if (head?.bytes !== landed.part.bytes) return undefined;
    return { identity: landed.part.source.identity, take: async () => landed };
  }
  for (const attempt of attempts) {
    const raw = rawOf(shard, attempt);
    const head = await deps.store.head(raw, { signal: deps.signal });
    const identity = head?.metadata[SHARD_METADATA] === shard.fingerprint ? sourceFromMetadata(head.metadata)?.identity : undefined;
    if (identity === undefined) continue;
    return { identity, take: async () => ({ ...await adopt(item, { ...shard, raw }, head, deps), takenOver: attempt }) };
  }
  return undefined;
}

/** `…/a<attempt>/<part>`: where an earlier attempt wrote the same part. */
function rawOf({ raw: { bucket, key } }: PlannedShard, attempt: number): ObjectRef {
  return { bucket, key: key.replace(/\/a\d+(?=\/[^/]+$)/, `/a${attempt}`) };
}

async function isCurrent(reader: ShardReader): Promise<boolean> {
  try {
    const opened = await reader.open();
    // A body that nobody reads would keep its connection; begun and left, it lets go of it.
    if (opened.outcome === 'open') {
      const body = opened.body[Symbol.asyncIterator]();
      await body.next();
      await body.return?.();
    }
    return opened.outcome === 'unchanged';
  } finally {
    await reader.close();
  }
}
