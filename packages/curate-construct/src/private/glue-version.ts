import type { Problems } from './stage/fail';

export interface GlueVersionNeed {
  /** Whose version it is, for messages; none where a stage has one job of the kind only. */
  readonly of?: string;
  /** `<major>.<minor>` */
  readonly oldest: string;
  /** What older ones lack. */
  readonly lacks: string;
}

/** Spark 3.5 has what shaping is written for: timestamps without a zone, and the row index of a file. */
export const SHAPING: GlueVersionNeed = { oldest: '5.0', lacks: 'whose Spark is older than 3.5' };

/** Upkeep is written for Iceberg 1.10: 1.7 of Glue 5.0 refuses the limit of files that are rewritten. */
export const TABLES: GlueVersionNeed = { of: 'icebergTables', oldest: '5.1', lacks: 'whose Iceberg is older than 1.10' };

/** Refuses versions of Glue that cannot run a job; one that is newer than this package is taken as it is. */
export function checkGlueVersion(problems: Problems, version: string, { of, oldest, lacks }: GlueVersionNeed): void {
  const [, major, minor] = /^(\d+)\.(\d+)$/.exec(version) ?? [];
  const [leastMajor, leastMinor] = oldest.split('.').map(Number) as [number, number];
  if (major === undefined || Number(major) > leastMajor || (Number(major) === leastMajor && Number(minor) >= leastMinor)) return;
  problems.add(`glueVersion${of === undefined ? '' : ` of ${of}`} must be ${oldest} or newer, got ${version}, ${lacks}; leave it out for 5.1`);
}
