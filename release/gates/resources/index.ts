import type { Finding } from '../../finding';
import type { Synthesized, Template } from '../../synth-fixtures';
import { behaviourFindings } from './behaviour';
import { costFindings } from './cost';
import { permissionFindings } from './permissions';
import { protectionFindings } from './protection';
import { replacedFindings } from './replaced';
import { securityGroupFindings } from './security-groups';
import { successors } from './successors';
import { unclassifiedFindings } from './unclassified';

/**
 * What an upgrade does to the stacks of users: fixtures synthesized with the last release, and with the packages of now. A fixture that the
 * last release cannot build is newer than that release.
 *
 * @param stage construct id of the stage in the fixtures
 */
export function resourceFindings(before: ReadonlyMap<string, Synthesized>, now: ReadonlyMap<string, Synthesized>, stage: string): Finding[] {
  const found = new Map<string, { finding: Finding; fixtures: string[] }>();
  for (const [fixture, old] of before) {
    const next = now.get(fixture);
    if (next === undefined || !('template' in old)) continue;
    for (const finding of 'template' in next ? compare(old.template, next.template, stage) : [broken(fixture, next.error)]) {
      // Names of runs have a hash that each app has of its own. Long lists are cut, so that what they demand may differ where their words do not.
      const key = JSON.stringify([finding.subject, finding.what, finding.was, finding.is, finding.consequence, finding.bump]).replace(/-[0-9a-f]{8}\b/g, '-…');
      const same = found.get(key);
      if (same === undefined) found.set(key, { finding, fixtures: [fixture] });
      else same.fixtures.push(fixture);
    }
  }
  return [...found.values()].map(({ finding, fixtures }) => ({
    ...finding, consequence: `${finding.consequence} Seen in: ${fixtures.slice(0, 3).join('; ')}${fixtures.length > 3 ? `; and ${fixtures.length - 3} more` : ''}.`,
  }));
}

function compare(before: Template, now: Template, stage: string): Finding[] {
  // What refers to a resource by its new id does so because of that, which is told once.
  const successorOf = successors(before, now);
  const renamed = withSuccessors(before, now, successorOf);
  const told = [
    ...replacedFindings(before, now, successorOf), ...permissionFindings(renamed, now, stage), ...protectionFindings(renamed, now),
    ...costFindings(renamed, now), ...behaviourFindings(renamed, now), ...securityGroupFindings(renamed, now),
  ];
  return [...told, ...unclassifiedFindings(renamed, now, told)];
}

/** As if each resource had had the logical id and the place of its successor. */
function withSuccessors(before: Template, now: Template, successorOf: ReadonlyMap<string, string>): Template {
  const text = [...successorOf].reduce((json, [id, successor]) => json.replace(new RegExp(`\\b${id}\\b`, 'g'), successor), JSON.stringify(before));
  const renamed = JSON.parse(text) as Template;
  const moved = [...successorOf.values()].map((id) => [id, { ...renamed.Resources![id]!, Metadata: now.Resources![id]!.Metadata }] as const);
  return { ...renamed, Resources: { ...renamed.Resources, ...Object.fromEntries(moved) } };
}

function broken(fixture: string, error: string): Finding {
  return {
    gate: 'resources', subject: `an app that the last release takes (${fixture})`, what: 'is refused now', is: error,
    consequence: 'The synthesis of users fails after the upgrade.', advice: 'Take what was taken before; where it was wrong, warn for one release first.', bump: 'major',
  };
}
