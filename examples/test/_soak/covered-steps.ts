/**
 * Which steps of a run were tried, in words.
 *
 * @param last steps of a run; undefined where nobody counted them
 * @param firsts the first step of each kind, where they are known
 */
export function coveredSteps(tried: readonly number[], last: number | undefined, firsts: readonly number[]): string {
  const steps = [...new Set(tried)].sort((a, b) => a - b);
  const count = `${steps.length} of ${last ?? 'an unknown number of'} steps`;
  if (steps.length === 0 || last === undefined || steps.length >= last) return count;
  const kinds = firsts.length === 0 ? '' : `, ${firsts.filter((step) => steps.includes(step)).length} of ${firsts.length} kinds`;
  return `${count}${kinds}: ${ranges(steps).join(' ')}`;
}

/** `1, 2, 3, 7` are `1-3` and `7`. */
function ranges(steps: readonly number[]): string[] {
  const found: Array<[from: number, to: number]> = [];
  for (const step of steps) {
    const current = found.at(-1);
    if (current?.[1] === step - 1) current[1] = step;
    else found.push([step, step]);
  }
  return found.map(([from, to]) => (from === to ? String(from) : `${from}-${to}`));
}
