import type { History } from '../contract/contract';
import type { Count, RawManifest, RawPart, Timing } from '../run/manifest';
import type { LandedShard, PullResult, ShardResult } from './documents';
import { strongEtag } from './http/answer-head';
import { oneCursor } from './one-cursor';
import { rememberMemory, type TaskMemory } from './task-memory';

type Cursor = RawManifest['cursor'];

/** What the pulls of one dataset brought, put together. */
export class PulledBatch {
  /** In the order of the plan. */
  readonly landed: readonly LandedShard[];

  private readonly shards: readonly ShardResult[];

  constructor(private readonly results: readonly PullResult[]) {
    // Shards that were taken over come from results of their own; the order of one shard's parts stays.
    this.shards = results.flatMap(({ shards }) => shards).sort((one, other) => (one.shard ?? 0) - (other.shard ?? 0));
    this.landed = this.shards.filter((shard) => shard.outcome === 'landed');
  }

  /** How far the source was really read: up to the last shard that was there; as planned where none is missing. */
  reached(planned: Cursor): Cursor {
    if (this.shards.at(-1)?.outcome !== 'missing') return planned;
    const { from } = planned;
    const read = this.shards.filter((shard) => shard.outcome !== 'missing').at(-1)?.cursor;
    // A lag reads what lies before the cursor; that never takes it back.
    const to = read === undefined || (from !== undefined && from > read) ? from : read;
    return { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
  }

  /** How far the shards came, where only reading them told. Throws `CURSOR_DIFFERS`. */
  told(dataset: string): string | undefined {
    return this.results.reduce<string | undefined>((to, result) => oneCursor(dataset, to, result.cursorTo), undefined);
  }

  /** Shards that have not changed since an earlier commit. */
  get unchanged(): number {
    return this.shards.filter(({ outcome }) => outcome === 'unchanged').length;
  }

  /** Shards that earlier attempts of the run had pulled. */
  get takenOver(): number {
    return new Set(this.landed.filter(({ takenOver }) => takenOver !== undefined).map(({ shard }) => shard)).size;
  }

  get records(): Count {
    return sum(this.landed.map(({ part }) => part.records));
  }

  /** From the first start to the last end. */
  get timing(): Timing {
    const times = (member: keyof Timing): string[] => this.results.map(({ timing }) => timing[member]).sort();
    return { startedAt: times('startedAt')[0]!, endedAt: times('endedAt').at(-1)! };
  }

  /** Of the largest task. */
  get peakMemoryBytes(): number {
    return this.results.reduce((most, { peakMemoryBytes }) => Math.max(most, peakMemoryBytes), 0);
  }

  /** What plans of later runs go by: how fast a task was, and how large it had to be. */
  learned(ladder: readonly number[], before: TaskMemory | undefined): { bytesPerSecond?: number; memory?: TaskMemory } {
    // A task that kept what an earlier try had landed tells nothing of the source's pace.
    const read = this.results.filter(({ shards }) => shards.every((shard) => shard.outcome === 'landed' && shard.tries > 0));
    const seconds = read.reduce((total, { timing }) => total + (Date.parse(timing.endedAt) - Date.parse(timing.startedAt)) / 1_000, 0);
    const bytes = read.flatMap(({ shards }) => shards).reduce((total, shard) => total + (shard.outcome === 'landed' ? shard.part.bytes : 0), 0);
    const memory = rememberMemory(ladder, before, this.results);
    return {
      ...(bytes === 0 ? {} : { bytesPerSecond: Math.round(bytes / Math.max(0.001, seconds)) }),
      ...(memory === undefined ? {} : { memory }),
    };
  }

  /**
   * Whether an earlier commit brought the very same; two runs that pulled at once may have.
   *
   * A snapshot is the same when its bytes are. In the other histories equal bytes may be new facts, so only a version
   * that the source itself tells counts.
   */
  sameAs(previous: RawManifest, history: History): boolean {
    if (previous.parts.length !== this.landed.length) return false;
    return this.landed.every(({ part }, index) => {
      const other = previous.parts[index] as RawPart;
      if (part.source.url !== other.source.url) return false;
      if (history === 'snapshot' && part.sha256 === other.sha256) return true;
      const etag = strongEtag(part.source.identity.etag);
      return etag !== undefined && etag === strongEtag(other.source.identity.etag);
    });
  }
}

/** `unknown` where any term is. */
export function sum(counts: readonly Count[]): Count {
  return counts.reduce((total, count) => (total === 'unknown' || count === 'unknown' ? 'unknown' : total + count), 0);
}
