import { quarantineFolder } from '../run/keys';

/** Where the rejected records of a unit lie, ending with a slash. */
export function quarantinePrefix(pipeline: string, unit: { readonly dataset: string; readonly unitId: string }): string {
  return `${quarantineFolder(pipeline, unit.dataset)}${unit.unitId}/`;
}

/** Where the list of a unit's quarantine files lies: with them, so that whoever may read them may read it, and one retention ends both. */
export function quarantineListFolder(pipeline: string, unit: { readonly dataset: string; readonly unitId: string }): string {
  return `${quarantinePrefix(pipeline, unit)}list/`;
}
