import type { CuratedPart } from '../run/manifest';

/** Bytes of Parquet that are worth a task of their own beyond the first ones: minutes of copying, next to half a minute of start. */
const TASK_BYTES = 64 * 1024 * 1024;

/**
 * Packs the parts of a commit into lists, one for each task, of about the same bytes and in the order of the manifest.
 *
 * As many lists as connections, so that all are used, and more where a list would be too long to do again after a
 * failure. A commit without parts gives one empty list.
 */
export function packParts(parts: readonly CuratedPart[], connections: number): CuratedPart[][] {
  const total = parts.reduce((sum, { bytes }) => sum + bytes, 0);
  const lists = Math.min(Math.max(parts.length, 1), Math.max(connections, Math.ceil(total / TASK_BYTES)));
  const packed: CuratedPart[][] = [[]];
  let before = 0;
  for (const [index, part] of parts.entries()) {
    const last = packed.at(-1) as CuratedPart[];
    const missing = lists - packed.length;
    // The next list begins where its share does, and in time for each of the lists after it to get a part.
    if (last.length > 0 && missing > 0 && (before >= (total / lists) * packed.length || parts.length - index <= missing)) packed.push([part]);
    else last.push(part);
    before += part.bytes;
  }
  return packed;
}
