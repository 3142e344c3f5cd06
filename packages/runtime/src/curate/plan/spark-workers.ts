import type { PartCompression, RawManifest } from '../../run/manifest';

/** What a stage says of the workers of its Spark job, where the plan chooses how many a batch gets. */
export interface SparkWorkers {
  /** The most that a run may have, the driver included. */
  readonly max: number;
  /** Of one worker. */
  readonly vcpus: number;
  /** How long the shaping of one batch should take. */
  readonly withinSeconds: number;
}

/** vCPU-seconds for each GB of plain records, with dedupe, column partitions and files of 128 MiB; measured, see bench/ENGINES.md. */
const VCPU_SECONDS_PER_GIGABYTE = 130;

/** Until a Glue session works; assumed, no account was at hand. */
const START_SECONDS = 60;

/** Records in plain text are about five times their size as gzip; formats that pack themselves have compression `none` and count as they lie. */
const UNPACKED: Readonly<Record<PartCompression, number>> = { none: 1, gzip: 5, zstd: 5, zip: 5 };

/** The driver does no shaping. */
const DRIVER = 1;
const LEAST = 2;

export interface ChosenWorkers {
  readonly workers: number;
  /** More than `workers` where the most that a run may have is too few. */
  readonly needed: number;
}

/**
 * The workers that a batch needs to be shaped in time: within what the stage wants, and within half of what is left until the deadline, since Rows
 * comes before and Publish after it.
 *
 * @param deadline ISO 8601; absent where the run has none
 */
export function sparkWorkers({ max, vcpus, withinSeconds }: SparkWorkers, parts: RawManifest['parts'], deadline: string | undefined, now: Date): ChosenWorkers {
  const gigabytes = parts.reduce((sum, { bytes, compression }) => sum + bytes * UNPACKED[compression], 0) / 1e9;
  const untilDeadline = deadline === undefined ? Infinity : (Date.parse(deadline) - now.getTime()) / 2_000;
  const seconds = Math.max(1, Math.min(withinSeconds, untilDeadline) - START_SECONDS);
  const needed = Math.max(LEAST, DRIVER + Math.ceil((gigabytes * VCPU_SECONDS_PER_GIGABYTE) / (vcpus * seconds)));
  return { workers: Math.min(max, needed), needed };
}
