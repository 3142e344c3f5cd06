import { isDeepStrictEqual } from 'node:util';
import { derivedColumns, masksOf, retainedSince, type Contract, type Dataset } from '../../contract';
import { userError } from '../../errors/pipeline-error';
import { readEntries, type LogEntry } from '../../run/commit-log';
import { compactionId } from '../../run/ids';
import type { CuratedManifest, CuratedPart } from '../../run/manifest';
import type { Abortable, ObjectStore } from '../../stores/object-store';
import { batchAges, firstPublished, heldByCompactions } from '../batch-ages';
import { curatedLog, publishTarget } from '../curated-log';
import type { CurateInput } from '../curate-input';
import type { CompactItem } from '../documents';
import { PublishedState } from '../publish/published-object';
import type { CurateSettings } from '../settings';
import { chosenDatasets } from './rerun-commits';

/** What one task takes, so that its files fit on the disk of the smallest one twice. */
const MOST_BYTES = 4 * 1024 ** 3;
const MOST_COMMITS = 1_000;

/** Batches of one group differ in age by no more than this part of their retention: they are removed together, when the youngest is past it. */
const SPAN_OF_RETENTION = 0.1;

/** A compaction must at least halve the files of its commits: it reads and writes their rows. */
const LEAST_GAIN = 2;

/**
 * The groups of commits that a compaction joins, in commit order: those of an `append` dataset, because there the current state is the
 * rows of all commits, whichever holds them.
 *
 * Throws `COMPACT` for a dataset with another history that the input names; without names such datasets are passed over.
 */
export async function compactionGroups(
  store: ObjectStore, settings: CurateSettings, contract: Contract, input: CurateInput, attempt: string, options: Abortable = {},
): Promise<Omit<CompactItem, 'index'>[]> {
  const names = chosenDatasets(contract, input);
  const chosen = contract.datasets.filter(({ name }) => names.includes(name));
  const refused = chosen.filter(({ history }) => history !== 'append');
  if (refused.length > 0 && (input.only !== undefined || refused.length === chosen.length)) throw notAppend(refused[0]!);
  const groups = await Promise.all(chosen.filter(({ history }) => history === 'append').map((dataset) => groupsOf(store, settings, dataset, attempt, options)));
  return groups.flat();
}

function notAppend({ name, history }: Dataset): Error {
  const why = history === 'snapshot'
    ? 'only its newest batch is current, and that one has files of the wanted size already'
    : 'which row of a key is current follows from the batch that it came with, and joined files would forget it';
  return userError('COMPACT', `${name} has history ${history}: ${why}; compact datasets with history append only, by naming them with only`, { dataset: name, history });
}

async function groupsOf(
  store: ObjectStore, settings: CurateSettings, dataset: Dataset, attempt: string, options: Abortable,
): Promise<Omit<CompactItem, 'index'>[]> {
  const { lines } = await PublishedState.open(store, publishTarget(settings, dataset.name), options.signal);
  const current = lines.filter(({ state, rows }) => state === 'current' && rows > 0).map(({ seq }) => seq);
  const entries = await readEntries<CuratedManifest>(store, curatedLog(settings, dataset.name), current, options);
  const columns: unknown = JSON.parse(JSON.stringify(derivedColumns(dataset)));
  const masks = masksOf(dataset);
  const partitions = [...dataset.partitionColumns].sort();
  const groups: LogEntry<CuratedManifest>[][] = [];
  let bytes = 0;
  let oldest = Infinity;
  let youngest = -Infinity;
  const first = firstPublished(lines);
  const held = heldByCompactions(lines);
  const byUnit = new Map(lines.map((line) => [line.attempt_id, line]));
  const now = new Date();
  const span = dataset.retention === undefined ? Infinity : (now.getTime() - retainedSince(dataset.retention, now).getTime()) * SPAN_OF_RETENTION;
  for (const entry of entries) {
    // Files of two versions of a contract are not joined: their columns, masks or partitions differ.
    const { manifest } = entry;
    if (!isDeepStrictEqual(manifest.columns, columns) || !isDeepStrictEqual(manifest.masks ?? {}, masks)) continue;
    if (manifest.parts.some(({ partition }) => !isDeepStrictEqual(Object.keys(partition).sort(), partitions))) continue;
    const size = manifest.parts.reduce((sum, part) => sum + part.bytes, 0);
    const ages = batchAges(byUnit.get(manifest.attemptId)!, held, first);
    const isWide = Math.max(youngest, ages.youngest) - Math.min(oldest, ages.oldest) > span;
    if (groups.length === 0 || bytes + size > MOST_BYTES || groups.at(-1)!.length >= MOST_COMMITS || isWide) {
      groups.push([]);
      bytes = 0;
      oldest = Infinity;
      youngest = -Infinity;
    }
    oldest = Math.min(oldest, ages.oldest);
    youngest = Math.max(youngest, ages.youngest);
    groups.at(-1)!.push(entry);
    bytes += size;
  }
  const partsOf = (group: readonly LogEntry<CuratedManifest>[]) => group.flatMap(({ manifest }) => manifest.parts);
  return groups.filter((group) => group.length > 1 && isWorthIt(partsOf(group), settings.targetFileBytes)).map((group) => {
    const newest = group.reduce((last, { manifest }) => (manifest.ingestSeq > last.ingestSeq ? manifest : last), group[0]!.manifest);
    return {
      dataset: dataset.name, unitId: compactionId(attempt, newest.ingestSeq), commits: group.map(({ seq }) => seq),
      ingestSeq: newest.ingestSeq, ingestManifestKey: newest.ingestManifestKey,
    };
  });
}

function isWorthIt(parts: readonly CuratedPart[], targetFileBytes: number): boolean {
  const wanted = (group: readonly CuratedPart[]) => Math.ceil(group.reduce((bytes, part) => bytes + part.bytes, 0) / targetFileBytes);
  const files = byPartition(parts).reduce((sum, group) => sum + wanted(group), 0);
  return files * LEAST_GAIN <= parts.length;
}

/** Files by the column partition that they belong to, in the order of first sight. */
export function byPartition(parts: readonly CuratedPart[]): CuratedPart[][] {
  const groups = new Map<string, CuratedPart[]>();
  for (const part of parts) {
    const key = JSON.stringify(Object.entries(part.partition).sort(([a], [b]) => (a < b ? -1 : 1)));
    const group = groups.get(key) ?? [];
    group.push(part);
    groups.set(key, group);
  }
  return [...groups.values()];
}
