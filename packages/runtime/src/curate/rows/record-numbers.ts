/** Records of a segment that follow each other in the part as well. Others stand between two runs: they did not frame, or are of no account. */
export interface NumberedRun {
  /** 0-based number in the segment of the run's first record. */
  readonly record: number;
  /** 0-based number in the part of the same record. */
  readonly place: number;
}

/** A segment whose rows are numbered ends after as many runs: the expression below is as long as there are runs. */
export const MOST_NUMBERED_RUNS = 1_000;

/** The 0-based number in the part of the record that has this one in the segment. */
export function placeOf(runs: readonly NumberedRun[], record: number): number {
  let [low, high] = [0, runs.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (runs[middle]!.record <= record) low = middle;
    else high = middle - 1;
  }
  return runs[low]!.place + record - runs[low]!.record;
}

/** SQL that gives the number of a record in its part, from 1, from that in its segment, from 1: a tree of comparisons. */
export function recordNumber(runs: readonly NumberedRun[], rowNumber: string): string {
  if (runs.length <= 1) return `${rowNumber} + ${runs.length === 0 ? 0 : runs[0]!.place - runs[0]!.record}`;
  const middle = runs.length >> 1;
  const [before, after] = [runs.slice(0, middle), runs.slice(middle)].map((half) => recordNumber(half, rowNumber));
  return `CASE WHEN ${rowNumber} <= ${runs[middle]!.record} THEN ${before} ELSE ${after} END`;
}
