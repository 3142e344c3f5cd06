import { tooManyDeletes } from '../refusals';
import { DEFAULT_DELETE_LIMIT, type DeleteLimit } from '../write-mode-settings';
import type { WriteContext } from './write-context';

/** What of a write mode's context the limit goes by. */
export type LimitedWrite = Pick<WriteContext<unknown>, 'dataset' | 'target' | 'seq' | 'maxDeletes' | 'allowDeletes'>;

/**
 * Throws `TARGET_DELETES` where a commit would take away more rows than the write mode allows, unless an operator allowed it for this commit.
 *
 * @param countUpTo rows of the target, counted no further than this: a table of any size is found large enough after a few times `removing` rows
 */
export async function requireWithinLimit(write: LimitedWrite, removing: number, countUpTo: (most: number) => Promise<number>): Promise<void> {
  const { maxDeletes = DEFAULT_DELETE_LIMIT, allowDeletes = false } = write;
  if (removing === 0 || allowDeletes) return;
  const { rows, percent } = maxDeletes;
  if (rows !== undefined && removing > rows) throw tooManyDeletes(write, removing, `the ${rows} rows of maxDeleteRows`);
  if (percent === undefined) return;
  const enough = rowsNeeded(removing, percent);
  const present = await countUpTo(enough);
  if (present < enough) throw tooManyDeletes(write, removing, `the ${percent} per cent of maxDeletePercent, since the table has ${present} rows`);
}

/** The smallest table of which `removing` rows are no more than `percent`. */
export function rowsNeeded(removing: number, percent: NonNullable<DeleteLimit['percent']>): number {
  return Math.ceil((removing * 100) / percent);
}
