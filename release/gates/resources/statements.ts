import type { Template } from '../../synth-fixtures';
import { pathOf, render, resourcesOf } from './template-text';

/** One thing that one principal may do, or must not. */
export interface Permission {
  /** Who, by place in the app; or the resource whose policy it stands in, with the principal. */
  readonly who: string;
  readonly effect: 'Allow' | 'Deny';
  readonly action: string;
  readonly resource: string;
  /** Canonical text; empty without a condition. */
  readonly condition: string;
  /** Whether it stands in a policy about who may use a resource or take a role. */
  readonly about: 'identity' | 'resource' | 'trust';
}

type Statement = Readonly<Record<string, unknown>>;

/** Every permission of a template, one for each action and resource. */
export function permissionsOf(template: Template): Permission[] {
  return resourcesOf(template).flatMap(([id, { Type, Properties = {} }]) => {
    const here = pathOf(template, id);
    const roles = () => list(Properties.Roles).map((role) => nameOf(template, role));
    switch (Type) {
      case 'AWS::IAM::Policy':
      case 'AWS::IAM::ManagedPolicy': return roles().flatMap((who) => of(Properties.PolicyDocument, who, 'identity'));
      case 'AWS::IAM::Role': return [
        ...of(Properties.AssumeRolePolicyDocument, here, 'trust'),
        ...list(Properties.Policies).flatMap((policy) => of((policy as Statement).PolicyDocument, here, 'identity')),
        ...list(Properties.ManagedPolicyArns).map((arn): Permission => ({ who: here, effect: 'Allow', action: `all of ${render(arn)}`, resource: '*', condition: '', about: 'identity' })),
      ];
      case 'AWS::Lambda::Permission': return [{
        who: `${nameOf(template, Properties.FunctionName)} for ${render(Properties.Principal)}`, effect: 'Allow', action: render(Properties.Action), resource: '*',
        condition: render(Properties.SourceArn ?? ''), about: 'resource',
      }];
      case 'AWS::KMS::Key': return of(Properties.KeyPolicy, here, 'resource');
      default: return Properties.PolicyDocument === undefined ? [] : of(Properties.PolicyDocument, here, 'resource');
    }
  });
}

function of(document: unknown, who: string, about: Permission['about']): Permission[] {
  return list((document as { Statement?: unknown } | undefined)?.Statement).flatMap((each) => {
    const statement = each as Statement;
    const condition = statement.Condition === undefined ? '' : canonical(statement.Condition);
    const principals = about === 'identity' ? [who] : principalsOf(statement).map((principal) => `${who} for ${principal}`);
    const resources = list(statement.Resource ?? statement.NotResource ?? '*').map(render);
    const prefix = statement.NotAction === undefined ? '' : 'all but ';
    const actions = list(statement.Action ?? statement.NotAction);
    return principals.flatMap((principal) => actions.flatMap((action) => resources.map((resource): Permission => ({
      who: principal, effect: statement.Effect === 'Deny' ? 'Deny' : 'Allow', action: prefix + render(action), resource, condition, about,
    }))));
  });
}

function principalsOf({ Principal, NotPrincipal }: Statement): string[] {
  if (Principal === undefined) return [`all but ${canonical(NotPrincipal)}`];
  if (typeof Principal === 'string') return [Principal];
  return Object.entries(Principal as object).flatMap(([, names]) => list(names).map(render));
}

function nameOf(template: Template, reference: unknown): string {
  const text = render(reference);
  const id = /^\$\{([^.}]+)/.exec(text)?.[1];
  return id !== undefined && template.Resources?.[id] !== undefined ? pathOf(template, id) : text;
}

function list(value: unknown): unknown[] {
  return value === undefined ? [] : Array.isArray(value) ? value : [value];
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).sort().join(',')}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  if (/^(Ref|Fn::)/.test(Object.keys(value)[0] ?? '')) return render(value);
  return `{${Object.entries(value).map(([key, inner]) => `${key}:${canonical(inner)}`).sort().join(',')}}`;
}
