import { inParallel } from '../run/in-parallel';
import type { SourceIdentity } from '../run/manifest';
import type { Abortable, ObjectStore } from '../stores/object-store';
import type { EarlierShard, LandedShard, PullResult } from './documents';
import type { EarlierAttempt } from './earlier-attempts';
import type { KnownShards } from './known-shards';
import { sameTold, tellsVersion } from './source/same-version';
import type { Shard, SourceKind, SourcePlan } from './source/source-kind';

export interface TakeOverCall {
  readonly bucket: string;
  readonly dataset: string;
  readonly kind: SourceKind;
  readonly tasks: SourcePlan['tasks'];
  readonly shards: ReadonlyArray<Shard & { readonly fingerprint: string }>;
  /** Versions that the log has. */
  readonly known: KnownShards;
  /** The newest commit of the dataset. */
  readonly after: number | undefined;
}

/** What becomes of the shards of a dataset that earlier attempts of the run were at. */
export interface TakeOver {
  /** Results of earlier attempts, with those shards only that need no task any more. */
  readonly taken: readonly PullResult[];
  /** Numbers of the shards that do, in order. */
  readonly left: readonly number[];
  /** What their tasks find of earlier attempts, by number. */
  readonly earlier: ReadonlyMap<number, EarlierShard>;
}

/** A shard that an earlier attempt pulled whole. */
interface Pulled {
  readonly attempt: EarlierAttempt;
  readonly result: PullResult;
  /** One; or all of a series. */
  readonly parts: readonly LandedShard[];
  /** Whether it may be taken on trust, where the source tells no version. */
  readonly trusted: boolean;
}

const HEAD_CONCURRENCY = 16;

/**
 * Decides which shards an earlier attempt pulled for good (ADR 0032).
 *
 * A version that the listing told decides here; one that only the source can tell is asked for by the task. Where a source tells none, the
 * same work of the same run is the same shard, unless the dataset has got a commit since, or an attempt came as far as its commit and was
 * refused there.
 */
export async function takeOver(call: TakeOverCall, attempts: readonly EarlierAttempt[], store: ObjectStore, options: Abortable): Promise<TakeOver> {
  const { shards, kind, known } = call;
  const pulled = pulledBefore(call, attempts);
  const chosen = new Map<number, Pulled>();
  const earlier = new Map<number, EarlierShard>();
  shards.forEach((shard, number) => {
    const found = pulled.get(shard.fingerprint);
    const told = found?.parts[0]?.part.source.identity;
    if (found === undefined || told === undefined) {
      if (kind.remembers && attempts.length > 0) earlier.set(number, { attempts: attempts.map(({ attempt }) => attempt) });
      return;
    }
    if (!kind.remembers) return void (found.trusted && chosen.set(number, found));
    const decided = decide(shard, told, known, found.trusted);
    if (decided === 'take') chosen.set(number, found);
    if (decided === 'ask') earlier.set(number, { landed: ofAttempt(found.parts[0]!, found.attempt) });
  });
  await dropMissing(call.bucket, chosen, store, options);
  dropBroken(shards, chosen);
  if (wholeOnly(call, chosen) && chosen.size < shards.length) chosen.clear();
  return { taken: resultsOf(chosen), left: shards.map((_, number) => number).filter((number) => !chosen.has(number)), earlier };
}

function decide(shard: Shard, landed: SourceIdentity, known: KnownShards, trusted: boolean): 'take' | 'ask' | 'pull' {
  // Another run has committed that version meanwhile: the source is asked as always, and answers that nothing changed.
  if (sameTold(landed, known.get(shard.url)?.identity)) return 'pull';
  if (shard.identity !== undefined && tellsVersion(shard.identity)) return sameTold(shard.identity, landed) ? 'take' : 'pull';
  if (tellsVersion(landed)) return 'ask';
  return trusted ? 'take' : 'pull';
}

/** By fingerprint; of several attempts the newest counts. */
function pulledBefore({ dataset, after }: TakeOverCall, attempts: readonly EarlierAttempt[]): Map<string, Pulled> {
  const pulled = new Map<string, Pulled>();
  let refused = false;
  for (const attempt of attempts) {
    refused ||= attempt.whole;
    const planned = attempt.plan.datasets[dataset];
    if (planned === undefined) continue;
    const trusted = !refused && planned.after === after;
    for (const result of attempt.results[dataset] ?? []) {
      for (const parts of byShard(result)) {
        const print = parts[0]?.fingerprint;
        if (print !== undefined && !pulled.has(print)) pulled.set(print, { attempt, result, parts, trusted });
      }
    }
  }
  return pulled;
}

/** The parts of each shard that landed whole; a result stands for all parts of its shards. */
function byShard({ shards }: PullResult): LandedShard[][] {
  const groups = new Map<number, LandedShard[]>();
  for (const shard of shards) {
    if (shard.outcome !== 'landed' || shard.shard === undefined) continue;
    groups.set(shard.shard, [...groups.get(shard.shard) ?? [], shard]);
  }
  return [...groups.values()];
}

/** A shard whose object is not there as it was told is none that was pulled. */
async function dropMissing(bucket: string, chosen: Map<number, Pulled>, store: ObjectStore, options: Abortable): Promise<void> {
  const parts = [...chosen].flatMap(([number, pulled]) => pulled.parts.map(({ part }) => ({ number, part })));
  await inParallel(parts, HEAD_CONCURRENCY, async ({ number, part }) => {
    if ((await store.head({ bucket, key: part.key }, options))?.bytes !== part.bytes) chosen.delete(number);
  });
}

/** Shards that belong together are of one moment, which only one task of one attempt has seen. */
function dropBroken(shards: TakeOverCall['shards'], chosen: Map<number, Pulled>): void {
  const groups = new Map<string, number[]>();
  shards.forEach(({ together }, number) => {
    if (together !== undefined) groups.set(together, [...groups.get(together) ?? [], number]);
  });
  for (const numbers of groups.values()) {
    const results = new Set(numbers.map((number) => chosen.get(number)?.result));
    if (results.size > 1) numbers.forEach((number) => chosen.delete(number));
  }
}

/** Shards of one moment, and shards that told a cursor for the whole batch, belong together. */
function wholeOnly({ kind, tasks }: TakeOverCall, chosen: ReadonlyMap<number, Pulled>): boolean {
  return !kind.remembers && (tasks === 'one' || [...chosen.values()].some(({ result }) => result.cursorTo !== undefined));
}

/** What was taken over before keeps the attempt that pulled it. No try of this attempt read it, so its time tells nothing of the source's pace. */
function ofAttempt(part: LandedShard, { attempt }: EarlierAttempt): LandedShard {
  return { ...part, takenOver: part.takenOver ?? attempt, tries: 0 };
}

/** The results that the chosen shards come from, without the others, in the numbers of the new plan. */
function resultsOf(chosen: ReadonlyMap<number, Pulled>): PullResult[] {
  const shards = new Map<PullResult, LandedShard[]>();
  for (const [number, { attempt, result, parts }] of chosen) {
    const renumbered = parts.map((part) => ({ ...ofAttempt(part, attempt), shard: number }));
    shards.set(result, [...shards.get(result) ?? [], ...renumbered]);
  }
  return [...shards].map(([result, parts]) => ({ ...result, shards: parts }));
}
