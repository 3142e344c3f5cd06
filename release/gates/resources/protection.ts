import type { Finding } from '../../finding';
import type { Template, TemplateResource } from '../../synth-fixtures';
import { render, resourcesOf, scalars, subjectOf } from './template-text';

/** Properties that keep data secret, safe or recoverable, whatever the resource. */
const PROTECTS = /encrypt|kms|sse|tls|ssl|block|ignorepublic|restrictpublic|versioning|pointintime|deletionprotection|enforceworkgroup|securityconfiguration|ownership|bucketowner|readonlyroot/i;
const OFF = new Set(['false', 'none', 'disable', 'disabled', 'suspended', 'allow', 'prefer']);
/** From what keeps most to what keeps least. */
const POLICIES = ['Retain', 'RetainExceptOnCreate', 'Snapshot', 'Delete'];

export function protectionFindings(before: Template, now: Template): Finding[] {
  return resourcesOf(before).flatMap(([id, old]) => {
    const next = now.Resources?.[id];
    if (next === undefined || next.Type !== old.Type) return [];
    const subject = subjectOf(before, id);
    return [
      ...lostProtection(subject, old, next), ...weakenedPolicies(subject, old, next), ...shorterLives(subject, old, next),
      ...opened(subject, old, next),
    ];
  });
}

function lostProtection(subject: string, old: TemplateResource, next: TemplateResource): Finding[] {
  const is = new Map(scalars(next.Properties ?? {}));
  return scalars(old.Properties ?? {}).flatMap(([place, was]): Finding[] => {
    // Settings in a variable are compared as settings.
    if (!PROTECTS.test(place) || /Environment|PolicyDocument|KeyPolicy|DefinitionString|DefaultArguments/.test(place)) return [];
    const value = is.get(place);
    const gone = value === undefined && !OFF.has(String(was).toLowerCase());
    const off = value !== undefined && value !== was && OFF.has(String(value).toLowerCase());
    if (!gone && !off) return [];
    return [{
      gate: 'resources', subject, what: `loses protection: ${place}`, was: render(was), is: value === undefined ? undefined : render(value),
      consequence: 'Data of users is less secret or less safe after the upgrade than before, without a word.',
      advice: 'Keep it as it was; a user who wants less needs a prop that says so.', bump: 'major',
    }];
  });
}

function weakenedPolicies(subject: string, old: TemplateResource, next: TemplateResource): Finding[] {
  const policy = (resource: TemplateResource, name: 'DeletionPolicy' | 'UpdateReplacePolicy') => resource[name] ?? 'Delete';
  return (['DeletionPolicy', 'UpdateReplacePolicy'] as const).flatMap((name): Finding[] => {
    const [was, is] = [policy(old, name), policy(next, name)];
    if (POLICIES.indexOf(is) <= POLICIES.indexOf(was)) return [];
    return [{
      gate: 'resources', subject, what: `is kept less: ${name}`, was, is,
      consequence: `It, and what is in it, is deleted ${name === 'DeletionPolicy' ? 'with the stack' : 'when it is replaced'} after the upgrade.`,
      advice: 'Keep the policy.', bump: 'major',
    }];
  });
}

/** Data that expires earlier is data that is lost. */
function shorterLives(subject: string, old: TemplateResource, next: TemplateResource): Finding[] {
  const [was, is] = [old, next].map(lives);
  return [...new Set([...was!.keys(), ...is!.keys()])].flatMap((what): Finding[] => {
    const [earlier, later] = [was!.get(what) ?? Infinity, is!.get(what) ?? Infinity];
    if (later >= earlier) return [];
    return [{
      gate: 'resources', subject, what: `deletes earlier: ${what}`, was: earlier === Infinity ? 'never' : `${earlier} days`, is: `${later} days`,
      consequence: 'What users count on to be there is deleted on the day of the upgrade.', advice: 'Keep the time; a shorter one is for users to choose.', bump: 'major',
    }];
  });
}

function lives({ Type, Properties = {} }: TemplateResource): Map<string, number> {
  if (Type === 'AWS::Logs::LogGroup') return new Map(Properties.RetentionInDays === undefined ? [] : [['events', Number(Properties.RetentionInDays)]]);
  // What CloudFormation takes where nothing is said: four days.
  if (Type === 'AWS::SQS::Queue') return new Map([['messages', Number(Properties.MessageRetentionPeriod ?? 345_600) / 86_400]]);
  const rules = (Properties.LifecycleConfiguration as { Rules?: Record<string, unknown>[] } | undefined)?.Rules ?? [];
  return new Map(rules.filter(({ ExpirationInDays, Status }) => ExpirationInDays !== undefined && Status === 'Enabled')
    .map(({ Prefix, ExpirationInDays }) => [`objects below ${Prefix === undefined ? 'the bucket' : render(Prefix)}`, Number(ExpirationInDays)]));
}

/** Ways in that were not there. */
function opened(subject: string, old: TemplateResource, next: TemplateResource): Finding[] {
  const rules = ({ Properties = {} }: TemplateResource): string[] => (
    'PubliclyAccessible' in Properties && Properties.PubliclyAccessible !== false ? ['from the internet'] : []
  );
  const known = rules(old);
  return rules(next).filter((rule) => !known.includes(rule)).map((rule): Finding => ({
    gate: 'resources', subject, what: 'lets others in', is: rule, consequence: 'What was closed can be reached from the network after the upgrade.',
    advice: 'Open nothing by default.', bump: 'major',
  }));
}
