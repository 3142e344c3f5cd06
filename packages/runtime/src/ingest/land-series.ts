import { partName } from '../run/ids';
import type { PlannedShard, PullItem, ShardResult } from './documents';
import { landShard, type LandDeps } from './land-shard';
import type { ShardSeries } from './source/shard-reader';

/**
 * Brings a series into Raw, part by part, in the order in which each part tells of the next (ADR 0014).
 *
 * Every part has a write-once key of its own. A try that follows a killed one takes the parts that it finds, learns from
 * their bytes and metadata where the series goes on, and reads the rest.
 */
export async function landSeries(item: PullItem, shard: PlannedShard, series: ShardSeries, deps: LandDeps): Promise<ShardResult[]> {
  const results: ShardResult[] = [];
  for (let part = series.next(); part !== undefined; part = series.next()) {
    deps.signal.throwIfAborted();
    const { url, fileName = shard.fileName, reader } = part;
    const one: PlannedShard = { ...shard, url, raw: { ...shard.raw, key: seriesPartKey(shard, results.length, fileName) } };
    results.push(await landShard(item, one, () => reader.call(part), deps, part));
  }
  const { unchangedSince } = series;
  if (unchangedSince !== undefined) {
    // What came stays in Raw, and belongs to no commit.
    deps.report.say('INGEST_I1104', { dataset: item.dataset, url: shard.url, seq: unchangedSince });
    return [{ outcome: 'unchanged', since: unchangedSince }];
  }
  deps.report.say('INGEST_I1106', { dataset: item.dataset, url: shard.url, parts: results.length });
  return results;
}

/** `…/00000-00002-orders.json`: the number of the shard, then that of the part in its series, from 0. */
function seriesPartKey(shard: PlannedShard, number: number, fileName: string): string {
  const folder = shard.raw.key.slice(0, shard.raw.key.lastIndexOf('/') + 1);
  return folder + partName(shard.part, partName(number, fileName));
}
