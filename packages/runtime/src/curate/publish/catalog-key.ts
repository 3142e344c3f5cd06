import { encodePartitionValue, pipelinePrefix } from '../../run/keys';

/** The name of the one object in a catalog folder. */
const SYMLINK_FILE = 'symlink.txt';

/** `<pipeline>/catalog/<dataset>/<unitId>/[<column>=<value>/…]`: the location of one catalog partition. */
export function catalogFolder(at: {
  pipeline: string; dataset: string; unitId: string; partition: ReadonlyArray<readonly [column: string, value: string | null]>,
}): string {
  const folders = at.partition.map(([column, value]) => `${column}=${encodePartitionValue(value)}/`).join('');
  return `${pipelinePrefix(at.pipeline)}catalog/${at.dataset}/${at.unitId}/${folders}`;
}

/** The list of committed files that a catalog partition points to. */
export function symlinkKey(folder: string): string {
  return `${folder}${SYMLINK_FILE}`;
}
