import { PipelineError } from '../errors/pipeline-error';
import type { PlannedShard, ShardResult } from './documents';
import type { SourceHead } from './source/shard-reader';

/**
 * Holds shards that a database promised to read of one moment to that promise. A moment ends with its connection, and parts that
 * are there are write-once: whoever comes back after a lost connection, or after a task that was killed, would mix two.
 */
export class OneSnapshot {
  private readonly landed = new Map<string, string | undefined>();

  constructor(private readonly dataset: string) {}

  /** @throws PipelineError `SOURCE_SNAPSHOT` before anything of the shard is written */
  require({ together, url }: PlannedShard, told: SourceHead['export']): void {
    if (together === undefined || told?.consistency === 'none' || !this.landed.has(together)) return;
    const before = this.landed.get(together);
    if (before !== undefined && before === told?.snapshot) return;
    throw new PipelineError(
      'SOURCE_SNAPSHOT', `${this.dataset}: ${url} would be of another moment than the shards before it, because the connection or the task that had read them was lost; `
        + 'with sharedSnapshot all shards are of one moment. Nothing of the batch is visible. Start the next attempt, which reads every shard anew; where that happens often, read fewer shards, or set sharedSnapshot: false',
      { facts: { dataset: this.dataset, url, before: before ?? 'unknown', now: told?.snapshot ?? 'unknown' } },
    );
  }

  /** Also of a shard that was found landed. */
  keep(shard: PlannedShard, result: ShardResult): void {
    if (shard.together === undefined || result.outcome !== 'landed') return;
    const told = result.part.source.export;
    this.require(shard, told);
    this.landed.set(shard.together, told?.snapshot);
  }
}
