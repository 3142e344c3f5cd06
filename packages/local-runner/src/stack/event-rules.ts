import { matchesEvent } from './event-pattern';

/** Where services of AWS put their events. */
export const DEFAULT_BUS = 'default';

/** A rule, resolved from the template. */
export interface EventRule {
  readonly name: string;
  /** Name of its event bus. */
  readonly bus: string;
  readonly arn: string;
  readonly pattern?: Readonly<Record<string, unknown>>;
  readonly enabled: boolean;
  readonly targets: readonly EventTarget[];
}

export interface EventTarget {
  readonly arn: string;
  /** Constant text that replaces the event. */
  readonly input?: string;
  readonly inputPath?: string;
  readonly transformer?: { readonly paths: Readonly<Record<string, string>>; readonly template: string };
}

export interface Delivery {
  readonly rule: EventRule;
  readonly targetArn: string;
  readonly message: string;
}

/** Name of a bus that is given by name, by ARN, or not at all. */
export function busName(nameOrArn: string | undefined): string {
  return nameOrArn === undefined || nameOrArn === '' ? DEFAULT_BUS : nameOrArn.replace(/^.*event-bus\//, '');
}

/** What an event causes: one delivery for each target of each enabled rule that matches it. */
export function deliveriesOf(rules: readonly EventRule[], event: object): Delivery[] {
  return rules
    .filter((rule) => rule.enabled && rule.pattern !== undefined && matchesEvent(rule.pattern, event))
    .flatMap((rule) => rule.targets.map((target) => ({ rule, targetArn: target.arn, message: messageFor(target, event) })));
}

function messageFor(target: EventTarget, event: object): string {
  if (target.input !== undefined) return unquoted(target.input);
  if (target.inputPath !== undefined) return JSON.stringify(pick(event, target.inputPath));
  if (target.transformer === undefined) return JSON.stringify(event);
  const { paths, template } = target.transformer;
  const filled = template.replace(/<([^<>]+)>/g, (placeholder, name: string) => {
    const path = paths[name];
    if (path === undefined) return placeholder;
    const value = pick(event, path);
    return typeof value === 'string' ? JSON.stringify(value).slice(1, -1) : JSON.stringify(value ?? '');
  });
  return unquoted(filled);
}

/** A template that is one JSON string arrives as its text. */
function unquoted(text: string): string {
  if (!/^\s*"/.test(text)) return text;
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'string' ? parsed : text;
  } catch {
    return text;
  }
}

function pick(event: unknown, path: string): unknown {
  return path.replace(/^\$\.?/, '').split('.').filter(Boolean)
    .reduce<unknown>((value, field) => (value as Record<string, unknown> | undefined)?.[field], event);
}
