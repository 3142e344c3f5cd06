import type { aws_glue as glue } from 'aws-cdk-lib';
import type { Problems } from './stage/fail';

/** The oldest major version whose Spark has what the jobs are written for: timestamps without a zone, and the row index of a file. */
const OLDEST_MAJOR = 5;

/** Refuses versions of Glue that cannot run the jobs; one that is newer than this package is taken as it is. */
export function checkGlueVersion(problems: Problems, version: glue.GlueVersion): void {
  const major = /^(\d+)\.\d+$/.exec(version)?.[1];
  if (major === undefined || Number(major) >= OLDEST_MAJOR) return;
  problems.add(`glueVersion must be 5.0 or newer, got ${version}, whose Spark is older than 3.5; leave it out for 5.1`);
}
