import { dmsSourceTable } from '../../contract/dms/table-definition';
import type { LoadPlan, LoadUnit } from '../load-plan';

/** A commit in a replication task: one source table, one staging table. */
export interface RoundTable {
  /** Index in `plan.units`. */
  readonly unit: number;
  /** Of the external table definition. */
  readonly source: string;
}

/**
 * Which commits each replication task of a load carries, in the order of the plan.
 *
 * A task loads no two source tables into one, and a dataset has no more source tables than lanes: commits beyond wait for the next task.
 */
export function roundsOf(plan: Pick<LoadPlan, 'units'>, lanes: number): RoundTable[][] {
  const rounds: RoundTable[][] = [];
  const seen = new Map<string, number>();
  for (const [unit, { dataset, parts }] of plan.units.entries()) {
    if (parts === 0) continue;
    const count = seen.get(dataset) ?? 0;
    seen.set(dataset, count + 1);
    (rounds[Math.floor(count / lanes)] ??= []).push({ unit, source: dmsSourceTable(dataset, (count % lanes) + 1) });
  }
  return rounds;
}

/** What the column `_load_id` holds: the epoch too, so that rows of an older attempt's task are told from those of this one. */
export function loadTag({ loadId, epoch }: Pick<LoadUnit, 'loadId' | 'epoch'>): string {
  return `${loadId}.${epoch}`;
}
