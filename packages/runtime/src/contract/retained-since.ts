import type { Retention } from './contract';

/** Batches that are older than this are past their retention. Months and years are the calendar's, in UTC; a day that a month lacks is its last. */
export function retainedSince({ amount, unit }: Retention, now: Date): Date {
  if (unit === 'days') return new Date(now.getTime() - amount * 86_400_000);
  const since = new Date(now);
  since.setUTCDate(1);
  since.setUTCMonth(since.getUTCMonth() - amount * (unit === 'years' ? 12 : 1));
  const lastDay = new Date(Date.UTC(since.getUTCFullYear(), since.getUTCMonth() + 1, 0)).getUTCDate();
  since.setUTCDate(Math.min(now.getUTCDate(), lastDay));
  return since;
}
