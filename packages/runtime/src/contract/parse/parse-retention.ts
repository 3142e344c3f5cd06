import type { Dataset, Retention } from '../contract';
import type { MapReader } from './map-reader';

/** The standard's words for units of time, those that a retention can be told in. */
const UNITS: Readonly<Record<string, Retention['unit']>> = {
  d: 'days', day: 'days', days: 'days', m: 'months', mo: 'months', month: 'months', months: 'months', y: 'years', yr: 'years', year: 'years', years: 'years',
};

const MOST = 10_000;

/**
 * Gives datasets the retention that `slaProperties` of the contract say: of one without an `element` all, otherwise the named one.
 *
 * All other service levels are promises that somebody else keeps. They are listed as ignored, and so is a retention of a column, because
 * batches are kept or removed whole.
 */
export function withRetention(root: MapReader, datasets: readonly Dataset[]): Dataset[] {
  const found = new Map<string, Retention>();
  for (const item of root.maps('slaProperties') ?? []) {
    const element = item.text('element');
    if (item.text('property') !== 'retention' || element?.includes('.') === true) {
      // Listed one by one, because users look for the single property here.
      item.noteIgnored(item.path);
      continue;
    }
    if (element !== undefined && datasets.every(({ name }) => name !== element)) {
      item.problem('element', {
        rule: 'unknown-dataset', value: JSON.stringify(element), message: 'no dataset has this name', fix: `use one of ${datasets.map(({ name }) => name).join(', ')}, or leave it out for all`,
      });
    }
    const retention = readRetention(item);
    if (retention === undefined) continue;
    for (const { name } of datasets) if (element === name || (element === undefined && !found.has(name))) found.set(name, retention);
  }
  return datasets.map((dataset) => (found.has(dataset.name) ? { ...dataset, retention: found.get(dataset.name)! } : dataset));
}

function readRetention(item: MapReader): Retention | undefined {
  if (!item.has('value')) item.problem(undefined, { rule: 'required-key', value: 'nothing', message: 'a retention needs a value', fix: 'write value: 400 and unit: d, say' });
  const amount = item.integer('value', { min: 1, max: MOST });
  const word = item.text('unit') ?? '';
  const unit = UNITS[word.toLowerCase()];
  item.ignore('id', 'valueExt', 'driver', 'description', 'scheduler', 'schedule', 'authoritativeDefinitions', 'tags', 'customProperties');
  item.finish();
  if (unit === undefined) {
    item.problem('unit', { rule: 'retention-unit', value: JSON.stringify(word), message: 'a retention is told in days, months or years', fix: 'write unit: d, or m or y' });
    return undefined;
  }
  return amount === undefined ? undefined : { amount, unit };
}
