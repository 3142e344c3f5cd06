import type { Finding } from '../../finding';
import type { Template, TemplateResource } from '../../synth-fixtures';
import { render, resourcesOf, scalars, subjectOf } from './template-text';

/** Texts of a template that are JSON themselves: what tasks and functions are told, and what machines do. */
const DOCUMENTS = /(^|\.)(HEADRACE_SETTINGS|--HEADRACE_SETTINGS)$/;
/** Members that each deployment may change, and that no user chose. */
const NOT_CHOSEN = /(^|\.)(codeVersion|contract\.(bucket|key))$/;
const LIMITS = /(^|\.)(TimeoutSeconds|HeartbeatSeconds|MaxAttempts|MaxConcurrency|ToleratedFailurePercentage)$/;
/** Properties that decide when something begins, or when people are told; and what users meet where one of them changes. */
const WATCHED: readonly { readonly type: string; readonly properties: RegExp; readonly what: string; readonly consequence: string }[] = [
  ...([
    ['AWS::Scheduler::Schedule', /^(ScheduleExpression|ScheduleExpressionTimezone|State|FlexibleTimeWindow\.\w+)$/], ['AWS::Events::Rule', /^(ScheduleExpression|State|EventPattern\..*)$/],
  ] as const).map(([type, properties]) => ({ type, properties, what: 'starts at another time, or by other events', consequence: 'Runs begin when nobody expects them, or not at all.' })),
  ...([
    ['AWS::CloudWatch::Alarm', /^(Threshold\w*|ComparisonOperator|EvaluationPeriods|DatapointsToAlarm|Period|\w*Statistic|TreatMissingData|MetricName|Namespace|ActionsEnabled|(AlarmActions|Dimensions|Metrics)\..*)$/],
    ['AWS::Logs::MetricFilter', /^(FilterPattern|MetricTransformations\..*)$/], ['AWS::SNS::Subscription', /^(Protocol|Endpoint|FilterPolicy\..*)$/],
  ] as const).map(([type, properties]) => ({ type, properties, what: 'tells people at another moment, or others', consequence: 'What people were told of passes without a word, or they are called for nothing.' })),
];

/** Defaults that changed: the same app, with nothing said about them, does something else. */
export function behaviourFindings(before: Template, now: Template): Finding[] {
  return resourcesOf(before).flatMap(([id, old]) => {
    const next = now.Resources?.[id];
    if (next === undefined || next.Type !== old.Type) return [];
    const subject = subjectOf(before, id);
    return [
      ...otherSettings(subject, settingsOf(old), settingsOf(next)), ...otherLimits(subject, limitsOf(old), limitsOf(next)),
      ...otherMoments(subject, old, next),
    ];
  });
}

function otherSettings(subject: string, was: Map<string, unknown>, is: Map<string, unknown>): Finding[] {
  return [...was].flatMap(([place, earlier]): Finding[] => {
    const later = is.get(place);
    // A member that goes or comes belongs to the code beside it, which goes and comes with it.
    if (later === undefined || later === earlier || NOT_CHOSEN.test(place)) return [];
    return [{
      gate: 'resources', subject, what: `is told something else where the user said nothing: ${place}`, was: render(earlier), is: render(later),
      consequence: 'A default changed: every app that leaves this out works in another way after the upgrade.',
      advice: 'Keep the default, and let users choose the new one by a prop or a feature flag until the next breaking release.', bump: 'major',
    }];
  });
}

function otherLimits(subject: string, was: Map<string, unknown>, is: Map<string, unknown>): Finding[] {
  return [...was].flatMap(([place, earlier]): Finding[] => {
    const later = is.get(place);
    if (typeof earlier !== 'number' || typeof later !== 'number' || later >= earlier) return [];
    const time = /Seconds$/.test(place);
    return [{
      gate: 'resources', subject, what: `has a lower limit: ${place}`, was: String(earlier), is: String(later),
      consequence: time ? 'Work that takes as long as it always did is ended before it is done.' : 'Less is tried, or done at the same time, than before.',
      advice: 'Keep the limit by default.', bump: time ? 'major' : 'minor',
    }];
  });
}

function otherMoments(subject: string, old: TemplateResource, next: TemplateResource): Finding[] {
  const watched = WATCHED.find(({ type }) => type === old.Type);
  if (watched === undefined) return [];
  const [was, is] = [old, next].map(({ Properties = {} }) => new Map(scalars(Properties).filter(([place]) => watched.properties.test(place))));
  // A member that comes takes the place of what CloudFormation does without it.
  return [...new Set([...was!.keys(), ...is!.keys()])].filter((place) => was!.get(place) !== is!.get(place)).map((place): Finding => ({
    gate: 'resources', subject, what: `${watched.what}: ${place}`, was: was!.has(place) ? render(was!.get(place)) : undefined, is: is!.has(place) ? render(is!.get(place)) : undefined,
    consequence: watched.consequence, advice: 'Keep it as it was for apps that say nothing else.', bump: 'major',
  }));
}

/** Whether a member of a resource is the settings, which are compared by what is in them. */
export function isSettings({ Properties = {} }: TemplateResource, place: string): boolean {
  if (DOCUMENTS.test(place)) return true;
  const steps = place.split('.');
  if (steps.pop() !== 'Value') return false;
  const variable = steps.reduce<unknown>((value, step) => (value as Record<string, unknown> | undefined)?.[step], Properties);
  const name = (variable as { Name?: unknown } | undefined)?.Name;
  return typeof name === 'string' && DOCUMENTS.test(name);
}

/** Every member of the settings that the resource hands to its code. */
function settingsOf({ Type, Properties = {} }: TemplateResource): Map<string, unknown> {
  if (Type === 'AWS::StepFunctions::StateMachine') {
    return new Map(scalars(parsed(Properties.DefinitionString)).filter(([place]) => /\.settings\./.test(place)));
  }
  const documents = [...documentsIn(Properties)];
  return new Map(documents.flatMap((document) => scalars(parsed(document))));
}

function limitsOf({ Type, Properties = {} }: TemplateResource): Map<string, unknown> {
  if (Type === 'AWS::StepFunctions::StateMachine') {
    return new Map(scalars(parsed(Properties.DefinitionString)).filter(([place]) => LIMITS.test(place) && !/\.settings\./.test(place)));
  }
  return new Map(Object.entries(Properties).filter(([name]) => name === 'Timeout' || name === 'TimeoutInSeconds').map(([name, value]) => [`${name.replace(/InSeconds$/, '')}Seconds`, value]));
}

function* documentsIn(value: unknown): Generator<unknown> {
  if (typeof value !== 'object' || value === null) return;
  const { Name, Value } = value as { Name?: unknown; Value?: unknown };
  if (typeof Name === 'string' && DOCUMENTS.test(Name)) yield Value;
  for (const [name, inner] of Object.entries(value)) {
    if (DOCUMENTS.test(name)) yield inner;
    else yield* documentsIn(inner);
  }
}

function parsed(text: unknown): unknown {
  try {
    // Numbers that only CloudFormation knows, such as a port, stand without quotes.
    return JSON.parse(render(text).replace(/:\s*(\$\{[^}"]+\})(?=[,}\]])/g, ':"$1"')) as unknown;
  } catch {
    return {};
  }
}
