import { existsSync, readdirSync } from 'node:fs';
import * as path from 'node:path';
import { queryAthena, type AthenaResult, type AthenaStorage } from '../engines/athena';
import { GlueCatalog, type GlueSeeds } from '../services/glue-catalog';
import type { StateFolder } from '../stack/state-folder';

/** Databases and tables of the last run's templates; partitions are beside it. */
export const CATALOG_FILE = 'catalog/definitions.json';

/** One read-only query over the curated data of a state folder, as Athena would answer it. */
export async function queryCurated(state: StateFolder, sql: string, signal?: AbortSignal): Promise<AthenaResult> {
  const seeds = state.read<GlueSeeds>(CATALOG_FILE);
  const [first] = seeds?.databases ?? [];
  if (seeds === undefined || first === undefined) throw new Error(`${state.root} holds no catalog: no run had a Glue database`);
  return queryAthena({ sql, database: first.Name, catalog: new GlueCatalog(state.catalog, seeds), storage: plainFiles(state.s3), signal });
}

/** The buckets as folders. Keys that cannot be file names are not found: no stage writes any. */
function plainFiles(root: string): AthenaStorage {
  return {
    pathOf: (bucket, key) => {
      const file = path.join(root, bucket, key);
      return existsSync(file) ? file : undefined;
    },
    listKeys: async (bucket, prefix) => {
      const folder = path.join(root, bucket, prefix.slice(0, prefix.lastIndexOf('/') + 1));
      if (!existsSync(folder)) return [];
      return readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => path.relative(path.join(root, bucket), path.join(entry.parentPath, entry.name)))
        .filter((key) => key.startsWith(prefix));
    },
  };
}
