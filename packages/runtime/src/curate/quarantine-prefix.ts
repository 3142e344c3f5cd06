import { pipelinePrefix } from '../run/keys';

/** Where the rejected records of a unit lie, ending with a slash. */
export function quarantinePrefix(pipeline: string, unit: { readonly dataset: string; readonly unitId: string }): string {
  return `${pipelinePrefix(pipeline)}quarantine/${unit.dataset}/${unit.unitId}/`;
}
