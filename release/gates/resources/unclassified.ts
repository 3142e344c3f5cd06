import type { Finding } from '../../finding';
import type { Template, TemplateResource } from '../../synth-fixtures';
import { isSettings } from './behaviour';
import { isCostly } from './cost';
import { isStateful } from './replaced';
import { render, resourcesOf, scalars, subjectOf } from './template-text';

/** What other rules read as a whole, or what is words: policies, definitions of machines, time limits, descriptions, tags. */
const READ_ELSEWHERE = /^Timeout(InSeconds)?$|(^|\.)(KeyPolicy|PolicyDocument|ResourcePolicy|DefinitionString|DefinitionSubstitutions|Tags|Description|AlarmDescription|Comment)(\.|$)/;
/** Code is named by its hash, and is another one in each release. */
const HASH = /[0-9a-f]{64}/g;

/**
 * Whatever else changed of a resource that holds data or costs money. Nothing is known of what it does, so it demands nothing; but it is told, for
 * somebody to look at.
 *
 * @param told findings of the other rules
 */
export function unclassifiedFindings(before: Template, now: Template, told: readonly Finding[]): Finding[] {
  return resourcesOf(before).flatMap(([id, old]) => {
    const next = now.Resources?.[id];
    if (next === undefined || next.Type !== old.Type || !(isStateful(old.Type) || isCostly(old.Type))) return [];
    const subject = subjectOf(before, id);
    const known = told.filter((finding) => finding.subject === subject).map(({ what }) => what);
    return changesOf(old, next).filter(([place]) => !known.some((what) => what.includes(place.split('.')[0]!))).map(([place, was, is]): Finding => ({
      gate: 'resources', subject, what: `has another value that no rule knows: ${place}`, was, is,
      consequence: 'The resource holds data or costs money, and changes with the upgrade.',
      advice: 'Look up what a change of this property does. Where it harms, keep the old value; where it is fine, nothing is to be done.', bump: 'patch',
    }));
  });
}

function changesOf(old: TemplateResource, next: TemplateResource): [place: string, was: string | undefined, is: string | undefined][] {
  const [was, is] = [valuesOf(old), valuesOf(next)];
  return [...new Set([...was.keys(), ...is.keys()])].filter((place) => was.get(place) !== is.get(place))
    .map((place) => [place, was.get(place), is.get(place)]);
}

function valuesOf(resource: TemplateResource): Map<string, string> {
  return new Map(scalars(resource.Properties ?? {}).filter(([place]) => !READ_ELSEWHERE.test(place) && !isSettings(resource, place))
    .map(([place, value]) => [place, render(value).replace(HASH, '…')]));
}
