import { attemptId } from '../run/ids';
import { SCHEMA_VERSION } from '../run/manifest';
import { findResults, planRef, workFolder, type WorkFolder } from '../run/work';
import type { Abortable, ObjectStore } from '../stores/object-store';
import type { IngestPlan, PullResult, ShardResult, TakenOver } from './documents';
import { commitKindOf, type IngestInput } from './ingest-input';
import type { IngestSettings } from './settings';

/** What an earlier attempt of a run left in its work folder. */
export interface EarlierAttempt {
  readonly attempt: number;
  readonly plan: IngestPlan;
  /** By dataset, also what the attempt itself took over; only shards that landed, and that no newer attempt has. */
  readonly results: Readonly<Record<string, readonly PullResult[]>>;
  /** Whether every task left a result: then it was the commit that failed, and what was pulled may be the reason. */
  readonly whole: boolean;
}

/** What attempts before these had is in them, since each takes over what it finds. */
const MOST_ATTEMPTS = 5;

/**
 * The attempts of the run before this one, newest first. An attempt that is still at work is one of them: what it has finished stands, and what it
 * writes later goes to keys of its own.
 *
 * Nothing is taken from documents of a version that this code does not know; their shards are pulled again.
 */
export async function earlierAttempts(
  store: ObjectStore, settings: IngestSettings, input: IngestInput, options: Abortable,
): Promise<EarlierAttempt[]> {
  const found: EarlierAttempt[] = [];
  // Five attempts at a hundred thousand shards are five times the memory of one, if each keeps what the others have too.
  const seen = new Set<string>();
  for (let attempt = input.attempt - 1; attempt >= Math.max(1, input.attempt - MOST_ATTEMPTS); attempt -= 1) {
    const folder = workFolder(settings.rawBucket, settings.workPrefix, attemptId(input.slot, attempt));
    const plan = (await store.getJson<IngestPlan>(planRef(folder), options))?.value;
    if (plan === undefined) continue;
    if (plan.schemaVersion !== SCHEMA_VERSION || plan.kind !== commitKindOf(input.operation)) {
      // Nobody knows how far that attempt came, so what older ones have is not taken on trust.
      found.push({ attempt, plan: { ...plan, datasets: {} }, results: {}, whole: true });
      continue;
    }
    const { results, whole } = await resultsOf(store, folder, plan, options);
    const unseen = Object.entries(results).map(([name, each]) => [name, each.map((result) => withoutSeen(result, seen))] as const);
    found.push({ attempt, plan, results: Object.fromEntries(unseen), whole });
    for (const { shards } of unseen.flatMap(([, each]) => each)) shards.forEach((shard) => seen.add(fingerprintOf(shard) ?? ''));
  }
  return found;
}

function withoutSeen(result: PullResult, seen: ReadonlySet<string>): PullResult {
  const isNew = (print: string | undefined): boolean => print !== undefined && !seen.has(print);
  return { ...result, shards: result.shards.filter((shard) => isNew(fingerprintOf(shard))) };
}

function fingerprintOf(shard: ShardResult): string | undefined {
  return shard.outcome === 'landed' ? shard.fingerprint : undefined;
}

async function resultsOf(
  store: ObjectStore, folder: WorkFolder, plan: IngestPlan, options: Abortable,
): Promise<Pick<EarlierAttempt, 'results' | 'whole'>> {
  const taken = plan.takenOver === undefined ? undefined : (await store.getJson<TakenOver>(plan.takenOver, options))?.value;
  const pulled = await findResults<PullResult>(store, folder, 'pull', plan.items.count, options);
  const results = Object.entries(plan.datasets).map(([name, { pulls: { first, count } }]) => [name, [
    ...(taken?.schemaVersion === SCHEMA_VERSION ? taken.datasets[name] ?? [] : []),
    ...pulled.slice(first, first + count).filter((result) => result !== undefined).filter((result) => result.schemaVersion === SCHEMA_VERSION),
  ]] as const);
  return { results: Object.fromEntries(results), whole: !pulled.includes(undefined) };
}
