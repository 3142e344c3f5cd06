import { dmsTablePath } from '../../contract/dms/table-definition';
import type { Abortable, ObjectStore } from '../../stores/object-store';
import type { DmsSettings } from './dms-settings';

/** Key of one file for DMS. Files are named as DMS itself names those of a full load; others it passes over in silence. */
export function handOffKey({ handOff }: Pick<DmsSettings, 'handOff'>, source: string, file: number): string {
  return `${handOff.prefix}${dmsTablePath(source)}LOAD${String(file + 1).padStart(8, '0')}.csv`;
}

/**
 * Removes every file of the source endpoint, of whatever load: DMS reads all that lies in a table's folder.
 *
 * @returns how many there were
 */
export async function emptyHandOff(store: ObjectStore, { handOff }: Pick<DmsSettings, 'handOff'>, options: Abortable = {}): Promise<number> {
  const keys: string[] = [];
  for await (const { key } of store.listKeys(handOff.bucket, handOff.prefix, options)) keys.push(key);
  await store.removeAll(handOff.bucket, keys, options);
  return keys.length;
}
