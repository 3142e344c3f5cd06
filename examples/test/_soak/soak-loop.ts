/** How a loop runs, as the command line says. */
export interface LoopOptions {
  /** Seeds of the loops that draw. */
  readonly seeds: number;
  /** This seed only. */
  readonly seed?: number;
  /** This step only, of a loop that goes by steps. */
  readonly step?: number;
  /** Gigabytes of the larger run of a loop that goes by size. Default: the loop's own. */
  readonly gigabytes?: number;
  /** Whether there is time for one more case. */
  readonly hasTime: () => boolean;
  readonly say: (line: string) => void;
}

/** What a loop found, for the report. */
export interface LoopResult {
  readonly cases: number;
  /** What was covered, in words and counts. */
  readonly covered: string;
  /** Whether all was tried that there is to try; otherwise time ran out, or only one case was asked for. */
  readonly complete: boolean;
  /** A small table for the report, its first row the heads. */
  readonly table?: ReadonlyArray<readonly string[]>;
}

/** A failed case, and the options that replay it. */
export class SoakFailure extends Error {
  /** @param cases that were run, the failed one included, where they are counted */
  constructor(message: string, readonly replay: string, readonly cases = 0) {
    super(message);
  }
}

export interface SoakLoop {
  readonly name: string;
  readonly what: string;
  run(options: LoopOptions): Promise<LoopResult>;
}
