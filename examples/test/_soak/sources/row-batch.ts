/** Rows of one batch; their instants are a minute apart, so that a lag of five minutes reaches some of the batch before. */
const ROWS = 12;
/** The first rows of a batch are this long, and their shard goes up in parts. */
const LONG_ROWS = 4;
const LONG_CHARACTERS = 2_400_000;

export interface SoakRow { readonly id: number; readonly note: string; readonly changedAt: Date }

export function rowBatch(batch: number): SoakRow[] {
  return Array.from({ length: ROWS }, (_, i) => ({
    id: batch * 100 + i,
    note: i < LONG_ROWS ? String(batch % 10).repeat(LONG_CHARACTERS) : `n${batch}-${i}`,
    changedAt: new Date(Date.UTC(2026, 0, 1, batch, i)),
  }));
}

/** Values for an INSERT; the long notes are made by the server. */
export function insertValues(rows: readonly SoakRow[], instant: (at: Date) => string): string {
  const text = (note: string) => (note.length < LONG_CHARACTERS ? `'${note}'` : `repeat('${note[0]}', ${note.length})`);
  return rows.map(({ id, note, changedAt }) => `(${id}, ${text(note)}, ${instant(changedAt)})`).join(', ');
}

/** Lines of a part without its header. */
export function rowLines(part: Buffer): string[] {
  return part.toString('utf8').trimEnd().split('\n').slice(1);
}

/** `2026-01-01 02:03:00`, in UTC. */
export function sqlInstant(at: Date): string {
  return at.toISOString().slice(0, 19).replace('T', ' ');
}
