import { catalogPrefix, dataFolder, quarantineFolder, takenOutFolder } from '../../run/keys';
import { isUnitId } from '../../run/ids';
import type { Abortable, ListedObject, ObjectStore } from '../../stores/object-store';
import type { CurateSettings } from '../settings';

/** The folders that hold one folder for each unit of a dataset, each ending with a slash. */
export interface UnitFolders {
  readonly data: string;
  readonly quarantine: string;
  readonly catalog: string;
  /** Of marks that say when a unit left the catalog. */
  readonly takenOut: string;
}

export function unitFolders({ pipeline }: Pick<CurateSettings, 'pipeline'>, dataset: string): UnitFolders {
  return {
    data: dataFolder(pipeline, dataset), quarantine: quarantineFolder(pipeline, dataset), catalog: catalogPrefix(pipeline, dataset),
    takenOut: takenOutFolder(pipeline, dataset),
  };
}

/** The units that have an object anywhere, in order. Folders of other names are somebody else's. */
export async function storedUnits(store: ObjectStore, bucket: string, folders: UnitFolders, options: Abortable = {}): Promise<string[]> {
  const units = new Set<string>();
  for (const folder of Object.values(folders) as string[]) {
    for await (const name of store.listFolders(bucket, folder, options)) if (isUnitId(name)) units.add(name);
  }
  return [...units].sort();
}

/** When the newest object of a unit was written; 0 where there is none. */
export async function lastWritten(
  store: ObjectStore, bucket: string, folders: UnitFolders, unitId: string, options: Abortable = {},
): Promise<number> {
  const objects = await Promise.all((Object.values(folders) as string[]).map((folder) => objectsOf(store, bucket, folder, unitId, options)));
  return objects.flat().reduce((newest, { modified }) => Math.max(newest, modified.getTime()), 0);
}

/** The objects of a unit below one of the folders. */
export async function objectsOf(
  store: ObjectStore, bucket: string, folder: string, unitId: string, options: Abortable = {},
): Promise<ListedObject[]> {
  const objects: ListedObject[] = [];
  for await (const object of store.listKeys(bucket, `${folder}${unitId}/`, options)) objects.push(object);
  return objects;
}
