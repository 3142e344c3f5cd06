import { isBatch, type PublishedLine } from '../contract';

/** When each batch was first published, in milliseconds, by the number of its raw commit: one that is curated again is no younger than it was. */
export function firstPublished(lines: readonly PublishedLine[]): ReadonlyMap<number, number> {
  const first = new Map<number, number>();
  for (const { ingest_seq: seq, committed_at: at } of lines.filter(isBatch)) first.set(seq, Math.min(first.get(seq) ?? Infinity, Date.parse(at)));
  return first;
}

/** When the oldest and the youngest batch were first published whose rows a commit holds; a compaction holds those of its commits. */
export function batchAges(
  line: PublishedLine, lines: readonly PublishedLine[], first: ReadonlyMap<number, number>,
): { readonly oldest: number; readonly youngest: number } {
  const held = line.kind === 'compaction' ? lines.filter(({ compacted_into: into }) => into === line.attempt_id) : [line];
  const times = held.map(({ ingest_seq: seq }) => first.get(seq)!);
  return { oldest: Math.min(...times), youngest: Math.max(...times) };
}
