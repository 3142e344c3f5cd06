/** What a run does while a run of another slot of the same stage is still running. */
export enum IngestOverlap {
  /** It waits, and takes its turn in the order of slots. Its waiting counts as part of its execution. */
  QUEUE = 'queue',

  /** It ends at once, succeeds, and has done nothing. The next run brings what it would have brought, if the source still has it. */
  SKIP = 'skip',

  /** It fails at once, and a notice says so. */
  FAIL = 'fail',
}
