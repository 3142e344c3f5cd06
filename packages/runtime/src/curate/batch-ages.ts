import { isBatch, type PublishedLine } from '../contract';

/** When each batch was first published, in milliseconds, by the number of its raw commit: one that is curated again is no younger than it was. */
export function firstPublished(lines: readonly PublishedLine[]): ReadonlyMap<number, number> {
  const first = new Map<number, number>();
  for (const { ingest_seq: seq, committed_at: at } of lines.filter(isBatch)) first.set(seq, Math.min(first.get(seq) ?? Infinity, Date.parse(at)));
  return first;
}

/** The commits whose rows each compaction holds, by its unit id. */
export function heldByCompactions(lines: readonly PublishedLine[]): ReadonlyMap<string, readonly PublishedLine[]> {
  const held = new Map<string, PublishedLine[]>();
  for (const line of lines) {
    if (line.compacted_into === null) continue;
    const list = held.get(line.compacted_into);
    if (list === undefined) held.set(line.compacted_into, [line]);
    else list.push(line);
  }
  return held;
}

/** When the oldest and the youngest batch were first published whose rows a commit holds; a compaction holds those of its commits. */
export function batchAges(
  line: PublishedLine, held: ReadonlyMap<string, readonly PublishedLine[]>, first: ReadonlyMap<number, number>,
): { readonly oldest: number; readonly youngest: number } {
  let [oldest, youngest] = [Infinity, -Infinity];
  for (const { ingest_seq: seq } of line.kind === 'compaction' ? held.get(line.attempt_id) ?? [] : [line]) {
    oldest = Math.min(oldest, first.get(seq)!);
    youngest = Math.max(youngest, first.get(seq)!);
  }
  return { oldest, youngest };
}
