import type { Template } from '../../synth-fixtures';
import { nameOf, pathOf, render, resourcesOf } from './template-text';

/** One thing that one principal may do, or must not. */
export interface Permission {
  /** Who, by place in the app; or the resource whose policy it stands in, with the principal. */
  readonly who: string;
  readonly effect: 'Allow' | 'Deny';
  readonly action: string;
  readonly resource: string;
  /** Canonical text; empty without a condition. */
  readonly condition: string;
  /** Whether it stands in a policy about who may use a resource, call a function or take a role. */
  readonly about: 'identity' | 'resource' | 'call' | 'trust';
  /** The role, or the resource that the policy guards, by place in the app; what is not in the app as text. */
  readonly place: string;
  /** Whom a policy of a resource or role names; empty in others. */
  readonly principal: string;
  /** Whether a condition lets nobody through but this account or an organisation. */
  readonly bound: boolean;
}

/** Keys that say whose the caller is: an account, which must be this one, or an organisation. */
const OF_ACCOUNT = /^(aws:(Principal|Source)(Account|Arn)|aws:SourceOwner|kms:CallerAccount)$/i;
const OF_ORGANISATION = /^aws:(Principal|Source)Org(ID|Paths)$/i;
const POSITIVE = /^(ForAnyValue:)?(String|Arn)(Equals|EqualsIgnoreCase|Like)$/;
/** Properties by which policies that are resources of their own name what they guard. */
const GUARDED = ['Bucket', 'Queues', 'Topics', 'SecretId', 'RepositoryName'] as const;

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
        ...list(Properties.ManagedPolicyArns).map((arn): Permission => ({ who: here, effect: 'Allow', action: `all of ${render(arn)}`, resource: '*', condition: '', about: 'identity', place: here, principal: '', bound: false })),
      ];
      case 'AWS::Lambda::Permission': return [{
        who: `${nameOf(template, Properties.FunctionName)} for ${render(Properties.Principal)}`, effect: 'Allow', action: render(Properties.Action), resource: '*',
        condition: render(Properties.SourceArn ?? ''), about: 'call', place: nameOf(template, Properties.FunctionName), principal: render(Properties.Principal), bound: false,
      }];
      case 'AWS::KMS::Key': return of(Properties.KeyPolicy, here, 'resource');
      default: {
        if (Properties.PolicyDocument === undefined) return [];
        const guarded = GUARDED.flatMap((name) => list(Properties[name])).map((each) => nameOf(template, each));
        return (guarded.length === 0 ? [here] : guarded).flatMap((place) => of(Properties.PolicyDocument, here, 'resource', place));
      }
    }
  });
}

function of(document: unknown, who: string, about: Permission['about'], place = who): Permission[] {
  return list((document as { Statement?: unknown } | undefined)?.Statement).flatMap((each) => {
    const statement = each as Statement;
    const condition = statement.Condition === undefined ? '' : canonical(statement.Condition);
    const bound = isBound(statement.Condition);
    const principals = about === 'identity' ? [''] : principalsOf(statement);
    const resources = list(statement.Resource ?? statement.NotResource ?? '*').map(render);
    const prefix = statement.NotAction === undefined ? '' : 'all but ';
    const actions = list(statement.Action ?? statement.NotAction);
    return principals.flatMap((principal) => actions.flatMap((action) => resources.map((resource): Permission => ({
      who: principal === '' ? who : `${who} for ${principal}`, place, principal, bound, effect: statement.Effect === 'Deny' ? 'Deny' : 'Allow', action: prefix + render(action), resource, condition, about,
    }))));
  });
}

/** One test of several is enough, since all of them must hold. */
function isBound(condition: unknown): boolean {
  return Object.entries(condition ?? {}).filter(([operator]) => POSITIVE.test(operator)).flatMap(([, tests]) => Object.entries(tests as object))
    .some(([key, value]) => {
      const texts = list(value).map(render);
      // What CloudFormation fills in is of this account; a number may be any other one.
      return (OF_ACCOUNT.test(key) && texts.every((text) => text.includes('${'))) || (OF_ORGANISATION.test(key) && !texts.some((text) => /^\*?$/.test(text)));
    });
}

function principalsOf({ Principal, NotPrincipal }: Statement): string[] {
  if (Principal === undefined) return [`all but ${canonical(NotPrincipal)}`];
  if (typeof Principal === 'string') return [Principal];
  return Object.entries(Principal as object).flatMap(([, names]) => list(names).map(render));
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
