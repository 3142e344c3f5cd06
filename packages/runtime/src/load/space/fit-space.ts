import { inTurn, type PendingUnit } from '../pace/fit-window';
import { spaceOf, type SpaceNeed } from './space-need';

/** A commit that waits to be loaded, and what it needs on the database's disk. */
export interface SpaceUnit {
  readonly unit: PendingUnit;
  readonly need: SpaceNeed;
}

export interface SpaceFit {
  readonly take: readonly SpaceUnit[];
  /** Fits by itself, but not beside those that are taken. */
  readonly later: readonly SpaceUnit[];
  /** Does not fit, however little else is loaded. What comes after it in its dataset is in `later`. */
  readonly refused: readonly SpaceUnit[];
}

/**
 * Takes as many commits as the free bytes can hold, oldest first and from all datasets in turn.
 *
 * Order holds within a dataset: what comes after a commit that waits, waits too.
 */
export function fitSpace(units: readonly SpaceUnit[], freeBytes: number): SpaceFit {
  const take: SpaceUnit[] = [];
  const refused: SpaceUnit[] = [];
  const closed = new Set<string>();
  const byUnit = new Map(units.map((one) => [one.unit, one]));
  for (const unit of inTurn(units.map((one) => one.unit))) {
    const one = byUnit.get(unit)!;
    if (closed.has(unit.dataset)) continue;
    if (spaceOf([...take, one].map(({ need }) => need)) <= freeBytes) take.push(one);
    else {
      closed.add(unit.dataset);
      if (spaceOf([one.need]) > freeBytes) refused.push(one);
    }
  }
  return { take, refused, later: units.filter((one) => !take.includes(one) && !refused.includes(one)) };
}
