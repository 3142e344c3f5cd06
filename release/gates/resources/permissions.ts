import type { Finding } from '../../finding';
import type { Template } from '../../synth-fixtures';
import { permissionsOf, type Permission } from './statements';
import { pathOf, resourcesOf } from './template-text';

/**
 * What principals may do after an upgrade and could not before, and what they can no longer do.
 *
 * @param stage construct id of the stage in the fixture
 */
export function permissionFindings(before: Template, now: Template, stage: string): Finding[] {
  const [old, next] = [permissionsOf(before), permissionsOf(now)];
  const allowed = (permissions: Permission[]) => permissions.filter(({ effect }) => effect === 'Allow');
  const denied = (permissions: Permission[]) => permissions.filter(({ effect }) => effect === 'Deny');
  const isNew = newPlaces(before, now);
  const letsIn = (one: Permission) => !isNew(one.place) && (one.about === 'trust' || (one.about === 'resource' && isOutsider(now, one)
    && !allowed(old).some((other) => other.place === one.place && other.principal === one.principal && isOutsider(before, other))));
  return [
    ...byPrincipal(uncovered(allowed(next), allowed(old))).map(([who, more]) => widened(who, more, more.filter(letsIn))),
    ...byPrincipal(uncovered(allowed(old), allowed(next))).map(([who, less]) => narrowed(who, less, stage)),
    ...byPrincipal(uncovered(denied(old), denied(next)).filter((one) => isThere(now, one))).map(([who, less]) => undenied(who, less)),
  ];
}

/** What the upgrade brings has no readers and no users yet; what is not in the app was there before it. */
function newPlaces(before: Template, now: Template): (place: string) => boolean {
  const [known, present] = [before, now].map((template) => new Set(resourcesOf(template).map(([id]) => pathOf(template, id))));
  return (place) => present!.has(place) && !known!.has(place);
}

/** Neither something of the app nor of its account or organisation: another account, a service, or anybody. */
function isOutsider(template: Template, { principal, bound }: Permission): boolean {
  if (principal === '*') return !bound;
  const id = /^\$\{([^.}]+)/.exec(principal)?.[1];
  return !principal.includes('${AWS::AccountId}') && (id === undefined || template.Resources?.[id] === undefined);
}

/** What went with the resource that it is about leaves no door open. */
function isThere(now: Template, { resource }: Permission): boolean {
  const id = /^\$\{([^.}]+)/.exec(resource)?.[1];
  return id === undefined || now.Resources?.[id] !== undefined;
}

/** Those of `some` that no one of `others` implies. */
function uncovered(some: Permission[], others: Permission[]): Permission[] {
  return some.filter((one) => !others.some((other) => other.who === one.who && covers(other.action, one.action)
    && covers(other.resource, one.resource)
    && (other.condition === '' || other.condition === one.condition)));
}

/** Whether a pattern of IAM takes everything that another one takes; `*` of the narrower one is a letter like others. */
function covers(pattern: string, text: string): boolean {
  if (pattern === text) return true;
  if (!pattern.includes('*')) return pattern.toLowerCase() === text.toLowerCase();
  const source = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&')).join('.*');
  return new RegExp(`^${source}$`, 'is').test(text);
}

function byPrincipal(permissions: Permission[]): [string, Permission[]][] {
  const groups = new Map<string, Permission[]>();
  for (const each of permissions) groups.set(each.who, [...(groups.get(each.who) ?? []), each]);
  return [...groups];
}

/** What every function with a role of the CDK's making has: it writes its logs, and has an address in the network. */
const WRITES_LOGS = /policy\/service-role\/AWSLambda(Basic|VPCAccess)ExecutionRole$/;

function widened(who: string, more: Permission[], letIn: Permission[]): Finding {
  const isPublic = more.some((each) => each.about !== 'identity' && / for \*$/.test(each.who) && each.condition === '');
  const isWhole = more.some(({ action }) => /^(\*|[\w-]+:\*|all of .*|all but .*)$/.test(action) && !WRITES_LOGS.test(action));
  const others = letIn.length > 0;
  const trusted = letIn.some(({ about }) => about === 'trust');
  return {
    gate: 'resources', subject: `permissions of ${who}`, what: trusted ? 'can be taken by others' : others ? 'let others in' : 'become wider', is: textOf(more),
    consequence: isPublic ? 'Anybody may do this after the upgrade.'
      : trusted ? 'Another principal can act as this role after the upgrade.'
        : others ? 'Somebody who had no access to it at all, outside of the account, has some after the upgrade.'
          : isWhole ? 'The upgrade grants everything of a service, far more than a reviewer has agreed to.' : 'An account whose permission boundaries or reviews know the old list must agree to this first.',
    advice: 'Grant the single actions on the single resources that the code calls, and name them in the upgrade notes.',
    bump: isPublic || isWhole || others ? 'major' : 'minor',
  };
}

function narrowed(who: string, less: Permission[], stage: string): Finding {
  const own = who === stage || who.startsWith(`${stage}/`);
  return {
    gate: 'resources', subject: `permissions of ${who}`, what: 'become narrower', was: textOf(less),
    consequence: own
      ? 'Executions that began before the upgrade go on with the old code under the new role, and are denied what they still need.'
      : 'What the user granted with a method of the stage no longer holds: a reader of theirs is denied after the upgrade.',
    advice: own ? 'Keep the permission for one release after the code stopped to use it.' : 'Keep granting it; a narrower grant is a new method.',
    bump: own ? 'minor' : 'major',
  };
}

function undenied(who: string, less: Permission[]): Finding {
  return {
    gate: 'resources', subject: `policy of ${who}`, what: 'denies less', was: textOf(less),
    consequence: `What was refused before${less.some(({ condition }) => /SecureTransport|TlsVersion/i.test(condition)) ? ', such as access without TLS or with an old one,' : ''} is let in after the upgrade.`,
    advice: 'Keep the statement.', bump: 'major',
  };
}

function textOf(permissions: Permission[]): string {
  const lines = permissions.map(({ effect, action, resource, condition }) => `${effect === 'Deny' ? 'deny ' : ''}${action} on ${resource}${condition === '' ? '' : ` if ${condition}`}`);
  return lines.length > 4 ? `${lines.slice(0, 4).join('; ')}; and ${lines.length - 4} more` : lines.join('; ');
}
