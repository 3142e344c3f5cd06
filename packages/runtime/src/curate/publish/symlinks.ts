import type { Dataset } from '../../contract';
import type { CuratedPart } from '../../run/manifest';
import type { ObjectStore } from '../../stores/object-store';
import type { CatalogPartition } from './catalog-partitions';
import { catalogFolder, symlinkKey } from './catalog-key';

/** A catalog partition with the files that it lists. */
export interface ListedPartition extends CatalogPartition {
  readonly folder: string;
  readonly files: readonly string[];
}

/** Requests in flight while lists are written. */
const WRITES = 16;

/** Groups the files of a unit by their column-partition values: one catalog partition each, in the order of first sight. */
export function catalogPartitions(dataset: Dataset, unitId: string, parts: readonly CuratedPart[], at: {
  readonly pipeline: string; readonly curatedBucket: string,
}): ListedPartition[] {
  const groups = new Map<string, { folder: string; values: (string | null)[]; files: string[] }>();
  for (const part of parts) {
    const partition = dataset.partitionColumns.map((column) => [column, part.partition[column] ?? null] as const);
    const folder = catalogFolder({ pipeline: at.pipeline, dataset: dataset.name, unitId, partition });
    const group = groups.get(folder) ?? { folder, values: partition.map(([, value]) => value), files: [] };
    group.files.push(`s3://${at.curatedBucket}/${part.key}`);
    groups.set(folder, group);
  }
  return [...groups.values()].map(({ folder, values, files }) => ({ folder, values, files, unitId, location: `s3://${at.curatedBucket}/${folder}` }));
}

/**
 * Writes the list of files of each catalog partition (ADR 0010).
 *
 * Query engines read exactly the files in the list, so an object that no commit names cannot be seen whatever prefix
 * it lies below. A list is written again with the same text when Publish is repeated.
 */
export async function writeSymlinks(store: ObjectStore, bucket: string, partitions: readonly ListedPartition[], signal?: AbortSignal): Promise<void> {
  for (let at = 0; at < partitions.length; at += WRITES) {
    await Promise.all(partitions.slice(at, at + WRITES).map(({ folder, files }) => store.putText({ bucket, key: symlinkKey(folder) }, `${files.join('\n')}\n`, { signal })));
  }
}
