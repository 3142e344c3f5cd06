/** Rows of a statement that reads Parquet, whatever their size: what most writers put into a row group. */
const MOST_ROWS = 1_048_576;
/** The engine reads and writes so many rows at once. */
const VECTOR_ROWS = 2_048;
/** Held of rows that are read or written at once. */
const VECTOR_BYTES = 128 * 1024 * 1024;

/** A row group as the footer tells it. */
export interface RowGroup {
  readonly rows: number;
  /** Unpacked. */
  readonly bytes: number;
}

/** Rows of a file that follow each other. */
export interface RowStretch {
  /** 0-based. */
  readonly first: number;
  readonly rows: number;
  /** Of one row group that is too large for a segment: how many rows its pieces have, into which it is to be copied. */
  readonly pieces?: number;
}

/**
 * Divides a file into stretches of about the size of a segment.
 *
 * A row group is unpacked from its beginning for each statement that reads of it, so none belongs to two stretches. Only of one whose rows have more
 * than 64 KiB on average, so that not even the least piece of it could be held, several stretches are made.
 */
export function rowStretches(groups: readonly RowGroup[], segmentBytes: number): RowStretch[] {
  const stretches: RowStretch[] = [];
  let [first, rows, bytes] = [0, 0, 0];
  const end = (): void => {
    if (rows > 0) stretches.push({ first, rows });
    [first, rows, bytes] = [first + rows, 0, 0];
  };
  for (const group of groups) {
    if (rows + group.rows > MOST_ROWS || bytes + group.bytes > segmentBytes) end();
    if (group.rows > MOST_ROWS || group.bytes > 2 * segmentBytes) {
      for (const stretch of divided(first, group, segmentBytes)) stretches.push(stretch);
      first += group.rows;
    } else {
      rows += group.rows;
      bytes += group.bytes;
    }
  }
  end();
  return stretches;
}

function divided(first: number, { rows, bytes }: RowGroup, segmentBytes: number): RowStretch[] {
  const fitting = Math.min(MOST_ROWS, Math.max(1, Math.floor(segmentBytes / (bytes / rows))));
  if (bytes / rows <= VECTOR_BYTES / VECTOR_ROWS) return [{ first, rows, pieces: Math.ceil(fitting / VECTOR_ROWS) * VECTOR_ROWS }];
  const starts = Array.from({ length: Math.ceil(rows / fitting) }, (_, index) => index * fitting);
  return starts.map((start) => ({ first: first + start, rows: Math.min(fitting, rows - start) }));
}
