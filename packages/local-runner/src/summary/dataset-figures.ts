/** Whole numbers, or `unknown` where nobody can tell; never a guess. */
export type Count = number | 'unknown';

/** One side of a count equation: named terms that are added up. */
export type Terms = Readonly<Record<string, Count>>;

export type StageName = 'ingest' | 'curate' | 'load';

/** One hop of one dataset: what went in, what came out, and whether that adds up. */
export interface Hop {
  readonly hop: string;
  readonly in: Terms;
  readonly out: Terms;
  readonly unit: 'records' | 'bytes';
  readonly balance: 'balanced' | 'unknown' | 'broken';
}

/** What one quality rule of the contract gave. */
export interface QualityVerdict {
  /** The rule's id in its dataset. */
  readonly rule: string;
  readonly metric: string;
  readonly column?: string;
  /** Decimal text; null where SQL gave no number. */
  readonly value: string | null;
  readonly unit: 'rows' | 'percent';
  /** Records that the metric counted; absent for SQL. */
  readonly records?: number;
  readonly operator: string;
  readonly limits: readonly string[];
  readonly passed: boolean;
  readonly severity: 'info' | 'warning' | 'error';
}

/** What one stage did with one dataset. */
export interface StageSummary {
  readonly outcome: string;
  readonly seq?: number;
  readonly manifestKey?: string;
  readonly counts: Readonly<Record<string, Count>>;
  /** Bytes that the stage wrote; absent where it wrote none of its own. */
  readonly bytes?: number;
  readonly parts?: number;
  readonly seconds?: number;
  /** Bytes read per second, in units of 1,000,000. */
  readonly megabytesPerSecond?: number;
  readonly peakMemoryBytes?: number;
  /** Rejected records by code. */
  readonly rejects?: Readonly<Record<string, number>>;
  /** What the quality rules gave for the last commit. */
  readonly quality?: readonly QualityVerdict[];
}

export interface DatasetSummary {
  readonly stages: Partial<Record<StageName, StageSummary>>;
  readonly hops: readonly Hop[];
}
