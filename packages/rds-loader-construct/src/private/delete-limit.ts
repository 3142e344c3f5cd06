import type { DeleteLimitProps } from '../load-deletes';
import type { Problems } from './stage/fail';

/** What the run time is told of a limit; nothing where none is given, since it has the same default. */
export function limitSettings({ maxDeletePercent: percent, maxDeleteRows: rows }: DeleteLimitProps): Record<string, unknown> {
  if (percent === undefined && rows === undefined) return {};
  return { maxDeletes: { ...(percent === undefined ? {} : { percent }), ...(rows === undefined ? {} : { rows }) } };
}

/** Adds what is wrong with a limit. */
export function checkLimit(problems: Problems, { maxDeletePercent: percent, maxDeleteRows: rows }: DeleteLimitProps): void {
  if (percent !== undefined && !(percent > 0 && percent <= 100)) problems.add(`maxDeletePercent must be more than 0 and at most 100, got ${percent}; leave it out for 20`);
  if (rows !== undefined && !(Number.isSafeInteger(rows) && rows >= 0)) problems.add(`maxDeleteRows must be a whole number from 0, got ${rows}; leave it out for no limit in rows`);
}
