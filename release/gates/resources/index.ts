import type { Finding } from '../../finding';
import type { Synthesized } from '../../synth-fixtures';
import { behaviourFindings } from './behaviour';
import { costFindings } from './cost';
import { permissionFindings } from './permissions';
import { protectionFindings } from './protection';
import { replacedFindings } from './replaced';
import { securityGroupFindings } from './security-groups';
import { unclassifiedFindings } from './unclassified';

/**
 * What an upgrade does to the stacks of users: fixtures synthesized with the last release, and with the packages of now. A fixture that the
 * last release
 * cannot build is newer than that release.
 *
 * @param stage construct id of the stage in the fixtures
 */
export function resourceFindings(before: ReadonlyMap<string, Synthesized>, now: ReadonlyMap<string, Synthesized>, stage: string): Finding[] {
  const found = new Map<string, { finding: Finding; fixtures: string[] }>();
  for (const [fixture, old] of before) {
    const next = now.get(fixture);
    if (next === undefined || !('template' in old)) continue;
    for (const finding of 'template' in next ? compare(old.template, next.template, stage) : [broken(fixture, next.error)]) {
      const key = JSON.stringify([finding.subject, finding.what, finding.was, finding.is]);
      const same = found.get(key);
      if (same === undefined) found.set(key, { finding, fixtures: [fixture] });
      else same.fixtures.push(fixture);
    }
  }
  return [...found.values()].map(({ finding, fixtures }) => ({
    ...finding, consequence: `${finding.consequence} Seen in: ${fixtures.slice(0, 3).join('; ')}${fixtures.length > 3 ? `; and ${fixtures.length - 3} more` : ''}.`,
  }));
}

function compare(before: Parameters<typeof replacedFindings>[0], now: Parameters<typeof replacedFindings>[1], stage: string): Finding[] {
  const told = [
    ...replacedFindings(before, now), ...permissionFindings(before, now, stage), ...protectionFindings(before, now),
    ...costFindings(before, now), ...behaviourFindings(before, now), ...securityGroupFindings(before, now),
  ];
  return [...told, ...unclassifiedFindings(before, now, told)];
}

function broken(fixture: string, error: string): Finding {
  return {
    gate: 'resources', subject: `an app that the last release takes (${fixture})`, what: 'is refused now', is: error,
    consequence: 'The synthesis of users fails after the upgrade.', advice: 'Take what was taken before; where it was wrong, warn for one release first.', bump: 'major',
  };
}
