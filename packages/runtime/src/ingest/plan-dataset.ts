import { derivedColumns, holdsAscii, isLines, type Dataset } from '../contract';
import type { Report } from '../report/report';
import { LogView, type CommitLog } from '../run/commit-log';
import { partName } from '../run/ids';
import { commitLogPrefix, rawPartKey } from '../run/keys';
import { ingestIdentity, type RawManifest } from '../run/manifest';
import type { ObjectStore } from '../stores/object-store';
import type { ReadSecret } from '../stores/read-secret';
import type { EarlierShard, PlannedDataset, PlannedShard, PullItem, PullResult } from './documents';
import type { EarlierAttempt } from './earlier-attempts';
import type { TaskSize } from './estimate';
import { widthWithin } from './fargate-quota';
import { fingerprint } from './fingerprint';
import { commitKindOf, type IngestInput } from './ingest-input';
import { readKnownShards, type KnownShards } from './known-shards';
import { replayedRun } from './replayed-run';
import type { CountRule } from './record-counter';
import type { IngestSettings } from './settings';
import type { Shard, SourceKind, SourceSettings } from './source/source-kind';
import { sourceKind } from './source/source-kinds';
import { takeOver } from './take-over';
import { startRung } from './task-memory';
import { ASSUMED_PACE, workLists, type Pace, type WorkList } from './work-lists';

export interface DatasetCall {
  readonly settings: IngestSettings;
  readonly input: IngestInput;
  /** Of the same run, newest first. */
  readonly attempts: readonly EarlierAttempt[];
  readonly store: ObjectStore;
  readonly report: Report;
  readonly signal: AbortSignal;
  readonly secret: ReadSecret;
  /** vCPU of Fargate that the account may run; undefined where nobody knows. */
  readonly vcpus?: number;
  readonly now: Date;
}

export interface DatasetPlan {
  /** Without the place of its pulls, which is known when all datasets are planned. */
  readonly dataset: Omit<PlannedDataset, 'pulls'>;
  readonly items: ReadonlyArray<{ readonly item: PullItem; readonly list: WorkList }>;
  /** Results of earlier attempts that stand for shards without a task. */
  readonly taken: readonly PullResult[];
  readonly basis: Pace['basis'];
  /** Where its tasks begin on the ladder of sizes, and that size. */
  readonly rung: number;
  readonly size: TaskSize;
  /** What the map must know of an item. */
  readonly forMap: (list: WorkList) => object;
}

/** Decides what is read of one dataset, and packs it into the work of tasks. */
export async function planDataset(call: DatasetCall, dataset: Dataset): Promise<DatasetPlan> {
  const { settings, input, attempts, store, report, signal, secret, vcpus, now } = call;
  const source = settings.sources[dataset.name] as SourceSettings;
  const kind = sourceKind(source.kind);
  const log: CommitLog = { bucket: settings.rawBucket, prefix: commitLogPrefix('raw', settings.pipeline, dataset.name) };
  const view = await LogView.open<RawManifest>(store, log, { signal });
  const done = await view.find(ingestIdentity(commitKindOf(input.operation), input.slot), { signal });
  const common = { columns: derivedColumns(dataset), history: dataset.history, source, url: kind.url(source) };
  if (done !== undefined) {
    report.say('INGEST_I1002', { dataset: dataset.name, runId: input.slot, seq: done.seq });
    return { dataset: { ...common, cursor: {}, committed: { seq: done.seq, manifestKey: done.key } }, items: [], taken: [], basis: 'measured', rung: 0, size: settings.tasks.ladder[0]!, forMap: () => ({}) };
  }
  const replays = (await replayedRun(view, dataset.name, input, { signal }))?.manifest;
  const last = replays === undefined ? view.last?.manifest : beforeRun(replays);
  // A replay of a back-fill is one more back-fill to the source.
  const range = input.range ?? replays?.range;
  const asked: IngestInput = range === undefined ? input : { ...input, operation: 'backfill', range };
  // Whoever reads on purpose what was read before gets bytes, and no answer that nothing changed.
  const committed = commitKindOf(input.operation) === 'ingest' ? await committedShards(call, kind, log, dataset, last) : new Map<string, never>();
  const before = attempts.find(({ plan }) => plan.datasets[dataset.name] !== undefined)?.plan.datasets[dataset.name]?.cursor;
  const planned = await kind.plan({
    source, dataset, input: asked, last, known: committed, report, signal, secret, now, ...(replays === undefined ? {} : { replays }),
    ...(before === undefined ? {} : { planned: before }),
  });
  const { cursor = {}, tasks } = planned;
  const shards = planned.shards.filter((shard) => !isBehind(shard, replays) && belongsTo(replays, shard, kind));
  const known = shardsToAskFor(dataset, committed, shards, last);
  const count = countRule(dataset, source);
  const wanted = { kind: commitKindOf(input.operation), range, run: input.run, ...(kind.remembers ? {} : { cursor }) };
  const described = { dataset: dataset.name, source, kind, count, asked: wanted };
  const work = shards.map((shard) => ({ ...shard, fingerprint: fingerprint(described, shard) }));
  const after = view.last?.seq;
  const { taken, left, earlier } = await takeOver(
    { bucket: settings.rawBucket, dataset: dataset.name, kind, tasks, shards: work, known: committed, after }, attempts, store, { signal },
  );
  if (attempts.length > 0) report.say('INGEST_I1004', { dataset: dataset.name, runId: input.slot, taken: shards.length - left.length, left: left.length });
  const pace = paceOf(last);
  const ladder = source.ladder ?? settings.tasks.ladder;
  const rung = startRung(ladder.map(({ memoryMiB }) => memoryMiB), last?.memory);
  const { concurrency } = left.length === 0 ? settings.tasks : widthWithin(vcpus, settings.tasks.concurrency, [ladder[rung]!]);
  const lists = workLists(left.map((number) => sized(work[number]!, earlier.get(number))), { pace, concurrency, maxLists: tasks === 'one' ? 1 : source.maxConcurrency, apart: tasks === 'each' });
  return {
    dataset: {
      ...common, cursor, ...(after === undefined ? {} : { after }), ...(last?.memory === undefined ? {} : { memory: last.memory }),
      ...(range === undefined ? {} : { range }), ...(replays === undefined ? {} : { supersedes: [replays.runId] }),
    },
    items: lists.map((list) => ({
      list,
      item: {
        dataset: dataset.name, source, count,
        shards: list.shards.map(({ part: at }) => plannedShard(settings, input, dataset, work[left[at]!]!, left[at]!, known, earlier)),
      },
    })),
    taken,
    basis: left.length === 0 ? 'measured' : pace.basis,
    rung, size: ladder[rung]!,
    // The machine hands a container its shard; other tasks read theirs themselves.
    forMap: (list) => ({ rung, dataset: dataset.name, ...(tasks === 'each' ? { shard: list.shards[0]!.shard.read } : {}) }),
  };
}

/** The commit that a source would have gone on from when the run was first made. */
function beforeRun(run: RawManifest): RawManifest {
  const { from } = run.cursor;
  return { ...run, cursor: from === undefined ? {} : { to: from } };
}

/** Whether a shard lies behind what the replayed run had read. */
function isBehind({ cursor }: Shard, replays: RawManifest | undefined): boolean {
  const to = replays?.range === undefined ? replays?.cursor.to : undefined;
  return cursor !== undefined && to !== undefined && cursor > to;
}

/** Files of a replay are those of its run; of sources that do not know their shards again, all that the plan gives. */
function belongsTo(replays: RawManifest | undefined, { url }: Shard, { remembers }: SourceKind): boolean {
  return replays === undefined || !remembers || replays.parts.some((part) => part.source.url === url);
}

/** A snapshot is told from the last commit alone; in the other histories each file is, from all. */
async function committedShards(
  { store, signal }: DatasetCall, kind: SourceKind, log: CommitLog, dataset: Dataset, last: RawManifest | undefined,
): Promise<KnownShards> {
  if (!kind.remembers || last === undefined) return new Map();
  if (dataset.history !== 'snapshot') return readKnownShards(store, log, { signal });
  return new Map(last.parts.map(({ source: { url, identity } }) => [url, { since: last.seq, identity }]));
}

/**
 * What the sources may be asked with, so that they can answer that nothing changed.
 *
 * A snapshot is whole in one commit, so only its one file may be left out, when the last commit holds just that file. In
 * the other histories each file stands for itself.
 */
function shardsToAskFor(dataset: Dataset, committed: KnownShards, shards: readonly Shard[], last: RawManifest | undefined): KnownShards {
  const whole = dataset.history !== 'snapshot' || (shards.length === 1 && last?.parts.length === 1);
  return whole ? committed : new Map();
}

function paceOf(last: RawManifest | undefined): Pace {
  if (last?.bytesPerSecond === undefined) return ASSUMED_PACE;
  const bytes = last.parts.reduce((sum, part) => sum + part.bytes, 0);
  return { bytesPerSecond: Math.max(1, last.bytesPerSecond), shardBytes: bytes / Math.max(1, last.parts.length), basis: 'measured' };
}

/** What an earlier attempt landed is most often kept, and then costs a question. */
function sized(shard: Shard, earlier: EarlierShard | undefined): Shard {
  return earlier?.landed === undefined ? shard : { ...shard, bytes: 0 };
}

function plannedShard(
  settings: IngestSettings, input: IngestInput, dataset: Dataset, shard: Shard & { readonly fingerprint: string }, part: number, known: KnownShards,
  earlier: ReadonlyMap<number, EarlierShard>,
): PlannedShard {
  const before = known.get(shard.url);
  const landed = earlier.get(part);
  return {
    ...shard, part, ...(landed === undefined ? {} : { earlier: landed }),
    ...(before === undefined ? {} : { validators: before.identity, since: before.since }),
    raw: {
      bucket: settings.rawBucket,
      key: rawPartKey({
        pipeline: settings.pipeline, dataset: dataset.name, runId: input.slot, attempt: input.attempt, part: partName(part, shard.fileName),
      }),
    },
  };
}

function countRule(dataset: Dataset, source: SourceSettings): CountRule {
  const { format, header, multiline, quote, encoding } = dataset.record;
  return {
    ...(multiline && holdsAscii(encoding) ? { unit: 'quoted' as const, quote: quote.charCodeAt(0) } : { unit: isLines(dataset.record) ? 'lines' : 'unknown' }),
    headerLines: format === 'csv' && header !== 'none' ? 1 : 0,
    // Opening archives costs most of a core, so it is done only for a guard that needs the count.
    openGzip: source.minRows > 0,
  };
}
