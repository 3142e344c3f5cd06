import type { Column } from '../contract';
import { referencedColumns } from './expression';

type Computed = Pick<Column, 'name' | 'computed'>;

/**
 * Computed columns in the order in which they can be computed: each level reads columns of the source and of levels before it.
 *
 * `cycle` names the columns that need each other, in which case they are on no level.
 */
export function computedLevels<C extends Computed>(columns: readonly C[]): { readonly levels: C[][]; readonly cycle: readonly string[] } {
  let open = columns.filter(({ computed }) => computed !== undefined);
  const levels: C[][] = [];
  while (open.length > 0) {
    const waiting = new Set(open.map(({ name }) => name));
    const level = open.filter(({ computed }) => !referencedColumns(computed!).some((name) => waiting.has(name)));
    if (level.length === 0) return { levels, cycle: open.filter(({ name }) => reaches(name, name, open)).map(({ name }) => name) };
    levels.push(level);
    open = open.filter((column) => !level.includes(column));
  }
  return { levels, cycle: [] };
}

function reaches(from: string, to: string, open: readonly Computed[]): boolean {
  const seen = new Set<string>();
  const next = [from];
  for (let name = next.pop(); name !== undefined; name = next.pop()) {
    const computed = open.find((column) => column.name === name)?.computed;
    for (const read of computed === undefined ? [] : referencedColumns(computed)) {
      if (read === to) return true;
      if (!seen.has(read)) next.push(read);
      seen.add(read);
    }
  }
  return false;
}
